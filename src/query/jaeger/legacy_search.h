// The parameters of a search by Jaeger's legacy API: service, operation, tag, tags, minDuration,
// maxDuration, start, end, limit; traceID for a multi-get. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "query/parameters.h"
#include "storage/plan.h"

namespace kolben::query::jaeger {

// Whole traces in one answer: what Jaeger's page asks for at most.
inline constexpr std::uint32_t kSearchLimitMax = 1500;
inline constexpr std::uint32_t kSearchLimitDefault = 100;
// Jaeger's look-back where `start` is missing.
inline constexpr std::uint64_t kLookbackNanos = 2ULL * 24 * 3600 * 1'000'000'000;

// The search that the parameters ask for, and the ids of a multi-get.
struct LegacySearch {
  storage::TraceQuery query;
  std::vector<TraceId> trace_ids;
};
Result<LegacySearch> parse_legacy_search(const Parameters& parameters, std::uint64_t now_nanos);

}  // namespace kolben::query::jaeger
