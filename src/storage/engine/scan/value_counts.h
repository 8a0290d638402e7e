// ValueCounts: how often each value of a field was seen, in its text form. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/engine/scan/field_values.h"

namespace kolben::storage::scan {

class ValueCounts {
 public:
  // What a value takes beside its text.
  static constexpr std::uint64_t kEntryBytes = 80;

  // Counts the values of the rows; `control` is told of the memory.
  void add(const FieldValues& values, const Selection& rows, Control& control);
  void add(const ValueCounts& other);

  std::uint64_t total() const { return total_; }
  std::uint64_t missing() const { return missing_; }
  const std::unordered_map<std::string, std::uint64_t>& counts() const { return counts_; }
  // Most frequent first, then by value.
  std::vector<ValueCount> most_frequent(std::string_view prefix, std::uint32_t limit) const;

 private:
  void count(std::string value, std::uint64_t times, Control& control);

  std::unordered_map<std::string, std::uint64_t> counts_;
  std::uint64_t total_ = 0;    // rows
  std::uint64_t missing_ = 0;  // without a value
};

}  // namespace kolben::storage::scan
