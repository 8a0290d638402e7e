// FieldValues: the values of a field of the rows of a row group: for each row the first that it
// has, as evaluate.h's first_value() says. Values are numbered; equal ones may have several
// numbers. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/engine/scan/group_walk.h"

namespace kolben::storage::scan {

// A value as it is stored in a column of its type.
struct StoredValue {
  part::ColumnType type = part::ColumnType::kEmpty;
  std::uint64_t number = 0;
  std::string_view text;
};

class FieldValues {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  // Views into the row group of `scan` and into itself. `rows`: those that matter.
  static Result<FieldValues> read(const Field& field, GroupScan& scan, const Selection& rows,
                                  Workplace& place);

  // By row; kNone where it has no value.
  const std::vector<std::uint32_t>& numbers() const { return numbers_; }
  std::size_t size() const { return values_.size(); }
  // As evaluate.h writes it.
  std::string text(std::uint32_t number) const;
  // Of numbers that are not NaN.
  std::optional<double> real(std::uint32_t number) const;

 private:
  FieldValues() = default;
  std::uint32_t add(const StoredValue& value);
  std::uint32_t add(const Value& value);
  void give(std::uint32_t row, std::uint32_t number) {
    if (numbers_[row] == kNone) numbers_[row] = number;
  }

  Status read_attribute(const Attribute& attribute, GroupScan& scan);
  Status read_place(const Attribute& attribute, GroupScan& scan, part::Place place,
                    const std::vector<KeyColumn>& columns);
  Result<std::vector<std::uint32_t>> add_column(GroupScan& scan, const KeyColumn& column,
                                                const std::string& key);
  // Gives the rows the values of the entries of a table of the part, which `column` numbers.
  using ValueOf = UniqueFunction<const Value*(std::size_t entry)>;
  Status read_table(GroupScan& scan, std::uint32_t column, std::size_t entries, ValueOf value_of);
  Status read_intrinsic(Intrinsic field, GroupScan& scan, const Selection& rows, Workplace& place);
  Status read_texts(GroupScan& scan, std::uint32_t column);
  Status read_enum(Intrinsic field, GroupScan& scan);
  Status read_durations(GroupScan& scan, const Selection& rows);
  Status read_event_names(GroupScan& scan);
  Status read_traces(Intrinsic field, GroupScan& scan, const Selection& rows, Workplace& place);

  std::vector<std::uint32_t> numbers_;
  std::vector<StoredValue> values_;
  std::shared_ptr<Arena> arena_;  // texts that nothing else holds
};

}  // namespace kolben::storage::scan
