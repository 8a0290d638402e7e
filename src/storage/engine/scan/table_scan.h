// TableScan: what a condition says of the resources (or scopes) of the rows of a row group, looked
// up by their numbers in the part's table. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "storage/engine/part/row_group.h"
#include "storage/engine/scan/found.h"
#include "storage/evaluate.h"

namespace kolben::storage::scan {

class TableScan {
 public:
  // `column`: the rows' numbers; `seen`: by number. All outlive it.
  TableScan(part::RowGroup& group, std::uint32_t column, const std::vector<Condition::Seen>& seen)
      : group_(group), column_(column), seen_(seen) {}

  Result<Prospect> look();
  Status find(Found& found);

 private:
  using Flag = bool Condition::Seen::*;

  bool any_is_set(Flag flag) const;
  bool is_set(std::uint64_t number, Flag flag) const {
    return number < seen_.size() && seen_[number].*flag;
  }
  Outcome outcome(const part::NumberColumn& numbers, Flag flag) const;
  // `codes`: where the column has them as bytes.
  void set_rows(const part::NumberColumn& numbers, std::span<const std::uint8_t> codes, Flag flag,
                Selection& rows) const;

  part::RowGroup& group_;
  const std::uint32_t column_;
  const std::vector<Condition::Seen>& seen_;
};

}  // namespace kolben::storage::scan
