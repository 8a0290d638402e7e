// ExponentialHistogram: the buckets of one series by OpenTelemetry's base-2 exponential histogram:
// at scale s bucket i holds what is in (base^i, base^(i+1)], base = 2^(2^-s). Begins with the
// finest scale and halves the resolution whenever the values need more than kBucketsMax buckets a
// side. Source: OpenTelemetry specification, "Metrics SDK", base2 exponential bucket histogram
// aggregation, and "Metrics Data Model", exponential histogram. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/arena.h"
#include "model/metrics.h"

namespace kolben::agent {

class ExponentialHistogram {
 public:
  // The specification's defaults.
  static constexpr std::int32_t kBucketsMax = 160;
  static constexpr std::int32_t kScaleMax = 20;

  // A finite number.
  void record(double value);
  // Scale, zero count and buckets.
  void write(ExponentialHistogramPoint& point, Arena& arena) const;

 private:
  struct Side {
    std::int32_t offset = 0;  // of the first bucket
    std::vector<std::uint64_t> counts;

    std::int32_t end() const { return offset + static_cast<std::int32_t>(counts.size()); }
    void add(std::int32_t index);
    void downscale(std::int32_t steps);
  };

  std::int32_t scale_ = kScaleMax;
  std::uint64_t zeros_ = 0;
  Side positive_, negative_;
};

// The bucket of a positive finite number; less than the smallest normal number counts as that.
std::int32_t exponential_index(double value, std::int32_t scale);

}  // namespace kolben::agent
