// Quantiles of many durations in bounded memory: exact for few, and beyond that counted in classes
// of equal ratio, each so narrow that the answer is within 0.8 % of the exact one. One thread.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

namespace kolben::storage::engine {

class Quantiles {
 public:
  void add(std::uint64_t value) {
    ++count_;
    if (classes_.empty() && values_.size() < kExactMax) {
      values_.push_back(value);
      return;
    }
    if (classes_.empty()) go_over_to_classes();
    ++classes_[class_of(value)];
  }

  // The smallest value that at least `share` of the values do not exceed (nearest rank).
  double at(double share) {
    if (count_ == 0) return 0;
    const auto rank = static_cast<std::uint64_t>(std::clamp(
        std::ceil(share * static_cast<double>(count_)), 1.0, static_cast<double>(count_)));
    if (classes_.empty()) {
      const auto nth = values_.begin() + static_cast<std::ptrdiff_t>(rank - 1);
      std::nth_element(values_.begin(), nth, values_.end());
      return static_cast<double>(*nth);
    }
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < classes_.size(); ++i) {
      seen += classes_[i];
      if (seen >= rank) return middle_of(i);
    }
    return 0;
  }

 private:
  static constexpr std::size_t kExactMax = 1000;
  static constexpr int kBits = 6;  // 64 classes for each power of two

  static std::size_t class_of(std::uint64_t value) {
    if (value < (2U << kBits)) return static_cast<std::size_t>(value);
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - kBits;
    return (static_cast<std::size_t>(shift) << kBits) + static_cast<std::size_t>(value >> shift);
  }
  static double middle_of(std::size_t index) {
    if (index < (2U << kBits)) return static_cast<double>(index);
    const int shift = static_cast<int>(index >> kBits) - 1;
    const std::uint64_t low = std::uint64_t{(index & ((1U << kBits) - 1)) | (1U << kBits)} << shift;
    return static_cast<double>(low) + std::ldexp(0.5, shift);
  }

  void go_over_to_classes() {
    classes_.assign(class_of(UINT64_MAX) + 1, 0);
    for (const std::uint64_t value : values_) ++classes_[class_of(value)];
    values_ = {};
  }

  std::uint64_t count_ = 0;
  std::vector<std::uint64_t> values_;
  std::vector<std::uint32_t> classes_;
};

}  // namespace kolben::storage::engine
