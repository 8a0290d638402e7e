// Buckets of histograms as Prometheus shows them: upper bounds in rising order, with the count in
// each. Pure functions.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "model/metrics.h"

namespace kolben::prometheus {

// Each bucket is a series for Prometheus; SDKs make at most 160 a side. Exponential histograms with
// more are shown at a coarser scale, others are refused.
inline constexpr std::size_t kBucketsMax = 512;

using Buckets = std::vector<std::pair<double, std::uint64_t>>;

Buckets buckets_of(const HistogramPoint& point);
Buckets buckets_of(const ExponentialHistogramPoint& point);

// Adds the counts of a delta point to what was there. False, and unchanged: its bounds are others.
bool add_buckets(Buckets& total, const Buckets& delta);
// The same for exponential histograms, whose bounds come and go with their values: a bound that is
// new is there from now on (of counts at a coarser scale, which it divides, it tells nothing).
// False, and unchanged: these are more than kBucketsMax.
bool merge_buckets(Buckets& total, const Buckets& delta);

}  // namespace kolben::prometheus
