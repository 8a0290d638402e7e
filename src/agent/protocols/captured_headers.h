// Which headers of HTTP become attributes: OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_*. The library
// keeps them, the agent process shows them; by default there are none. Freestanding.
#pragma once

#include "agent/protocols/text_pattern.h"

namespace kolben::agent {

struct CapturedHeaders {
  // Names in the environment, in the order of `lists`.
  static constexpr const char* kVariables[] = {
      "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST",
      "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE",
      "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_REQUEST",
      "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_RESPONSE",
  };
  static constexpr int kLists = 4;

  TextPatterns lists[kLists] = {};

  bool empty() const {
    for (const TextPatterns& list : lists) {
      if (!list.empty()) return false;
    }
    return true;
  }
  // The names of one side and message; null: none.
  const TextPatterns* of(bool is_client, bool is_response) const {
    const TextPatterns& list = lists[(is_client ? 2 : 0) + (is_response ? 1 : 0)];
    return list.empty() ? nullptr : &list;
  }
  void set(int list, const char* names) {
    lists[list].init(names, TextPatterns::Kind::kWholeAnyCase);
  }
};

}  // namespace kolben::agent
