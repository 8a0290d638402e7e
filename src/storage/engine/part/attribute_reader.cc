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
  if (is_prepared_) return Status::ok();
  KOLBEN_TRY(const auto shapes, group.shapes(place));
  KOLBEN_TRY(const NumberColumn* shape_of, group.shape_column(place));
  std::vector<std::uint32_t> next(group.part().columns().size(), 0);  // by column
  first_.assign(1, 0);
  first_.reserve(shape_of->size + 1);
  places_.clear();
  for (std::uint32_t item = 0; item < shape_of->size; ++item) {
    for (const std::uint32_t column : shapes[(*shape_of)[item]]) {
      places_.push_back(next[column - kFirstAttributeColumn]++);
    }
    first_.push_back(static_cast<std::uint32_t>(places_.size()));
  }
  for (std::size_t i = 0; i < next.size(); ++i) {
    if (next[i] == 0) continue;
    const Chunk* chunk =
        group.directory().find(kFirstAttributeColumn + static_cast<std::uint32_t>(i));
    if (chunk == nullptr || chunk->values != next[i]) {
      return data_loss("row group " + std::to_string(group.index()) +
                       ": a column of attributes has another number of values than its shapes say");
    }
  }
  is_prepared_ = true;
  return Status::ok();
}

Status AttributeReader::read(RowGroup& group, Place place, std::uint32_t item, Arena& arena,
                             Attributes& out) {
  KOLBEN_RETURN_IF_ERROR(prepare(group, place));
  KOLBEN_TRY(const auto shapes, group.shapes(place));
  KOLBEN_TRY(const NumberColumn* shape_of, group.shape_column(place));
  const RowGroup::Shape& shape = shapes[(*shape_of)[item]];
  out.reserve(arena, out.size() + shape.size());
  for (std::size_t i = 0; i < shape.size(); ++i) {
    KOLBEN_RETURN_IF_ERROR(
        read_value(group, shape[i], places_[first_[item] + i], arena, out.add(arena)));
  }
  return Status::ok();
}

Status AttributeReader::read_value(RowGroup& group, std::uint32_t column, std::uint32_t at,
                                   Arena& arena, KeyValue& out) {
  const AttributeColumn& what = group.part().columns()[column - kFirstAttributeColumn];
  out.key = what.key;
  if (what.type == ColumnType::kEmpty) return Status::ok();
  if (is_number(what.type)) {
    KOLBEN_TRY(const NumberColumn* numbers, group.numbers(column));
    out.value = number_value(what.type, (*numbers)[at]);
    return Status::ok();
  }
  KOLBEN_TRY(const TextColumn* texts, group.texts(column));
  const std::string_view text = (*texts)[at];
  bool is_good = true;
  if (what.type == ColumnType::kString) {
    out.value = Value::string(text);
  } else if (what.type == ColumnType::kBytes) {
    out.value = Value::bytes(text);
  } else if (what.type == ColumnType::kRest) {
    is_good = otlp::decode_fragment(text, out, arena);
  } else {
    is_good = otlp::decode_fragment(text, out.value, arena);
  }
  return is_good ? Status::ok() : data_loss("an attribute under " + what.key + " is malformed");
}

}  // namespace kolben::storage::part
