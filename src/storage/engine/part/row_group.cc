#include "storage/engine/part/row_group.h"

#include <algorithm>
#include <string>

#include "storage/engine/part/cursor.h"

namespace kolben::storage::part {

Result<RowGroup> RowGroup::open(std::shared_ptr<const Part> part, std::size_t index) {
  RowGroup group;
  KOLBEN_TRY(group.directory_, part->directory(index));
  group.part_ = std::move(part);
  group.index_ = index;
  return group;
}

Result<const Chunk*> RowGroup::chunk(std::uint32_t column) const {
  if (const Chunk* found = directory_.find(column)) return found;
  return data_loss("row group " + std::to_string(index_) + " has no column " +
                   std::to_string(column));
}

Result<const NumberColumn*> RowGroup::numbers(std::uint32_t column) {
  Numbers& kept = numbers_[column];
  if (kept.has_codes) return &kept.column;
  KOLBEN_TRY(const Chunk* chunk, this->chunk(column));
  if (kept.column.has_dictionary) {
    KOLBEN_RETURN_IF_ERROR(load_codes(part_->source(), *chunk, kept.column));
  } else {
    KOLBEN_TRY(kept.column, load_numbers(part_->source(), *chunk));
  }
  kept.has_codes = true;
  return &kept.column;
}

Result<const NumberColumn*> RowGroup::numbers_of_rows(std::uint32_t column) {
  KOLBEN_TRY(const NumberColumn* found, numbers(column));
  if (found->size == rows()) return found;
  return data_loss("row group " + std::to_string(index_) + ": column " + std::to_string(column) +
                   " has another number of values than there are rows");
}

Result<const TextColumn*> RowGroup::texts(std::uint32_t column) {
  Texts& kept = texts_[column];
  if (kept.has_codes) return &kept.column;
  KOLBEN_TRY(const Chunk* chunk, this->chunk(column));
  if (kept.column.has_dictionary) {
    KOLBEN_RETURN_IF_ERROR(load_codes(part_->source(), *chunk, kept.column));
  } else {
    KOLBEN_TRY(kept.column, load_texts(part_->source(), *chunk));
  }
  kept.has_codes = true;
  return &kept.column;
}

Result<const NumberColumn*> RowGroup::number_dictionary(std::uint32_t column) {
  Numbers& kept = numbers_[column];
  if (kept.has_codes || kept.column.has_dictionary) return &kept.column;
  KOLBEN_TRY(const Chunk* chunk, this->chunk(column));
  KOLBEN_TRY(kept.column, load_numbers(part_->source(), *chunk, Load::kDictionaryOnly));
  return &kept.column;
}

Result<const TextColumn*> RowGroup::text_dictionary(std::uint32_t column) {
  Texts& kept = texts_[column];
  if (kept.has_codes || kept.column.has_dictionary) return &kept.column;
  KOLBEN_TRY(const Chunk* chunk, this->chunk(column));
  KOLBEN_TRY(kept.column, load_texts(part_->source(), *chunk, Load::kDictionaryOnly));
  return &kept.column;
}

Result<std::span<const std::uint8_t>> RowGroup::code_bytes(std::uint32_t column) {
  const auto found = code_bytes_.find(column);
  if (found != code_bytes_.end()) return std::span<const std::uint8_t>(found->second);
  KOLBEN_TRY(const Chunk* chunk, this->chunk(column));
  KOLBEN_TRY(FilledVector<std::uint8_t> codes, load_code_bytes(part_->source(), *chunk));
  return std::span<const std::uint8_t>(code_bytes_[column] = std::move(codes));
}

Result<std::span<const std::uint32_t>> RowGroup::narrow_numbers(std::uint32_t column) {
  const auto found = narrow_.find(column);
  if (found != narrow_.end()) return std::span<const std::uint32_t>(found->second);
  KOLBEN_TRY(const Chunk* chunk, this->chunk(column));
  KOLBEN_TRY(FilledVector<std::uint32_t> numbers, load_narrow(part_->source(), *chunk));
  return std::span<const std::uint32_t>(narrow_[column] = std::move(numbers));
}

Result<std::string_view> RowGroup::raw(std::uint32_t column, std::uint32_t width) {
  const auto found = raw_.find(column);
  if (found != raw_.end()) return found->second.view();
  KOLBEN_TRY(const Chunk* chunk, this->chunk(column));
  KOLBEN_TRY(Bytes bytes, load_raw(part_->source(), *chunk, width));
  return raw_.emplace(column, std::move(bytes)).first->second.view();
}

Status RowGroup::load_shapes() {
  if (has_shapes_) return Status::ok();
  KOLBEN_TRY(const Bytes bytes, part_->source().read(directory_.shapes));
  Cursor in(bytes.view());
  for (std::vector<Shape>& shapes : shapes_) {
    shapes.resize(in.count(1));
    for (Shape& shape : shapes) {
      shape.resize(in.count(1));
      for (std::uint32_t& column : shape) {
        const std::uint64_t number = in.varint();
        if (number < kFirstAttributeColumn ||
            number >= kFirstAttributeColumn + part_->columns().size()) {
          in.fail();
        }
        column = static_cast<std::uint32_t>(number);
      }
    }
  }
  if (!in.is_done()) {
    return data_loss("the shapes of row group " + std::to_string(index_) + " are malformed");
  }
  has_shapes_ = true;
  return Status::ok();
}

Result<std::span<const RowGroup::Shape>> RowGroup::shapes(Place place) {
  KOLBEN_RETURN_IF_ERROR(load_shapes());
  return std::span<const Shape>(shapes_[static_cast<std::size_t>(place)]);
}

std::uint32_t RowGroup::shape_column_of(Place place) const {
  if (place == Place::kEvent) return span_column::kEventShape;
  if (place == Place::kLink) return span_column::kLinkShape;
  static_assert(std::uint32_t{span_column::kShape} == std::uint32_t{log_column::kShape});
  return span_column::kShape;
}

Result<const NumberColumn*> RowGroup::shape_column(Place place) {
  KOLBEN_RETURN_IF_ERROR(load_shapes());
  KOLBEN_TRY(const NumberColumn* column, numbers(shape_column_of(place)));
  const std::size_t shapes = shapes_[static_cast<std::size_t>(place)].size();
  const auto is_known = [shapes](std::uint64_t shape) { return shape < shapes; };
  if (!std::all_of(column->entries.begin(), column->entries.end(), is_known)) {
    return data_loss("row group " + std::to_string(index_) +
                     " names a shape that it does not have");
  }
  return column;
}

Result<std::span<const std::uint8_t>> RowGroup::shape_bytes(Place place) {
  std::optional<FilledVector<std::uint8_t>>& kept = shape_bytes_[static_cast<std::size_t>(place)];
  if (kept) return std::span<const std::uint8_t>(*kept);
  KOLBEN_RETURN_IF_ERROR(load_shapes());
  KOLBEN_TRY(const Chunk* chunk, this->chunk(shape_column_of(place)));
  KOLBEN_TRY(FilledVector<std::uint8_t> numbers, load_bytes(part_->source(), *chunk));
  const std::size_t shapes = shapes_[static_cast<std::size_t>(place)].size();
  if (!numbers.empty() && greatest_of(numbers) >= shapes) {
    return data_loss("row group " + std::to_string(index_) +
                     " names a shape that it does not have");
  }
  kept = std::move(numbers);
  return std::span<const std::uint8_t>(*kept);
}

Result<std::span<const std::uint32_t>> RowGroup::rows_of(std::uint32_t column) {
  const auto found = rows_of_.find(column);
  if (found != rows_of_.end()) return std::span<const std::uint32_t>(found->second);
  const Place place = part_->columns()[column - kFirstAttributeColumn].place;
  KOLBEN_TRY(const Chunk* chunk, this->chunk(column));
  KOLBEN_TRY(const NumberColumn* rows, shape_column(place));
  // How often each shape names the column.
  std::vector<std::uint32_t> times;
  for (const Shape& shape : shapes_[static_cast<std::size_t>(place)]) {
    times.push_back(static_cast<std::uint32_t>(std::count(shape.begin(), shape.end(), column)));
  }
  std::vector<std::uint32_t> result;
  result.reserve(chunk->values);
  for (std::uint32_t row = 0; row < rows->size && result.size() <= chunk->values; ++row) {
    for (std::uint32_t i = times[(*rows)[row]]; i > 0; --i) result.push_back(row);
  }
  if (result.size() != chunk->values) {
    return data_loss("column " + std::to_string(column) + " of row group " +
                     std::to_string(index_) + " has another number of values than its shapes say");
  }
  return std::span<const std::uint32_t>(rows_of_.emplace(column, std::move(result)).first->second);
}

}  // namespace kolben::storage::part
