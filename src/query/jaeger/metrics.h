// Jaeger's service performance monitoring, /api/metrics/*, of the spans that are stored: what its
// Monitor page and scripts ask instead of Prometheus. No connector counts spans for it.
//
//   GET /api/metrics/calls      calls a second, over the last `ratePer`
//   GET /api/metrics/errors     the share of them that failed; "NaN" where nothing was called
//   GET /api/metrics/latencies  milliseconds, `quantile` of the last `step`; "NaN" likewise
//   GET /api/metrics/minstep    the smallest `step`, in the envelope
//
// Answers are Jaeger's MetricFamily without an envelope. As its Elasticsearch reader does it,
// `ratePer` counts as whole steps, and latencies are of one step each. Before the oldest span there
// are no points. Bounded: see the constants; of more operations than fit the most frequent are
// told, and `help` says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "query/call.h"

namespace kolben::query::jaeger {

// Series of one answer: more nobody reads.
inline constexpr std::size_t kSeriesMax = 1'000;
// Operations that are looked at for them: names that never come again are no operations.
inline constexpr std::size_t kOperationsMax = 20'000;
// Points of all its series: some 90 MB of JSON. At a point a minute, two days of 340 operations.
inline constexpr std::size_t kMetricPointsMax = 1'000'000;

// `what` is the last part of the path.
net::http::Response answer_metrics(const Call& call, std::string_view what);

}  // namespace kolben::query::jaeger
