#include "storage/engine/part/attribute_reader.h"

#include <string>

#include "otlp/fragments.h"

namespace kolben::storage::part {
namespace {

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
  if (shape_of_ != nullptr) return Status::ok();
  KOLBEN_TRY(shapes_, group.shapes(place));
  KOLBEN_TRY(const NumberColumn* shape_of, group.shape_column(place));
  columns_.resize(group.part().columns().size());
  std::vector<std::uint32_t> next(columns_.size(), 0);
  first_.reserve(shape_of->size + 1);
  first_.push_back(0);
  for (std::uint32_t item = 0; item < shape_of->size; ++item) {
    for (const std::uint32_t column : shapes_[(*shape_of)[item]]) {
      places_.push_back(next[column - kFirstAttributeColumn]++);
    }
    first_.push_back(static_cast<std::uint32_t>(places_.size()));
  }
  for (std::uint32_t i = 0; i < next.size(); ++i) {
    if (next[i] == 0) continue;
    const Chunk* chunk = group.directory().find(kFirstAttributeColumn + i);
    if (chunk == nullptr || chunk->values != next[i]) {
      return data_loss("row group " + std::to_string(group.index()) +
                       ": a column of attributes has another number of values than its shapes say");
    }
  }
  shape_of_ = shape_of;
  return Status::ok();
}

Status AttributeReader::load(RowGroup& group, std::uint32_t number) {
  Column& column = columns_[number];
  const AttributeColumn& what = group.part().columns()[number];
  if (is_number(what.type)) {
    KOLBEN_TRY(column.numbers, group.numbers(kFirstAttributeColumn + number));
  } else if (what.type != ColumnType::kEmpty) {
    KOLBEN_TRY(column.texts, group.texts(kFirstAttributeColumn + number));
  }
  column.what = &what;
  return Status::ok();
}

Status AttributeReader::read(RowGroup& group, Place place, std::uint32_t item, Arena& arena,
                             Attributes& out) {
  KOLBEN_RETURN_IF_ERROR(prepare(group, place));
  const RowGroup::Shape& shape = shapes_[(*shape_of_)[item]];
  out.reserve(arena, out.size() + shape.size());
  const std::uint32_t* place_of_value = places_.data() + first_[item];
  for (const std::uint32_t column : shape) {
    const std::uint32_t number = column - kFirstAttributeColumn;
    if (columns_[number].what == nullptr) KOLBEN_RETURN_IF_ERROR(load(group, number));
    if (!read_value(columns_[number], *place_of_value++, arena, out.add(arena))) {
      return data_loss("an attribute under " + columns_[number].what->key + " is malformed");
    }
  }
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
