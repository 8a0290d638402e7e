// AttributeReader: the attributes of the rows (events, links) of a row group, put together again
// from their shape and their columns. One thread.
#pragma once

#include <cstdint>
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
  Status prepare(RowGroup& group, Place place);
  Status read_value(RowGroup& group, std::uint32_t column, std::uint32_t at, Arena& arena,
                    KeyValue& out);

  // For each item where its values begin in places_; for each value its place in its column.
  std::vector<std::uint32_t> first_;
  std::vector<std::uint32_t> places_;
  bool is_prepared_ = false;
};

}  // namespace kolben::storage::part
