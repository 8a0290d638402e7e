#include "query/page/page_filter.h"

#include <string>
#include <utility>
#include <vector>

#include "query/conditions.h"

namespace kolben::query::page {
namespace {

constexpr std::uint64_t kHourNanos = 3600ULL * 1'000'000'000;

// Nanoseconds since 1970 as a decimal; missing: the fallback.
Result<std::uint64_t> time_of(const Parameters& parameters, std::string_view name,
                              std::uint64_t fallback) {
  KOLBEN_TRY(const std::int64_t time, parameters.integer(name, -1));
  if (parameters.first(name).empty()) return fallback;
  return to_unix_nanos(time, 1);
}

}  // namespace

Result<storage::TimeRange> parse_range(const Parameters& parameters, std::uint64_t now_nanos) {
  storage::TimeRange range;
  KOLBEN_TRY(range.end, time_of(parameters, "end", now_nanos + 1));
  const std::uint64_t hour_before = range.end > kHourNanos ? range.end - kHourNanos : 0;
  KOLBEN_TRY(range.begin, time_of(parameters, "start", hour_before));
  if (range.begin >= range.end) return invalid_argument("'start' must lie before 'end'");
  return range;
}

Result<PageFilter> parse_page_filter(const Parameters& parameters, std::uint64_t now_nanos) {
  PageFilter wanted;
  KOLBEN_TRY(wanted.range, parse_range(parameters, now_nanos));
  std::vector<storage::Filter> terms;
  const std::string_view service = parameters.first("service");
  const std::string_view operation = parameters.first("operation");
  if (!service.empty()) terms.push_back(service_is(service));
  if (!operation.empty()) terms.push_back(operation_is(operation));
  for (const std::string_view tag : parameters.all("tag")) {
    if (terms.size() == kConditionsMax) {
      return invalid_argument("more than " + std::to_string(kConditionsMax) + " conditions");
    }
    KOLBEN_TRY(storage::Filter term, parse_expression(tag));
    terms.push_back(std::move(term));
  }
  KOLBEN_RETURN_IF_ERROR(add_duration_bounds(parameters, "minDuration", "maxDuration", terms));
  if (parameters.flag("errors")) terms.push_back(is_error());
  wanted.filter = all_of(std::move(terms));
  return wanted;
}

}  // namespace kolben::query::page
