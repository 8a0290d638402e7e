#include "storage/engine/scan/field_values.h"

#include <cmath>

#include "otlp/fragments.h"
#include "storage/engine/part/ints.h"
#include "storage/engine/scan/shapes_walk.h"

namespace kolben::storage::scan {
namespace {

using part::ColumnType;

bool covers(AttributeScope asked, AttributeScope place) {
  return asked == AttributeScope::kAny || asked == place;
}

Status too_short(const GroupScan& scan) {
  return data_loss("row group " + std::to_string(scan.place().group) + " has rows without a value");
}

// A value made readable again; false where its message is malformed.
bool restore(const StoredValue& stored, Arena& arena, Value& value) {
  switch (stored.type) {
    case ColumnType::kEmpty:
      return true;
    case ColumnType::kString:
      value = Value::string(stored.text);
      return true;
    case ColumnType::kBytes:
      value = Value::bytes(stored.text);
      return true;
    case ColumnType::kBool:
      value = Value::boolean(stored.number != 0);
      return true;
    case ColumnType::kInt:
      value = Value::integer(part::integer_of(stored.number));
      return true;
    case ColumnType::kDouble:
      value = Value::real(part::double_of(stored.number));
      return true;
    case ColumnType::kArray:
    case ColumnType::kKvlist:
      return otlp::decode_fragment(stored.text, value, arena);
    case ColumnType::kRest:
      break;
  }
  return false;
}

}  // namespace

Result<FieldValues> FieldValues::read(const Field& field, GroupScan& scan, const Selection& rows,
                                      Workplace& place) {
  FieldValues values;
  values.arena_ = std::make_shared<Arena>();
  values.numbers_.assign(scan.rows(), kNone);
  if (const auto* attribute = std::get_if<Attribute>(&field)) {
    KOLBEN_RETURN_IF_ERROR(values.read_attribute(*attribute, scan));
  } else {
    KOLBEN_RETURN_IF_ERROR(values.read_intrinsic(std::get<Intrinsic>(field), scan, rows, place));
  }
  return values;
}

std::string FieldValues::text(std::uint32_t number) const {
  Arena arena;
  Value value;
  if (!restore(values_[number], arena, value)) return {};
  return value_text(value);
}

std::optional<double> FieldValues::real(std::uint32_t number) const {
  const StoredValue& stored = values_[number];
  if (stored.type == ColumnType::kInt) {
    return static_cast<double>(part::integer_of(stored.number));
  }
  if (stored.type != ColumnType::kDouble) return std::nullopt;
  const double real = part::double_of(stored.number);
  return std::isnan(real) ? std::nullopt : std::optional(real);
}

std::uint32_t FieldValues::add(const StoredValue& value) {
  values_.push_back(value);
  return static_cast<std::uint32_t>(values_.size() - 1);
}

std::uint32_t FieldValues::add(const Value& value) {
  StoredValue stored;
  stored.type = part::column_type(value.type());
  switch (value.type()) {
    case ValueType::kEmpty:
      break;
    case ValueType::kString:
      stored.text = arena_->copy(value.as_string());
      break;
    case ValueType::kBytes:
      stored.text = arena_->copy(value.as_bytes());
      break;
    case ValueType::kBool:
      stored.number = value.as_bool() ? 1 : 0;
      break;
    case ValueType::kInt:
      stored.number = part::ordered(value.as_int());
      break;
    case ValueType::kDouble:
      stored.number = part::ordered(value.as_double());
      break;
    case ValueType::kArray:
    case ValueType::kKvlist: {
      std::string message;
      otlp::encode_fragment(value, message);
      stored.text = arena_->copy(message);
      break;
    }
  }
  return add(stored);
}

Status FieldValues::read_attribute(const Attribute& attribute, GroupScan& scan) {
  const KeyColumns columns = columns_of(scan.part(), attribute);
  const auto read = [&](part::Place place) {
    return read_place(attribute, scan, place, columns[static_cast<std::size_t>(place)]);
  };
  KOLBEN_RETURN_IF_ERROR(read(part::Place::kRow));
  const auto& resources = scan.part().resources();
  if (covers(attribute.scope, AttributeScope::kResource)) {
    KOLBEN_RETURN_IF_ERROR(read_table(
        scan, part::span_column::kResource, resources.size(),
        [&](std::size_t i) { return find(resources[i].resource.attributes, attribute.key); }));
  }
  const auto& scopes = scan.part().scopes();
  if (covers(attribute.scope, AttributeScope::kScope)) {
    KOLBEN_RETURN_IF_ERROR(
        read_table(scan, part::span_column::kScope, scopes.size(),
                   [&](std::size_t i) { return find(scopes[i].scope.attributes, attribute.key); }));
  }
  KOLBEN_RETURN_IF_ERROR(read(part::Place::kEvent));
  return read(part::Place::kLink);
}

Status FieldValues::read_table(GroupScan& scan, std::uint32_t column, std::size_t entries,
                               ValueOf value_of) {
  std::vector<std::uint32_t> number_of(entries, kNone);
  bool is_there = false;
  for (std::size_t i = 0; i < entries; ++i) {
    const Value* value = value_of(i);
    if (value == nullptr) continue;
    number_of[i] = add(*value);
    is_there = true;
  }
  if (!is_there) return Status::ok();
  KOLBEN_TRY(const part::NumberColumn* places, scan.spans().columns().numbers(column));
  if (places->size != scan.rows()) return too_short(scan);
  for (std::uint32_t row = 0; row < scan.rows(); ++row) {
    const std::uint64_t entry = (*places)[row];
    if (entry < entries) give(row, number_of[entry]);
  }
  return Status::ok();
}

Status FieldValues::read_place(const Attribute& attribute, GroupScan& scan, part::Place place,
                               const std::vector<KeyColumn>& columns) {
  part::RowGroup& group = scan.spans().columns();
  std::vector<std::uint32_t> present;
  std::vector<std::vector<std::uint32_t>> value_numbers;
  for (const KeyColumn& column : columns) {
    const part::Chunk* chunk = group.directory().find(column.column);
    if (chunk == nullptr || chunk->values == 0) continue;
    KOLBEN_TRY(std::vector<std::uint32_t> numbers, add_column(scan, column, attribute.key));
    present.push_back(column.column);
    value_numbers.push_back(std::move(numbers));
  }
  if (present.empty()) return Status::ok();
  std::span<const std::uint32_t> item_rows;
  if (place == part::Place::kEvent) {
    KOLBEN_TRY(item_rows, scan.spans().event_rows());
  } else if (place == part::Place::kLink) {
    KOLBEN_TRY(item_rows, scan.spans().link_rows());
  }
  KOLBEN_TRY(const ShapesWalk walk, ShapesWalk::open(group, place, present));
  const std::size_t items = place == part::Place::kRow ? scan.rows() : item_rows.size();
  if (walk.items() != items) return too_short(scan);
  walk.for_each([&](std::uint32_t item, std::uint32_t column, std::uint32_t value) {
    if (value >= value_numbers[column].size()) return true;
    const std::uint32_t number = value_numbers[column][value];
    if (number == kNone) return false;  // another key's
    give(place == part::Place::kRow ? item : item_rows[item], number);
    return true;
  });
  return Status::ok();
}

// For each value of the column its number; of pairs of another key none.
Result<std::vector<std::uint32_t>> FieldValues::add_column(GroupScan& scan, const KeyColumn& column,
                                                           const std::string& key) {
  part::RowGroup& group = scan.spans().columns();
  const std::uint32_t values = group.directory().find(column.column)->values;
  std::vector<std::uint32_t> of_entries;
  const auto of_values = [&](const auto& loaded) {
    if (!loaded.has_dictionary) return std::move(of_entries);
    std::vector<std::uint32_t> numbers(loaded.size);
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = of_entries[loaded.codes.empty() ? 0 : loaded.codes[i]];
    }
    return numbers;
  };
  if (column.type == ColumnType::kEmpty) {
    return std::vector<std::uint32_t>(values, add(StoredValue()));
  }
  if (part::is_number(column.type)) {
    KOLBEN_TRY(const part::NumberColumn* loaded, group.numbers(column.column));
    for (const std::uint64_t number : loaded->entries) {
      of_entries.push_back(add(StoredValue{column.type, number, {}}));
    }
    return of_values(*loaded);
  }
  KOLBEN_TRY(const part::TextColumn* loaded, group.texts(column.column));
  for (const std::string_view text : loaded->entries.values) {
    if (column.type != ColumnType::kRest) {
      of_entries.push_back(add(StoredValue{column.type, 0, text}));
      continue;
    }
    Arena arena;
    KeyValue pair;
    if (!otlp::decode_fragment(text, pair, arena)) return data_loss("a malformed attribute");
    of_entries.push_back(pair.key == key ? add(pair.value) : kNone);
  }
  return of_values(*loaded);
}

}  // namespace kolben::storage::scan
