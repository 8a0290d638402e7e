#include "storage/engine/scan/quantiles.h"

#include <algorithm>
#include <utility>

namespace kolben::storage::scan {

double Quantiles::middle_of(std::uint32_t number) {
  const std::uint64_t low = std::uint64_t{number} << kShift;
  const double least = part::double_of(low);
  const double greatest = part::double_of(low | ((std::uint64_t{1} << kShift) - 1));
  if (least == 0 || greatest == 0) return 0;  // beside 0 there are only the tiniest
  // What is beyond an infinity in its class is no number.
  if (std::isinf(least)) return least;
  if (std::isinf(greatest)) return greatest;
  return least + (greatest - least) / 2;
}

// Of each class that came its number and how often, ascending, until `visit` returns true.
template <typename Visit>
void Quantiles::for_each_class(Visit visit) const {
  for (std::size_t page = 0; page < pages_.size(); ++page) {
    if (pages_[page] == 0) continue;
    const std::uint64_t* times = &times_[(pages_[page] - std::size_t{1}) * kPageClasses];
    const auto first = (first_page_ + static_cast<std::uint32_t>(page)) * kPageClasses;
    for (std::uint32_t i = 0; i < kPageClasses; ++i) {
      if (times[i] != 0 && visit(first + i, times[i])) return;
    }
  }
}

std::size_t Quantiles::add_first(double value) {
  ++count_;
  if (count_ <= kExactMax) {
    values_.push_back(value);
  } else {
    go_over_to_classes();
    count_in_class(class_of(value), 1);
  }
  return note_bytes();
}

std::size_t Quantiles::add(const Quantiles& other) {
  count_ += other.count_;
  if (count_ <= kExactMax) {
    values_.insert(values_.end(), other.values_.begin(), other.values_.end());
    return note_bytes();
  }
  go_over_to_classes();
  for (const double value : other.values_) count_in_class(class_of(value), 1);
  other.for_each_class([this](std::uint32_t number, std::uint64_t times) {
    count_in_class(number, times);
    return false;
  });
  return note_bytes();
}

void Quantiles::go_over_to_classes() {
  for (const double value : std::exchange(values_, {})) count_in_class(class_of(value), 1);
}

void Quantiles::count_in_class(std::uint32_t number, std::uint64_t times) {
  if (find(number) == nullptr) add_page(number / kPageClasses);
  *find(number) += times;
}

void Quantiles::add_page(std::uint32_t page) {
  if (pages_.empty()) first_page_ = page;
  if (page < first_page_) {
    pages_.insert(pages_.begin(), first_page_ - page, 0);
    first_page_ = page;
  }
  if (page - first_page_ >= pages_.size()) pages_.resize(page - first_page_ + 1, 0);
  const std::size_t kept = times_.size() / kPageClasses;
  // A vector would double itself; most have a dozen or two, and there are thousands of them.
  if (times_.size() == times_.capacity()) {
    times_.reserve((kept + kept / 8 + 1) * kPageClasses);
  }
  times_.resize(times_.size() + kPageClasses, 0);
  pages_[page - first_page_] = static_cast<std::uint16_t>(kept + 1);
}

// While it goes over to classes it has both.
std::size_t Quantiles::note_bytes() {
  const std::size_t bytes = values_.capacity() * sizeof(values_[0]) +
                            pages_.capacity() * sizeof(pages_[0]) +
                            times_.capacity() * sizeof(times_[0]);
  const std::size_t before = std::exchange(bytes_most_, std::max(bytes_most_, bytes));
  return bytes_most_ - before;
}

double Quantiles::at(double share) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(
      std::clamp(std::ceil(share * static_cast<double>(count_)), 1.0, static_cast<double>(count_)));
  if (times_.empty()) {
    std::vector<double> values = values_;
    const auto nth = values.begin() + static_cast<std::ptrdiff_t>(rank - 1);
    std::nth_element(values.begin(), nth, values.end());
    return *nth;
  }
  std::uint64_t seen = 0;
  double found = 0;
  for_each_class([&](std::uint32_t number, std::uint64_t times) {
    seen += times;
    found = middle_of(number);
    return seen >= rank;
  });
  return found;
}

}  // namespace kolben::storage::scan
