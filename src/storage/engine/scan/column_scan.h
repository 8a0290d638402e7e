// ColumnScan: which values of one column of one row group satisfy a condition. Looks at what is
// cheap first: the zone, the dictionary, the filter; codes or values are read only when something
// may be found. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "storage/engine/part/row_group.h"
#include "storage/engine/scan/value_test.h"

namespace kolben::storage::scan {

// Of values or rows.
enum class Outcome : std::uint8_t { kNone, kSome, kAll };

class ColumnScan {
 public:
  // A column that the row group does not have has no values. `test` outlives the scan. `is_text`:
  // how the column is stored.
  static Result<ColumnScan> open(part::RowGroup& group, std::uint32_t column, const ValueTest& test,
                                 bool is_text);

  std::uint32_t column() const { return column_; }
  std::uint32_t values() const { return values_; }
  // kSome may turn out to be none.
  Outcome outcome() const { return outcome_; }
  // Of kSome: 1 for each value that satisfies the condition, 0 for the others, and at least
  // `padding` further 0s.
  Status read_hits(part::RowGroup& group, std::size_t padding, std::vector<std::uint8_t>& hits);

 private:
  Status open_numbers(part::RowGroup& group, const part::Chunk& chunk);
  Status open_texts(part::RowGroup& group, const part::Chunk& chunk);
  void set_codes(std::size_t begin, std::size_t end, std::size_t entries);
  template <typename Column, typename Ask>
  void ask_entries(const Column& entries, Ask ask);
  Status look_for(const std::string& text, part::RowGroup& group, const part::Chunk& chunk);
  Status read_text_hits(part::RowGroup& group, std::uint8_t* hits);
  Status read_number_hits(part::RowGroup& group, std::uint8_t* hits);
  // Of a small dictionary; false where it is none.
  Result<bool> read_byte_hits(part::RowGroup& group, std::uint8_t* hits) const;
  void hits_of_codes(std::span<const std::uint32_t> codes, std::uint8_t* hits) const;

  const ValueTest* test_ = nullptr;
  std::uint32_t column_ = 0;
  std::uint32_t values_ = 0;
  bool is_text_ = false;
  Outcome outcome_ = Outcome::kNone;
  // Of a dictionary: the codes that satisfy it, as a range or one by one.
  std::uint32_t first_code_ = 0, codes_ = 0;
  std::vector<std::uint8_t> by_code_;
};

}  // namespace kolben::storage::scan
