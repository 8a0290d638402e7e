// Call: one HTTP request to one of the APIs, and what answering it needs. Plain data; lives for the
// time of the answer.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "net/http/message.h"
#include "query/parameters.h"
#include "storage/store.h"

namespace kolben::query {

struct Call {
  storage::Store& store;
  const Clock& clock;
  const net::http::Request& request;
  // Without the base path and the query, as sent: "/api/traces".
  std::string_view path;
  const Parameters& parameters;
};

// What a query may take: it ends when whoever asked hangs up.
inline storage::Limits limits_of(const Call& call) {
  storage::Limits limits;
  if (call.request.is_peer_gone == nullptr) return limits;
  limits.watch = std::make_shared<storage::Watch>();
  limits.watch->is_asker_gone = call.request.is_peer_gone;
  return limits;
}

// Whether whoever asked has hung up: for answers that take several questions.
inline bool is_asker_gone(const Call& call) {
  return call.request.is_peer_gone != nullptr && call.request.is_peer_gone->load();
}

// The path after `prefix`, cut at its slashes, each piece percent-decoded: /api/traces/ab after
// "/api/" is {"traces", "ab"}. More than kSegmentsMax pieces are cut off after one more, so that
// they match nothing.
inline constexpr std::size_t kSegmentsMax = 8;  // the longest route has five
std::vector<std::string> segments_after(std::string_view prefix, std::string_view path);

// 405 with the list of what is allowed.
net::http::Response method_not_allowed(std::string_view allowed);
bool is_read(const net::http::Request& request);  // GET or HEAD

}  // namespace kolben::query
