#include "storage/engine/part/attribute_reader.h"

#include <algorithm>
#include <string>

#include "otlp/fragments.h"

namespace kolben::storage::part {
namespace {

constexpr std::uint32_t kMarkItems = 256;

Value number_value(ColumnType type, std::uint64_t number) {
  switch (type) {
    case ColumnType::kBool:
      return Value::boolean(number != 0);
    case ColumnType::kInt:
      return Value::integer(integer_of(number));
    default:
      return Value::real(double_of(number));
  }
}

}  // namespace

Status AttributeReader::prepare(RowGroup& group, Place place) {
  if (is_ready_) return Status::ok();
  KOLBEN_RETURN_IF_ERROR(list_columns(group, place));
  KOLBEN_TRY(shape_bytes_, group.shape_bytes(place));
  items_ = static_cast<std::uint32_t>(shape_bytes_.size());
  if (shape_bytes_.empty()) {
    KOLBEN_TRY(shape_column_, group.shape_column(place));
    items_ = shape_column_->size;
  }
  KOLBEN_RETURN_IF_ERROR(set_marks(group));
  is_ready_ = true;
  return Status::ok();
}

Status AttributeReader::list_columns(RowGroup& group, Place place) {
  KOLBEN_TRY(const std::span<const RowGroup::Shape> shapes, group.shapes(place));
  std::vector<std::uint32_t> known(group.part().columns().size(), UINT32_MAX);
  columns_.clear();
  shapes_.clear();
  for (const RowGroup::Shape& shape : shapes) {
    std::vector<std::uint32_t>& indexes = shapes_.emplace_back();
    for (const std::uint32_t column : shape) {
      const std::uint32_t number = column - kFirstAttributeColumn;
      if (known[number] == UINT32_MAX) {
        known[number] = static_cast<std::uint32_t>(columns_.size());
        columns_.push_back({.number = number});
      }
      indexes.push_back(known[number]);
    }
  }
  return Status::ok();
}

// Shapes are counted, so that it is once an item and not once an attribute.
Status AttributeReader::set_marks(const RowGroup& group) {
  next_.assign(columns_.size(), 0);
  marks_.clear();
  marks_.reserve((items_ / kMarkItems + 1) * next_.size());
  std::vector<std::uint32_t> counts(shapes_.size(), 0);
  std::vector<std::uint32_t> met;
  for (std::uint32_t begin = 0; begin < items_; begin += kMarkItems) {
    marks_.insert(marks_.end(), next_.begin(), next_.end());
    for (std::uint32_t item = begin; item < std::min(begin + kMarkItems, items_); ++item) {
      const auto shape = static_cast<std::uint32_t>(shape_of(item));
      if (counts[shape]++ == 0) met.push_back(shape);
    }
    for (const std::uint32_t shape : met) {
      for (const std::uint32_t column : shapes_[shape]) next_[column] += counts[shape];
      counts[shape] = 0;
    }
    met.clear();
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (next_[i] == 0) continue;
    const Chunk* chunk = group.directory().find(kFirstAttributeColumn + columns_[i].number);
    if (chunk == nullptr || chunk->values != next_[i]) {
      return data_loss("row group " + std::to_string(group.index()) +
                       ": a column of attributes has another number of values than its shapes say");
    }
  }
  at_ = items_;
  return Status::ok();
}

void AttributeReader::go_to(std::uint32_t item) {
  if (item < at_ || item - at_ >= kMarkItems) {
    const std::uint32_t mark = item / kMarkItems;
    const auto begin = marks_.begin() + static_cast<std::ptrdiff_t>(mark * next_.size());
    std::copy_n(begin, next_.size(), next_.begin());
    at_ = mark * kMarkItems;
  }
  for (; at_ < item; ++at_) {
    for (const std::uint32_t column : shapes_[shape_of(at_)]) ++next_[column];
  }
}

Status AttributeReader::load(RowGroup& group, Column& column) {
  const AttributeColumn& what = group.part().columns()[column.number];
  if (is_number(what.type)) {
    KOLBEN_TRY(column.numbers, group.numbers(kFirstAttributeColumn + column.number));
  } else if (what.type != ColumnType::kEmpty) {
    KOLBEN_TRY(column.texts, group.texts(kFirstAttributeColumn + column.number));
  }
  column.what = &what;
  return Status::ok();
}

Status AttributeReader::read(RowGroup& group, Place place, std::uint32_t item, Arena& arena,
                             Attributes& out) {
  KOLBEN_RETURN_IF_ERROR(prepare(group, place));
  if (item >= items_) return data_loss("a row group has rows without a set of attributes");
  go_to(item);
  const std::vector<std::uint32_t>& shape = shapes_[shape_of(item)];
  out.reserve(arena, out.size() + shape.size());
  at_ = items_;  // where this fails on its way, the next begins anew
  for (const std::uint32_t index : shape) {
    Column& column = columns_[index];
    if (column.what == nullptr) KOLBEN_RETURN_IF_ERROR(load(group, column));
    if (!read_value(column, next_[index]++, arena, out.add(arena))) {
      return data_loss("an attribute under " + column.what->key + " is malformed");
    }
  }
  at_ = item + 1;
  return Status::ok();
}

bool AttributeReader::read_value(const Column& column, std::uint32_t at, Arena& arena,
                                 KeyValue& out) {
  const ColumnType type = column.what->type;
  out.key = column.what->key;
  if (column.numbers != nullptr) {
    out.value = number_value(type, (*column.numbers)[at]);
    return true;
  }
  if (column.texts == nullptr) return true;
  const std::string_view text = (*column.texts)[at];
  switch (type) {
    case ColumnType::kString:
      out.value = Value::string(text);
      return true;
    case ColumnType::kBytes:
      out.value = Value::bytes(text);
      return true;
    case ColumnType::kRest:
      return otlp::decode_fragment(text, out, arena);
    default:
      return otlp::decode_fragment(text, out.value, arena);
  }
}

}  // namespace kolben::storage::part
