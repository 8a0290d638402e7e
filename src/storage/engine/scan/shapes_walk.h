// ShapesWalk: which items (rows, events, links) of a row group have a value under a key, and which
// value of which column it is: the first in the order of the item's attributes. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "storage/engine/part/row_group.h"
#include "storage/engine/scan/selection.h"

namespace kolben::storage::scan {

class ShapesWalk {
 public:
  // `columns`: those that may hold the key, that the row group has. The walk lives no longer than
  // the group.
  static Result<ShapesWalk> open(part::RowGroup& group, part::Place place,
                                 std::span<const std::uint32_t> columns);

  std::size_t items() const {
    return shape_column_ == nullptr ? shape_bytes_.size() : shape_column_->size;
  }
  // Whether no shape names two of the columns, or one twice.
  bool is_simple() const { return is_simple_; }

  // `visit(item, index of the column, number of the value)` for each value of each item, in the
  // order of the attributes, until it returns true: then the next item comes. For reading, the
  // number is to be checked against the column's size.
  template <typename Visit>
  void for_each(Visit&& visit) const;

  // Of a simple walk: sets the bits of the items whose value in the column has a hit. `hits` as
  // kHitsPadding says.
  void spread(std::size_t column, const std::vector<std::uint8_t>& hits, Selection& rows) const;
  // The same where each value has one.
  void spread_all(std::size_t column, Selection& rows) const;

 private:
  std::vector<std::uint8_t> names(std::size_t column) const;
  template <typename Work>
  void with_shapes(Work&& work) const;

  void spread_bytes(const std::vector<std::uint8_t>& names, const std::uint8_t* hits,
                    Selection& rows) const;

  // One of the two.
  std::span<const std::uint8_t> shape_bytes_;
  const part::NumberColumn* shape_column_ = nullptr;
  std::vector<std::vector<std::uint32_t>> shapes_;  // by shape: indexes of columns, in order
  std::size_t columns_ = 0;
  bool is_simple_ = true;
};

// Calls `work` with a function from an item to its shape, as fast as the column allows.
template <typename Work>
void ShapesWalk::with_shapes(Work&& work) const {
  if (shape_column_ == nullptr) {
    const std::uint8_t* shapes = shape_bytes_.data();
    return work([shapes](std::size_t item) { return shapes[item]; });
  }
  const part::NumberColumn& column = *shape_column_;
  if (!column.has_dictionary) {
    const std::uint64_t* shapes = column.entries.data();
    work([shapes](std::size_t item) { return shapes[item]; });
  } else if (column.codes.empty()) {
    const std::uint64_t shape = column.entries.empty() ? 0 : column.entries[0];
    work([shape](std::size_t) { return shape; });
  } else {
    work([&column](std::size_t item) { return column.entries[column.codes[item]]; });
  }
}

template <typename Visit>
void ShapesWalk::for_each(Visit&& visit) const {
  std::vector<std::uint32_t> next(columns_, 0);
  with_shapes([&](auto shape_of) {
    for (std::size_t item = 0; item < items(); ++item) {
      bool is_decided = false;
      for (const std::uint32_t column : shapes_[shape_of(item)]) {
        const std::uint32_t value = next[column]++;
        if (!is_decided) is_decided = visit(static_cast<std::uint32_t>(item), column, value);
      }
    }
  });
}

}  // namespace kolben::storage::scan
