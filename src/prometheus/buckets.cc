#include "prometheus/buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kolben::prometheus {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Beyond these all bounds are 0, 1 or infinite, or all the same (data model: 20 is the largest that
// SDKs use).
constexpr int kScaleMin = -20;
constexpr int kScaleMax = 40;

// The buckets of one side with indices at a scale that is `shift` coarser: two become one each
// time.
struct Side {
  std::int64_t offset;
  const List<std::uint64_t>& counts;

  std::int64_t first(int shift) const { return offset >> shift; }
  std::int64_t last(int shift) const {
    return (offset + static_cast<std::int64_t>(counts.size()) - 1) >> shift;
  }
  std::size_t size(int shift) const {
    return counts.empty() ? 0 : static_cast<std::size_t>(last(shift) - first(shift) + 1);
  }
  std::vector<std::uint64_t> merged(int shift) const {
    std::vector<std::uint64_t> sums(size(shift));
    for (std::size_t i = 0; i < counts.size(); ++i) {
      const std::int64_t index = (offset + static_cast<std::int64_t>(i)) >> shift;
      sums[static_cast<std::size_t>(index - first(shift))] += counts[i];
    }
    return sums;
  }
};

}  // namespace

// Bucket i of the positive range holds (base^i, base^(i+1)], base = 2^(2^-scale).
Buckets buckets_of(const ExponentialHistogramPoint& point) {
  const Side negative{point.negative.offset, point.negative.bucket_counts};
  const Side positive{point.positive.offset, point.positive.bucket_counts};
  int shift = 0;
  while (negative.size(shift) + positive.size(shift) > kBucketsMax) ++shift;
  const double base_log2 =
      std::exp2(-static_cast<double>(std::clamp(point.scale, kScaleMin, kScaleMax) - shift));
  const auto bound = [&](std::int64_t index) {
    return std::exp2(static_cast<double>(index) * base_log2);
  };
  Buckets buckets;
  const std::vector<std::uint64_t> below = negative.merged(shift);
  for (std::size_t i = below.size(); i-- > 0;) {
    buckets.emplace_back(-bound(negative.first(shift) + static_cast<std::int64_t>(i)), below[i]);
  }
  buckets.emplace_back(point.zero_threshold, point.zero_count);
  const std::vector<std::uint64_t> above = positive.merged(shift);
  for (std::size_t i = 0; i < above.size(); ++i) {
    buckets.emplace_back(bound(positive.first(shift) + static_cast<std::int64_t>(i) + 1), above[i]);
  }
  return buckets;
}

Buckets buckets_of(const HistogramPoint& point) {
  Buckets buckets;
  for (std::size_t i = 0; i < point.bucket_counts.size(); ++i) {
    const double bound = i < point.explicit_bounds.size() ? point.explicit_bounds[i] : kInfinity;
    buckets.emplace_back(bound, point.bucket_counts[i]);
  }
  return buckets;
}

bool add_buckets(Buckets& total, const Buckets& delta) {
  const bool fits = total.size() == delta.size() &&
                    std::equal(total.begin(), total.end(), delta.begin(),
                               [](const auto& a, const auto& b) { return a.first == b.first; });
  if (!fits) return false;
  for (std::size_t i = 0; i < total.size(); ++i) total[i].second += delta[i].second;
  return true;
}

bool merge_buckets(Buckets& total, const Buckets& delta) {
  Buckets merged;
  merged.reserve(total.size() + delta.size());
  auto left = total.begin();
  auto right = delta.begin();
  while (left != total.end() || right != delta.end()) {
    if (right == delta.end() || (left != total.end() && left->first < right->first)) {
      merged.push_back(*left++);
    } else if (left == total.end() || right->first < left->first) {
      merged.push_back(*right++);
    } else {
      merged.emplace_back(left->first, left->second + right->second);
      ++left;
      ++right;
    }
  }
  // One that the caller's own point has alone is never refused.
  if (merged.size() > std::max(kBucketsMax + 1, delta.size())) return false;
  total = std::move(merged);
  return true;
}

}  // namespace kolben::prometheus
