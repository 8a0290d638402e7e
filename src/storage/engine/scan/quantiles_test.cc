#include "storage/engine/scan/quantiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "base/random.h"

namespace kolben::storage::scan {
namespace {

double exact(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double rank = std::max(1.0, std::ceil(share * static_cast<double>(values.size())));
  return values[static_cast<std::size_t>(rank) - 1];
}

std::vector<double> numbers(std::size_t count, std::uint64_t seed) {
  Random random(seed);
  std::vector<double> values(count);
  for (double& value : values) {
    value = std::exp2(random.unit() * 60 - 10) * (random.below(5) == 0 ? -1 : 1);
  }
  return values;
}

TEST(Quantiles, OfFewNumbersAreExact) {
  const std::vector<double> values = numbers(Quantiles::kExactMax, 1);
  Quantiles quantiles;
  for (const double value : values) quantiles.add(value);
  for (const double share : {0.0, 0.5, 0.95, 1.0}) {
    EXPECT_EQ(quantiles.at(share), exact(values, share));
  }
}

TEST(Quantiles, OfManyNumbersAreWithinEightInAThousand) {
  const std::vector<double> values = numbers(50'000, 2);
  Quantiles quantiles;
  for (const double value : values) quantiles.add(value);
  for (const double share : {0.001, 0.1, 0.5, 0.95, 0.99, 0.999}) {
    const double want = exact(values, share);
    EXPECT_NEAR(quantiles.at(share), want, std::abs(want) * 0.008) << share;
  }
}

TEST(Quantiles, DoNotDependOnHowNumbersWereAddedUp) {
  for (const std::size_t count : {std::size_t{900}, std::size_t{1500}, std::size_t{8000}}) {
    const std::vector<double> values = numbers(count, 3);
    Quantiles at_once;
    Quantiles parts[3];
    for (std::size_t i = 0; i < count; ++i) {
      at_once.add(values[i]);
      parts[i % 7 == 0 ? 0 : 1 + i % 2].add(values[i]);
    }
    Quantiles sum;
    for (const int i : {2, 0, 1}) sum.add(parts[i]);
    EXPECT_EQ(sum.count(), at_once.count());
    for (const double share : {0.01, 0.5, 0.99}) EXPECT_EQ(sum.at(share), at_once.at(share));
  }
}

TEST(Quantiles, OfNumbersFarFromOneAnotherTakeLittleMemory) {
  for (const auto& [one, other] : {std::pair(0.0, 1e6), std::pair(-1.0, 1.0)}) {
    Quantiles quantiles;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < Quantiles::kExactMax; ++i) {
      bytes += quantiles.add(one) + quantiles.add(other);
    }
    EXPECT_GE(bytes, Quantiles::kExactMax * sizeof(double));
    EXPECT_LE(bytes, std::size_t{16} << 10);
    EXPECT_NEAR(quantiles.at(0.4), one, std::abs(one) * 0.008);
    EXPECT_NEAR(quantiles.at(0.6), other, std::abs(other) * 0.008);
  }
}

TEST(Quantiles, OfManyZerosAreZero) {
  Quantiles quantiles;
  for (int i = 0; i < 2000; ++i) quantiles.add(i % 2 == 0 ? 0.0 : -0.0);
  EXPECT_EQ(quantiles.at(0.5), 0.0);
}

TEST(Quantiles, NoNumbersAndNoNumberAreZero) {
  Quantiles quantiles;
  quantiles.add(std::nan(""));
  EXPECT_EQ(quantiles.count(), 0U);
  EXPECT_EQ(quantiles.at(0.5), 0);
}

TEST(Quantiles, InfinitiesAreTheOuterOnes) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  Quantiles quantiles;
  for (int i = 0; i < 1000; ++i) {
    for (const double value : {-kInfinity, 1.0, kInfinity}) quantiles.add(value);
  }
  EXPECT_EQ(quantiles.at(0.1), -kInfinity);
  EXPECT_NEAR(quantiles.at(0.5), 1.0, 0.008);
  EXPECT_EQ(quantiles.at(0.9), kInfinity);
}

}  // namespace
}  // namespace kolben::storage::scan
