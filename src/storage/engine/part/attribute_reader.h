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
  // A column of the part, once a row needed it.
  struct Column {
    const AttributeColumn* what = nullptr;
    const NumberColumn* numbers = nullptr;
    const TextColumn* texts = nullptr;
  };

  Status prepare(RowGroup& group, Place place);
  Status load(RowGroup& group, std::uint32_t number);
  static bool read_value(const Column& column, std::uint32_t at, Arena& arena, KeyValue& out);

  std::span<const RowGroup::Shape> shapes_;
  const NumberColumn* shape_of_ = nullptr;  // null: not prepared
  // For each item where its values begin in places_; for each value its place in its column.
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> places_;
  std::vector<Column> columns_;  // by place in the part's list
};

}  // namespace kolben::storage::part
