// AttributeReader: the attributes of the rows (events, links) of a row group, put together again
// from their shape and their columns. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/arena.h"
#include "model/attributes.h"
#include "storage/engine/part/row_group.h"

namespace kolben::storage::part {

class AttributeReader {
 public:
  // Appends the attributes of the item to `out`. Strings live in `group`, lists in `arena`. The
  // same group and place in every call.
  Status read(RowGroup& group, Place place, std::uint32_t item, Arena& arena, Attributes& out);

 private:
  // A column of the row group.
  struct Column {
    std::uint32_t number = 0;               // in the part's list
    const AttributeColumn* what = nullptr;  // null: not loaded, no item needed it yet
    const NumberColumn* numbers = nullptr;
    const TextColumn* texts = nullptr;
  };

  Status prepare(RowGroup& group, Place place);
  Status list_columns(RowGroup& group, Place place);
  Status set_marks(const RowGroup& group);
  std::uint64_t shape_of(std::uint32_t item) const {
    return shape_bytes_.empty() ? (*shape_column_)[item] : shape_bytes_[item];
  }
  void go_to(std::uint32_t item);
  Status load(RowGroup& group, Column& column);
  static bool read_value(const Column& column, std::uint32_t at, Arena& arena, KeyValue& out);

  std::vector<std::vector<std::uint32_t>> shapes_;  // lists of indexes of columns_
  std::span<const std::uint8_t> shape_bytes_;       // of the items; empty: they are in the column
  const NumberColumn* shape_column_ = nullptr;
  std::uint32_t items_ = 0;
  std::vector<Column> columns_;
  // For each column the place of its next value, at item at_ and at every so many items: whoever
  // reads one after the other counts on, and whoever needs a few begins close to them.
  std::vector<std::uint32_t> next_;
  std::uint32_t at_ = 0;
  std::vector<std::uint32_t> marks_;
  bool is_ready_ = false;
};

}  // namespace kolben::storage::part
