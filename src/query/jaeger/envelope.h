// The envelope of every answer of Jaeger's legacy API:
//   {"data":...,"total":n,"limit":0,"offset":0,"errors":null or [{"code","msg","traceID"}]}
// Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kolben::query::jaeger {

struct EnvelopeError {
  int code = 0;  // 0: left out
  std::string message;
  std::string trace_id;
};

// `data` is JSON.
std::string envelope(std::string_view data, std::size_t total,
                     const std::vector<EnvelopeError>& errors);

}  // namespace kolben::query::jaeger
