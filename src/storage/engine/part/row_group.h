// RowGroup: one row group of a part of any table, whose columns are loaded as they are asked for
// and kept. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "storage/engine/part/part.h"

namespace kolben::storage::part {

class RowGroup {
 public:
  static Result<RowGroup> open(std::shared_ptr<const Part> part, std::size_t index);
  RowGroup(RowGroup&&) = default;
  RowGroup& operator=(RowGroup&&) = default;

  const Part& part() const { return *part_; }
  std::size_t index() const { return index_; }
  std::uint32_t rows() const { return directory_.facts.rows; }
  const GroupDirectory& directory() const { return directory_; }

  // Core and attribute columns, loaded at the first call and kept. A column that the row group does
  // not have is DATA_LOSS: ask directory().find() first where it may be missing.
  Result<const NumberColumn*> numbers(std::uint32_t column);
  // Of a column with a number for each row: DATA_LOSS where it has another size.
  Result<const NumberColumn*> numbers_of_rows(std::uint32_t column);
  Result<const TextColumn*> texts(std::uint32_t column);
  // The same, where the dictionary may be enough: codes may be missing.
  Result<const NumberColumn*> number_dictionary(std::uint32_t column);
  Result<const TextColumn*> text_dictionary(std::uint32_t column);
  // The codes of a column with a small dictionary, a byte each; empty of others.
  Result<std::span<const std::uint8_t>> code_bytes(std::uint32_t column);
  // Of a plain chunk of numbers that all fit into 32 bits; empty otherwise.
  Result<std::span<const std::uint32_t>> narrow_numbers(std::uint32_t column);
  Result<std::string_view> raw(std::uint32_t column, std::uint32_t width);

  // Shapes of a place: each the columns (256 + place in the part's list) of its attributes.
  using Shape = std::vector<std::uint32_t>;
  Result<std::span<const Shape>> shapes(Place place);
  // The shape of each row (event, link).
  Result<const NumberColumn*> shape_column(Place place);
  // The same, a byte each, where there are few shapes; empty otherwise.
  Result<std::span<const std::uint8_t>> shape_bytes(Place place);
  // For each value of an attribute column, its row (event, link): ascending.
  Result<std::span<const std::uint32_t>> rows_of(std::uint32_t column);

 private:
  RowGroup() = default;
  Result<const Chunk*> chunk(std::uint32_t column) const;
  Status load_shapes();
  std::uint32_t shape_column_of(Place place) const;

  std::shared_ptr<const Part> part_;
  std::size_t index_ = 0;
  GroupDirectory directory_;
  struct Numbers {
    NumberColumn column;
    bool has_codes = false;
  };
  struct Texts {
    TextColumn column;
    bool has_codes = false;
  };
  // Nodes stay where they are: pointers into them are given out.
  std::map<std::uint32_t, Numbers> numbers_;
  std::map<std::uint32_t, FilledVector<std::uint8_t>> code_bytes_;
  std::map<std::uint32_t, FilledVector<std::uint32_t>> narrow_;
  std::map<std::uint32_t, Texts> texts_;
  std::map<std::uint32_t, Bytes> raw_;
  std::map<std::uint32_t, std::vector<std::uint32_t>> rows_of_;
  std::array<std::vector<Shape>, kPlaces> shapes_;
  std::array<std::optional<FilledVector<std::uint8_t>>, kPlaces> shape_bytes_;
  bool has_shapes_ = false;
};

}  // namespace kolben::storage::part
