#include "storage/engine/scan/quantiles.h"

#include <algorithm>
#include <cmath>

#include "storage/engine/part/ints.h"

namespace kolben::storage::scan {
namespace {

// A class has the sign, the exponent and the first six bits of the fraction in common.
constexpr int kShift = 52 - 6;
// Room that is made beside a new class: numbers of one kind lie near one another.
constexpr std::uint32_t kRoom = 64;

}  // namespace

std::uint32_t Quantiles::class_of(double value) {
  return static_cast<std::uint32_t>(part::ordered(value) >> kShift);
}

double Quantiles::middle_of(std::uint32_t number) {
  const std::uint64_t low = std::uint64_t{number} << kShift;
  const double least = part::double_of(low);
  const double greatest = part::double_of(low | ((std::uint64_t{1} << kShift) - 1));
  // What is beyond an infinity in its class is no number.
  if (std::isinf(least)) return least;
  if (std::isinf(greatest)) return greatest;
  return least + (greatest - least) / 2;
}

void Quantiles::add(double value) {
  if (std::isnan(value)) return;
  ++count_;
  if (count_ <= kExactMax) {
    values_.push_back(value);
    return;
  }
  go_over_to_classes();
  count_in_class(class_of(value), 1);
}

void Quantiles::add(const Quantiles& other) {
  if (count_ + other.count_ <= kExactMax) {
    count_ += other.count_;
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
    return;
  }
  go_over_to_classes();
  count_ += other.count_;
  for (const double value : other.values_) count_in_class(class_of(value), 1);
  for (std::size_t i = 0; i < other.classes_.size(); ++i) {
    if (other.classes_[i] == 0) continue;
    count_in_class(other.first_class_ + static_cast<std::uint32_t>(i), other.classes_[i]);
  }
}

void Quantiles::go_over_to_classes() {
  for (const double value : values_) count_in_class(class_of(value), 1);
  values_.clear();
  values_.shrink_to_fit();
}

void Quantiles::count_in_class(std::uint32_t number, std::uint64_t times) {
  if (classes_.empty()) {
    first_class_ = number - std::min(number, kRoom);
    classes_.resize(2 * kRoom, 0);
  }
  if (number < first_class_) {
    const std::uint32_t first = number - std::min(number, kRoom);
    classes_.insert(classes_.begin(), first_class_ - first, 0);
    first_class_ = first;
  }
  const std::size_t at = number - first_class_;
  if (at >= classes_.size()) classes_.resize(at + kRoom, 0);
  classes_[at] += times;
}

double Quantiles::at(double share) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(
      std::clamp(std::ceil(share * static_cast<double>(count_)), 1.0, static_cast<double>(count_)));
  if (classes_.empty()) {
    std::vector<double> values = values_;
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(values.begin(), nth, values.end());
    return *nth;
  }
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    seen += classes_[i];
    if (seen >= rank) return middle_of(first_class_ + static_cast<std::uint32_t>(i));
  }
  return 0;
}

}  // namespace kolben::storage::scan
