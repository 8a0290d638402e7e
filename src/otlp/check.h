// check(): is this a well-formed Export*ServiceRequest, and how many items does it hold? Walks
// every field once without building anything; what passes it can be passed on, merged and stored as
// it is. Refuses: truncated or malformed protobuf, wrong wire types of known fields, ids that are
// neither empty nor of their length, values nested deeper than kValueDepthMax. Accepts unknown
// fields, and strings that are not UTF-8 (readers replace them when they write text).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "model/batch.h"

namespace kolben::otlp {

// Decoded data may take this much memory. A message costs its sender two bytes and us some hundred,
// so a request of empty messages is refused although it is small; ordinary requests of 64 MiB take
// a fifth of it.
inline constexpr std::uint64_t kDecodedBytesMax = std::uint64_t{768} << 20;

// The number of spans, data points or log records. Errors (INVALID_ARGUMENT) name the field path
// and the byte offset; RESOURCE_EXHAUSTED beyond kDecodedBytesMax.
Result<std::uint64_t> check(Signal signal, std::string_view message);

}  // namespace kolben::otlp
