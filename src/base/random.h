// Random: a fast generator for ids, jitter and tests. Not for secrets. One thread at a time.
#pragma once

#include <cstdint>

namespace kolben {

// xoshiro256** (Blackman, Vigna). The same seed gives the same sequence everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  // Seeded by the kernel.
  static Random from_system();

  std::uint64_t next();
  // Uniform in [0, bound); `bound` > 0.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double unit();

 private:
  std::uint64_t state_[4];
};

}  // namespace kolben
