#include "storage/engine/part/group_writer.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "otlp/fragments.h"
#include "storage/engine/part/cursor.h"

namespace kolben::storage::part {
namespace {

std::uint64_t hash_of(Place place, ColumnType type, std::string_view key) {
  return hash64(key, static_cast<std::uint64_t>(place) << 8 | static_cast<std::uint64_t>(type));
}

std::uint64_t number_of(const Value& value) {
  switch (value.type()) {
    case ValueType::kBool:
      return value.as_bool() ? 1 : 0;
    case ValueType::kInt:
      return ordered(value.as_int());
    default:
      return ordered(value.as_double());
  }
}

}  // namespace

// Where the column's number is, or would be.
std::size_t PartSchema::slot_of(Place place, ColumnType type, std::string_view key) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t slot = hash_of(place, type, key) & mask;; slot = (slot + 1) & mask) {
    if (slots_[slot] == 0) return slot;
    const AttributeColumn& column = columns_[slots_[slot] - 1];
    if (column.place == place && column.type == type && column.key == key) return slot;
  }
}

std::optional<std::uint32_t> PartSchema::find(Place place, ColumnType type,
                                              std::string_view key) const {
  if (slots_.empty()) return std::nullopt;
  const std::uint32_t found = slots_[slot_of(place, type, key)];
  return found == 0 ? std::nullopt : std::optional(found - 1);
}

std::uint32_t PartSchema::insert(Place place, ColumnType type, std::string_view key) {
  if (columns_.size() * 2 >= slots_.size()) grow();
  columns_.push_back({place, type, std::string(key), 0});
  key_bytes_ += key.size();
  slots_[slot_of(place, type, key)] = static_cast<std::uint32_t>(columns_.size());
  return static_cast<std::uint32_t>(columns_.size() - 1);
}

std::optional<std::uint32_t> PartSchema::add(Place place, ColumnType type, std::string_view key) {
  if (columns_.size() >= kPartColumnsMax || key.size() > kPartKeyBytesMax - key_bytes_) {
    return std::nullopt;
  }
  return insert(place, type, key);
}

std::uint32_t PartSchema::rest(Place place) {
  const auto found = find(place, ColumnType::kRest, {});
  return found ? *found : insert(place, ColumnType::kRest, {});
}

void PartSchema::grow() {
  slots_.assign(std::max<std::size_t>(256, slots_.size() * 2), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t slot = hash_of(columns_[i].place, columns_[i].type, columns_[i].key) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

NumberChunkWriter& GroupWriter::numbers(std::uint32_t column) {
  return numbers_.try_emplace(column, /*with_dictionary=*/true).first->second;
}

NumberChunkWriter& GroupWriter::plain_numbers(std::uint32_t column, Order order) {
  return numbers_.try_emplace(column, /*with_dictionary=*/false, order).first->second;
}

TextChunkWriter& GroupWriter::texts(std::uint32_t column) {
  return texts_.try_emplace(column).first->second;
}

std::string& GroupWriter::raw(std::uint32_t column, std::uint32_t width) {
  Raw& raw = raw_[column];
  raw.width = width;
  return raw.bytes;
}

// A key gets a column only where it has values in it: neither the part nor the row group takes more
// than it may hold.
GroupWriter::AttributeChunk& GroupWriter::chunk_of(Place place, const KeyValue& attribute) {
  const ColumnType type = column_type(attribute.value.type());
  std::optional<std::uint32_t> number = schema_.find(place, type, attribute.key);
  if (number) {
    if (AttributeChunk* const chunk = find_chunk(*number)) return *chunk;
  }
  if (attributes_.size() >= kGroupColumnsMax) return ensure_chunk(schema_.rest(place));
  if (!number) number = schema_.add(place, type, attribute.key);
  return ensure_chunk(number ? *number : schema_.rest(place));
}

GroupWriter::AttributeChunk* GroupWriter::find_chunk(std::uint32_t number) {
  if (number >= attribute_of_.size() || attribute_of_[number] == 0) return nullptr;
  return &attributes_[attribute_of_[number] - 1];
}

GroupWriter::AttributeChunk& GroupWriter::ensure_chunk(std::uint32_t number) {
  if (AttributeChunk* const chunk = find_chunk(number)) return *chunk;
  if (number >= attribute_of_.size()) attribute_of_.resize(number + 1, 0);
  AttributeChunk& chunk = attributes_.emplace_back();
  chunk.number = number;
  chunk.type = schema_.columns()[number].type;
  attribute_of_[number] = static_cast<std::uint32_t>(attributes_.size());
  return chunk;
}

void GroupWriter::add_value(AttributeChunk& chunk, const KeyValue& attribute) {
  const Value& value = attribute.value;
  if (is_number(chunk.type)) {
    chunk.numbers.add(number_of(value));
    return;
  }
  switch (chunk.type) {
    case ColumnType::kString:
      chunk.texts.add(value.as_string());
      return;
    case ColumnType::kBytes:
      chunk.texts.add(value.as_bytes());
      return;
    case ColumnType::kEmpty:
      ++chunk.empties;
      return;
    default:
      break;
  }
  scratch_.clear();
  if (chunk.type == ColumnType::kRest) {
    otlp::encode_fragment(attribute, scratch_);
  } else {
    otlp::encode_fragment(value, scratch_);
  }
  chunk.texts.add(scratch_);
}

std::uint32_t GroupWriter::add_attributes(Place place, const Attributes& attributes) {
  shape_.clear();
  for (const KeyValue& attribute : attributes) {
    AttributeChunk& chunk = chunk_of(place, attribute);
    shape_.push_back(chunk.number);
    add_value(chunk, attribute);
  }
  return shape_of(shapes_[static_cast<std::size_t>(place)], shape_);
}

std::uint32_t GroupWriter::shape_of(Shapes& shapes, const std::vector<std::uint32_t>& columns) {
  const std::uint64_t hash =
      hash64({reinterpret_cast<const char*>(columns.data()), columns.size() * sizeof(columns[0])});
  std::vector<std::uint32_t>& same_hash = shapes.by_hash[hash];
  for (const std::uint32_t number : same_hash) {
    if (shapes.lists[number] == columns) return number;
  }
  same_hash.push_back(static_cast<std::uint32_t>(shapes.lists.size()));
  shapes.lists.push_back(columns);
  return same_hash.back();
}

GroupDirectory GroupWriter::finish(BlockSink& sink) {
  GroupDirectory group;
  group.chunks = std::exchange(own_chunks_, {});
  const auto add = [&group](std::uint32_t column, Chunk chunk) {
    chunk.column = column;
    group.chunks.push_back(chunk);
  };
  for (auto& [column, writer] : numbers_) add(column, writer.finish(sink));
  for (auto& [column, writer] : texts_) add(column, writer.finish(sink));
  for (auto& [column, raw] : raw_) {
    Chunk chunk;
    chunk.form = ChunkForm::kRaw;
    chunk.values = static_cast<std::uint32_t>(raw.bytes.size() / raw.width);
    if (!raw.bytes.empty()) chunk.data = sink(raw.bytes);
    add(column, chunk);
    raw.bytes.clear();
  }
  for (AttributeChunk& attribute : attributes_) {
    Chunk chunk;
    if (attribute.type == ColumnType::kEmpty) {
      chunk.values = attribute.empties;
    } else if (is_number(attribute.type)) {
      chunk = attribute.numbers.finish(sink);
    } else {
      chunk = attribute.texts.finish(sink);
    }
    schema_.count(attribute.number, chunk.values);
    add(kFirstAttributeColumn + attribute.number, chunk);
  }
  std::sort(group.chunks.begin(), group.chunks.end(),
            [](const Chunk& a, const Chunk& b) { return a.column < b.column; });

  std::string text;
  for (Shapes& shapes : shapes_) {
    put_varint(text, shapes.lists.size());
    for (const auto& list : shapes.lists) {
      put_varint(text, list.size());
      for (const std::uint32_t number : list) put_varint(text, kFirstAttributeColumn + number);
    }
    shapes = {};
  }
  group.shapes = sink(text);
  attributes_.clear();
  std::fill(attribute_of_.begin(), attribute_of_.end(), 0U);
  return group;
}

}  // namespace kolben::storage::part
