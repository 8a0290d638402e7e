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

// Adds the counts of a delta point to what was there; other bounds begin anew.
void add_buckets(Buckets& total, Buckets delta);

}  // namespace kolben::prometheus
