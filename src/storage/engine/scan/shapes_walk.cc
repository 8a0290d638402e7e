#include "storage/engine/scan/shapes_walk.h"

#include "storage/engine/scan/code_hits.h"
#include "storage/engine/scan/spread_hits.h"

namespace kolben::storage::scan {
Result<ShapesWalk> ShapesWalk::open(part::RowGroup& group, part::Place place,
                                    std::span<const std::uint32_t> columns) {
  ShapesWalk walk;
  KOLBEN_TRY(const std::span<const part::RowGroup::Shape> shapes, group.shapes(place));
  KOLBEN_TRY(walk.shape_bytes_, group.shape_bytes(place));
  if (walk.shape_bytes_.empty()) {
    KOLBEN_TRY(walk.shape_column_, group.shape_column(place));
  }
  walk.columns_ = columns.size();
  walk.shapes_.reserve(shapes.size());
  for (const part::RowGroup::Shape& shape : shapes) {
    std::vector<std::uint32_t>& indexes = walk.shapes_.emplace_back();
    for (const std::uint32_t column : shape) {
      const auto found = std::find(columns.begin(), columns.end(), column);
      if (found == columns.end()) continue;
      indexes.push_back(static_cast<std::uint32_t>(found - columns.begin()));
    }
    if (indexes.size() > 1) walk.is_simple_ = false;
  }
  return walk;
}

std::vector<std::uint8_t> ShapesWalk::names(std::size_t column) const {
  std::vector<std::uint8_t> names;
  names.reserve(shapes_.size());
  for (const auto& indexes : shapes_) {
    names.push_back(!indexes.empty() && indexes.front() == column ? 1 : 0);
  }
  return names;
}

void ShapesWalk::spread(std::size_t column, const std::vector<std::uint8_t>& hits,
                        Selection& rows) const {
  const std::vector<std::uint8_t> names = this->names(column);
  const std::size_t items = this->items();
  if (std::all_of(names.begin(), names.end(), [](std::uint8_t named) { return named == 1; })) {
    return rows.add_hits(hits.data());
  }
  if (shape_column_ == nullptr) return spread_bytes(names, hits.data(), rows);
  const std::span<std::uint64_t> words = rows.words();
  with_shapes([&](auto shape_of) {
    const std::uint8_t* hit = hits.data();
    for (std::size_t begin = 0; begin < items; begin += 64) {
      const std::size_t end = std::min(begin + 64, items);
      std::uint64_t word = 0;
      for (std::size_t item = begin; item < end; ++item) {
        const std::uint8_t is_named = names[shape_of(item)];
        word |= std::uint64_t{static_cast<std::uint8_t>(*hit & is_named)} << (item - begin);
        hit += is_named;
      }
      words[begin / 64] |= word;
    }
  });
}

void ShapesWalk::spread_bytes(const std::vector<std::uint8_t>& names, const std::uint8_t* hits,
                              Selection& rows) const {
  std::vector<std::uint8_t> is_named((items() + 63) / 64 * 64, 0);
  match_codes(shape_bytes_, names, is_named.data());
  spread_hits(is_named, hits, rows.words());
}

void ShapesWalk::spread_all(std::size_t column, Selection& rows) const {
  const std::vector<std::uint8_t> names = this->names(column);
  if (shape_column_ == nullptr) {
    std::vector<std::uint8_t> is_named(items());
    match_codes(shape_bytes_, names, is_named.data());
    return rows.add_hits(is_named.data());
  }
  const std::span<std::uint64_t> words = rows.words();
  with_shapes([&](auto shape_of) {
    for (std::size_t item = 0; item < items(); ++item) {
      words[item / 64] |= std::uint64_t{names[shape_of(item)]} << (item % 64);
    }
  });
}

}  // namespace kolben::storage::scan
