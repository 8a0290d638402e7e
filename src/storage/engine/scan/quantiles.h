// Quantiles of many numbers in bounded memory: exact for few, and beyond that counted in classes of
// equal ratio, each so narrow that the answer is within 0.8 % of the exact one. What is asked
// depends on the numbers alone, not on their order or on how they were added up. One thread.
#pragma once

#include <cstdint>
#include <vector>

namespace kolben::storage::scan {

class Quantiles {
 public:
  // Numbers that are kept as they are.
  static constexpr std::size_t kExactMax = 1000;

  // NaN is no number and is left out.
  void add(double value);
  void add(const Quantiles& other);
  std::uint64_t count() const { return count_; }

  // The smallest value that at least `share` of the values do not exceed (nearest rank); 0 of none.
  double at(double share) const;

 private:
  static std::uint32_t class_of(double value);
  static double middle_of(std::uint32_t number);
  void count_in_class(std::uint32_t number, std::uint64_t times);
  void go_over_to_classes();

  std::uint64_t count_ = 0;
  std::vector<double> values_;     // while there are few
  std::uint32_t first_class_ = 0;  // of classes_[0]
  std::vector<std::uint64_t> classes_;
};

}  // namespace kolben::storage::scan
