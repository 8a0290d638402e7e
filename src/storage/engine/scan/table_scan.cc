#include "storage/engine/scan/table_scan.h"

#include <algorithm>
#include <string>

#include "storage/engine/scan/code_hits.h"

namespace kolben::storage::scan {

using Seen = Condition::Seen;

bool TableScan::any_is_set(Flag flag) const {
  return std::any_of(seen_.begin(), seen_.end(), [flag](const Seen& one) { return one.*flag; });
}

Result<Prospect> TableScan::look() {
  Prospect prospect;
  if (!any_is_set(&Seen::any)) return prospect;
  KOLBEN_TRY(const part::NumberColumn* numbers, group_.number_dictionary(column_));
  if (!numbers->has_dictionary) {
    prospect.there = prospect.satisfied = Outcome::kSome;
    return prospect;
  }
  prospect.there = outcome(*numbers, &Seen::any);
  prospect.satisfied = outcome(*numbers, &Seen::matched);
  return prospect;
}

Status TableScan::find(Found& found) {
  if (!any_is_set(&Seen::any)) return Status::ok();
  KOLBEN_TRY(const std::span<const std::uint8_t> codes, group_.code_bytes(column_));
  KOLBEN_TRY(const part::NumberColumn* numbers,
             codes.empty() ? group_.numbers(column_) : group_.number_dictionary(column_));
  if (numbers->size != group_.rows()) {
    return data_loss("row group " + std::to_string(group_.index()) +
                     " has rows without a resource");
  }
  set_rows(*numbers, codes, &Seen::matched, found.satisfied);
  if (found.wants_there) set_rows(*numbers, codes, &Seen::any, found.there);
  return Status::ok();
}

Outcome TableScan::outcome(const part::NumberColumn& numbers, Flag flag) const {
  const auto count = std::count_if(numbers.entries.begin(), numbers.entries.end(),
                                   [&](std::uint64_t number) { return is_set(number, flag); });
  if (count == 0) return Outcome::kNone;
  return static_cast<std::size_t>(count) == numbers.entries.size() ? Outcome::kAll : Outcome::kSome;
}

void TableScan::set_rows(const part::NumberColumn& numbers, std::span<const std::uint8_t> codes,
                         Flag flag, Selection& rows) const {
  std::vector<std::uint8_t> by_entry;
  by_entry.reserve(numbers.entries.size());
  for (const std::uint64_t number : numbers.entries) by_entry.push_back(is_set(number, flag));
  if (!codes.empty()) {
    std::vector<std::uint8_t> hits(codes.size());
    match_codes(codes, by_entry, hits.data());
    return rows.add_hits(hits.data());
  }
  if (!numbers.has_dictionary) return rows.add_hits(by_entry.data());
  if (numbers.codes.empty()) {
    if (!by_entry.empty() && by_entry[0] != 0) rows.fill();
    return;
  }
  std::vector<std::uint8_t> hits(numbers.size);
  for (std::size_t row = 0; row < hits.size(); ++row) hits[row] = by_entry[numbers.codes[row]];
  rows.add_hits(hits.data());
}

}  // namespace kolben::storage::scan
