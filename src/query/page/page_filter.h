// What the calls that filter have in common: start, end, service, operation, tag, minDuration,
// maxDuration, errors (docs/page-api.md). Pure.
#pragma once

#include <cstdint>

#include "query/parameters.h"
#include "storage/plan.h"

namespace kolben::query::page {

struct PageFilter {
  storage::TimeRange range;
  storage::Filter filter;
};
// start and end; without them the hour up to now.
Result<storage::TimeRange> parse_range(const Parameters& parameters, std::uint64_t now_nanos);
// INVALID_ARGUMENT names the parameter that is wrong.
Result<PageFilter> parse_page_filter(const Parameters& parameters, std::uint64_t now_nanos);

}  // namespace kolben::query::page
