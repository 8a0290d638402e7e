#include "agent/process/exponential_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kolben::agent {
namespace {

struct Written {
  explicit Written(const ExponentialHistogram& histogram) { histogram.write(point, arena); }
  std::uint64_t count() const {
    std::uint64_t sum = point.zero_count;
    for (const std::uint64_t one : point.positive.bucket_counts) sum += one;
    for (const std::uint64_t one : point.negative.bucket_counts) sum += one;
    return sum;
  }
  Arena arena;
  ExponentialHistogramPoint point;
};

TEST(ExponentialHistogram, UpperBoundsAreInclusive) {
  const auto f = [](double value, std::int32_t scale, std::int32_t want) {
    EXPECT_EQ(exponential_index(value, scale), want) << value << " at " << scale;
  };
  f(1, 0, -1);
  f(1.5, 0, 0);
  f(2, 0, 0);
  f(2.1, 0, 1);
  f(4, 0, 1);
  f(4, -1, 0);
  f(4.1, -1, 1);
  f(1, -1, -1);
  f(0.25, -1, -2);
  f(2, 1, 1);
  f(1, 1, -1);
  f(1.4, 1, 0);
  f(1.5, 1, 1);
  f(2, 20, (1 << 20) - 1);
  f(std::numeric_limits<double>::max(), -11, 0);
  f(std::numeric_limits<double>::denorm_min(), -11, -1);
}

TEST(ExponentialHistogram, EachValueIsBetweenTheBoundsOfItsBucket) {
  for (std::int32_t scale = -4; scale <= 12; ++scale) {
    for (double value = 1e-6; value < 1e9; value *= 1.37) {
      const double index = exponential_index(value, scale);
      const double width = std::exp2(-scale);
      EXPECT_GT(value, std::exp2(index * width) * (1 - 1e-12)) << value << " at " << scale;
      EXPECT_LE(value, std::exp2((index + 1) * width) * (1 + 1e-12)) << value << " at " << scale;
    }
  }
}

TEST(ExponentialHistogram, OneValueHasTheFinestScale) {
  ExponentialHistogram histogram;
  histogram.record(1.5);
  histogram.record(0);
  const Written written(histogram);
  EXPECT_EQ(written.point.scale, 20);
  EXPECT_EQ(written.point.zero_count, 1U);
  ASSERT_EQ(written.point.positive.bucket_counts.size(), 1U);
  EXPECT_EQ(written.point.positive.offset, exponential_index(1.5, 20));
  EXPECT_EQ(written.point.negative.bucket_counts.size(), 0U);
}

TEST(ExponentialHistogram, TheScaleBecomesCoarserUntilAllFit) {
  ExponentialHistogram histogram;
  for (int i = 2; i <= 1000; ++i) histogram.record(i);
  const Written written(histogram);
  EXPECT_EQ(written.count(), 999U);
  EXPECT_LE(written.point.positive.bucket_counts.size(), 160U);
  // 2 to 1000 are nine powers of two: 16 buckets each.
  EXPECT_EQ(written.point.scale, 4);
  EXPECT_EQ(written.point.positive.offset, exponential_index(2, 4));
}

TEST(ExponentialHistogram, BothSidesShareTheScaleAndExtremesFit) {
  ExponentialHistogram histogram;
  histogram.record(-1);
  histogram.record(-1);
  histogram.record(std::numeric_limits<double>::max());
  histogram.record(std::numeric_limits<double>::denorm_min());
  const Written written(histogram);
  EXPECT_EQ(written.count(), 4U);
  EXPECT_EQ(written.point.scale, -4);  // 2,048 powers of two in 160 buckets
  ASSERT_EQ(written.point.negative.bucket_counts.size(), 1U);
  EXPECT_EQ(written.point.negative.bucket_counts[0], 2U);
}

}  // namespace
}  // namespace kolben::agent
