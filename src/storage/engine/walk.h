// walk(): the one look at an incoming request that the engine takes before it is durable: how many
// items it has, and the fingerprints by which copies are recognised. The order of spans is that of
// otlp::decode(). Pure functions; bounded by the body.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/batch.h"

namespace kolben::storage::engine {

struct Walked {
  std::uint64_t items = 0;
  // As Request::fingerprints: of spans one each, of other signals one in all; never 0 but for
  // bodies in which nothing tells two requests apart (log records without a time).
  std::vector<std::uint64_t> fingerprints;
};

// Fills `walked`. INVALID_ARGUMENT where the body is malformed.
Status walk(Signal signal, std::string_view body, Walked& walked);

}  // namespace kolben::storage::engine
