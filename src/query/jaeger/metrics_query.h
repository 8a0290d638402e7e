// What a request of Jaeger's /api/metrics/* asks for. Pure.
#pragma once

#include <cstdint>

#include "query/parameters.h"
#include "storage/plan.h"

namespace kolben::query::jaeger {

enum class Metric : std::uint8_t { kCalls, kLatencies, kErrors };

// Points of one series, as Prometheus bounds them; those before the first that its rate is of
// count.
inline constexpr std::uint64_t kStepsMax = 11'000;

// Points lie a step apart, at `begin` and after it; each tells of the time of `window` steps before
// it.
struct MetricsQuery {
  Metric metric = Metric::kCalls;
  storage::Filter filter = {};  // the services, and the kinds of spans
  bool is_by_operation = false;
  double quantile = 0;  // of latencies
  // Nanoseconds.
  std::uint64_t begin = 0, step = 1;
  std::uint32_t points = 0, window = 1;

  std::uint64_t time_of(std::uint32_t point) const { return begin + point * step; }
  // Slices of time, a step long each, that the points tell of; the first begins at first_begin().
  std::uint32_t slices() const { return points == 0 ? 0 : points + window - 1; }
  std::uint64_t first_begin() const { return begin - window * step; }
};

// Jaeger's defaults: an hour until now, a point every 5 seconds, rates of 10 minutes, spans of
// servers. INVALID_ARGUMENT names the parameter that is wrong.
Result<MetricsQuery> parse_metrics_query(Metric metric, const Parameters& parameters,
                                         std::uint64_t now_nanos);

}  // namespace kolben::query::jaeger
