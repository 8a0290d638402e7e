// Quantiles of many numbers in bounded memory: exact for few, and beyond that counted in classes of
// equal ratio, each so narrow that the answer is within 0.8 % of the exact one. What is asked
// depends on the numbers alone, not on their order or on how they were added up. One thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "storage/engine/part/ints.h"

namespace kolben::storage::scan {

class Quantiles {
 public:
  // Numbers that are kept as they are.
  static constexpr std::size_t kExactMax = 1000;

  // NaN is no number and is left out. Returns by how many bytes it takes more memory than ever, for
  // a budget.
  std::size_t add(double value) {
    if (std::isnan(value)) return 0;
    if (std::uint64_t* const times = find(class_of(value))) {
      ++count_;
      ++*times;
      return 0;
    }
    return add_first(value);
  }
  std::size_t add(const Quantiles& other);
  std::uint64_t count() const { return count_; }

  // The smallest value that at least `share` of the values do not exceed (nearest rank); 0 of none.
  double at(double share) const;

 private:
  // A class has the sign, the exponent and the first six bits of the fraction in common.
  static constexpr int kFractionBits = 6;
  static constexpr int kShift = 52 - kFractionBits;
  // The classes of one sign and exponent are a page. Only pages that have a number are kept: those
  // of 0 and of 1 lie a thousand pages apart.
  static constexpr std::uint32_t kPageClasses = 1U << kFractionBits;

  static std::uint32_t class_of(double value) {
    return static_cast<std::uint32_t>(part::ordered(value) >> kShift);
  }
  static double middle_of(std::uint32_t number);

  // How often the class came; null where its page is not there.
  std::uint64_t* find(std::uint32_t number) {
    const std::size_t page = number / kPageClasses - first_page_;  // huge where it lies before
    if (page >= pages_.size() || pages_[page] == 0) return nullptr;
    return &times_[(pages_[page] - std::size_t{1}) * kPageClasses + number % kPageClasses];
  }
  std::size_t add_first(double value);
  void count_in_class(std::uint32_t number, std::uint64_t times);
  void add_page(std::uint32_t page);
  void go_over_to_classes();
  std::size_t note_bytes();
  template <typename Visit>
  void for_each_class(Visit visit) const;

  std::uint64_t count_ = 0;
  std::vector<double> values_;  // while there are few
  // Then of each page from the first to the last its place in times_, + 1; 0: it is not there.
  std::vector<std::uint16_t> pages_;
  std::uint32_t first_page_ = 0;
  std::vector<std::uint64_t> times_;  // by place of the page, class
  std::size_t bytes_most_ = 0;
};

}  // namespace kolben::storage::scan
