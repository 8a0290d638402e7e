#include "agent/process/exponential_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kolben::agent {
namespace {

void write_side(const std::vector<std::uint64_t>& counts, std::int32_t offset,
                ExponentialBuckets& buckets, Arena& arena) {
  buckets.offset = counts.empty() ? 0 : offset;
  for (const std::uint64_t count : counts) buckets.bucket_counts.push_back(arena, count);
}

}  // namespace

std::int32_t exponential_index(double value, std::int32_t scale) {
  constexpr double kPowerOfTwo = 0.5;  // as frexp() writes one
  int exponent = 0;
  const double fraction =
      std::frexp(std::max(value, std::numeric_limits<double>::min()), &exponent);
  // Upper bounds are inclusive: a power of two ends the bucket below.
  if (scale <= 0) return (fraction == kPowerOfTwo ? exponent - 2 : exponent - 1) >> -scale;
  const std::int32_t whole = exponent * (1 << scale);
  if (fraction == kPowerOfTwo) return whole - (1 << scale) - 1;
  const double part = std::ceil(std::log2(fraction) * static_cast<double>(1 << scale));
  return whole + static_cast<std::int32_t>(part) - 1;
}

void ExponentialHistogram::Side::add(std::int32_t index) {
  if (counts.empty()) offset = index;
  if (index < offset) {
    counts.insert(counts.begin(), static_cast<std::size_t>(offset - index), 0);
    offset = index;
  }
  if (index >= end()) counts.resize(static_cast<std::size_t>(index - offset) + 1);
  ++counts[static_cast<std::size_t>(index - offset)];
}

void ExponentialHistogram::Side::downscale(std::int32_t steps) {
  if (counts.empty() || steps == 0) return;
  const std::int32_t first = offset >> steps;
  std::vector<std::uint64_t> merged(static_cast<std::size_t>(((end() - 1) >> steps) - first) + 1);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const std::int32_t index = (offset + static_cast<std::int32_t>(i)) >> steps;
    merged[static_cast<std::size_t>(index - first)] += counts[i];
  }
  offset = first;
  counts = std::move(merged);
}

void ExponentialHistogram::record(double value) {
  if (value == 0) {
    ++zeros_;
    return;
  }
  Side& side = value > 0 ? positive_ : negative_;
  std::int32_t index = exponential_index(std::abs(value), scale_);
  std::int32_t low = side.counts.empty() ? index : std::min(side.offset, index);
  std::int32_t high = side.counts.empty() ? index : std::max(side.end() - 1, index);
  std::int32_t steps = 0;
  // Ends: at scale -11 all doubles are in two buckets.
  while (high - low >= kBucketsMax) {
    low >>= 1;
    high >>= 1;
    ++steps;
  }
  positive_.downscale(steps);
  negative_.downscale(steps);
  scale_ -= steps;
  index >>= steps;
  side.add(index);
}

void ExponentialHistogram::write(ExponentialHistogramPoint& point, Arena& arena) const {
  point.scale = scale_;
  point.zero_count = zeros_;
  point.has_positive = point.has_negative = true;
  write_side(positive_.counts, positive_.offset, point.positive, arena);
  write_side(negative_.counts, negative_.offset, point.negative, arena);
}

}  // namespace kolben::agent
