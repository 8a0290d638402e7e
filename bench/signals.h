// Log records and metric points for benches. The same seed makes the same bytes. One thread at a
// time.
#pragma once

#include <cstdint>
#include <string>

#include "base/random.h"

namespace kolben::bench {

// Lines of 20 services: a dozen texts with numbers, ids and paths in them, two attributes, times
// that go on by a millisecond; every fourth line is of a trace.
class LogGenerator {
 public:
  static constexpr std::uint32_t kLinesPerRequest = 1000;
  explicit LogGenerator(std::uint64_t seed = 1) : random_(seed) {}
  std::string next_request();

 private:
  std::string body();

  Random random_;
  std::uint64_t requests_ = 0;
  std::uint64_t now_nanos_ = 1'700'000'000'000'000'000;
};

// Steady series: 2,000 of five metrics (half of them sums that grow by 0 to 9, half gauges with one
// decimal that move by up to 0.5), a point each every 10 seconds, in requests of 1,000 points.
class PointGenerator {
 public:
  static constexpr std::uint32_t kSeries = 2000;
  static constexpr std::uint32_t kPointsPerRequest = 1000;
  explicit PointGenerator(std::uint64_t seed = 1);
  std::string next_request();

 private:
  Random random_;
  std::uint64_t requests_ = 0;
  std::uint64_t sums_[kSeries] = {};
  std::int64_t tenths_[kSeries] = {};
};

}  // namespace kolben::bench
