// Parameters: what stands after the '?' of a request, bounded, and the ways to read numbers, times
// and durations out of it. Errors are INVALID_ARGUMENT and name the parameter. Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "net/http/message.h"
#include "storage/plan.h"

namespace kolben::query {

// The multi-get of Jaeger's page asks for a few hundred ids at most.
inline constexpr std::size_t kParametersMax = 1000;
// Names of services and operations are far shorter; `tags` holds several of them.
inline constexpr std::size_t kParameterBytesMax = 16 << 10;

class Parameters {
 public:
  static Result<Parameters> parse(std::string_view target);

  bool has(std::string_view name) const;
  // The first value, or empty.
  std::string_view first(std::string_view name) const;
  // The first value, which a person typed, or empty.
  Result<std::string_view> text(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  // "1", "t", "true" and so on, as Go's ParseBool; anything else, or nothing, is false.
  bool flag(std::string_view name) const;

  // Missing or empty: the fallback.
  Result<std::int64_t> integer(std::string_view name, std::int64_t fallback) const;
  // An integer in [1, maximum]; above it is refused, so that nobody mistakes a part for the whole.
  Result<std::uint32_t> count(std::string_view name, std::uint32_t fallback,
                              std::uint32_t maximum) const;
  // A Go duration ("100ms", "1.5s") that is not negative.
  Result<std::optional<std::uint64_t>> duration_nanos(std::string_view name) const;

 private:
  net::http::Headers values_;
};

// `count` units of `unit_nanos` each since 1970, kept within [0, 2^64 ns).
std::uint64_t to_unix_nanos(std::int64_t count, std::uint64_t unit_nanos);

// "2026-11-23T08:00:00.123456789Z" or with "+01:00" (RFC 3339) -> nanoseconds since 1970.
std::optional<std::uint64_t> parse_rfc3339(std::string_view text);
// As protobuf's JSON has it: in UTC, with 0, 3, 6 or 9 digits after the point.
std::string rfc3339(std::uint64_t unix_nanos);

// As Jaeger reads trace ids: up to 32 hexadecimal digits, or base64 (either alphabet, padded or
// not) of 8 or 16 bytes.
std::optional<TraceId> parse_trace_id(std::string_view text);

}  // namespace kolben::query
