// GroupWriter: one row group of any table, filled column by column; PartSchema: the attribute
// columns of the part that it becomes a piece of. What the columns of spans and log records are, is
// known to span_part_writer.h and log_part_writer.h. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/attributes.h"
#include "storage/engine/part/directory.h"

namespace kolben::storage::part {

// Numbers the attribute columns of a part.
class PartSchema {
 public:
  // The number of the column; none where it was never added.
  std::optional<std::uint32_t> find(Place place, ColumnType type, std::string_view key) const;
  // Adds a column that is not there; none where the part has no room for it: its values go to
  // rest().
  std::optional<std::uint32_t> add(Place place, ColumnType type, std::string_view key);
  // The column of all attributes of the place that have no column of their own.
  std::uint32_t rest(Place place);
  void count(std::uint32_t number, std::uint64_t values) { columns_[number].values += values; }
  const std::vector<AttributeColumn>& columns() const { return columns_; }

 private:
  std::vector<AttributeColumn> columns_;
  std::vector<std::uint32_t> slots_;  // number + 1; 0: free
  std::size_t key_bytes_ = 0;
  std::size_t slot_of(Place place, ColumnType type, std::string_view key) const;
  std::uint32_t insert(Place place, ColumnType type, std::string_view key);
  void grow();
};

class GroupWriter {
 public:
  explicit GroupWriter(PartSchema& schema) : schema_(schema) {}

  // The writers of core columns, made at the first call, which decides for all of them: numbers
  // that may be few different ones, and such that are stored plain, in an order as in chunk.h.
  NumberChunkWriter& numbers(std::uint32_t column);
  NumberChunkWriter& plain_numbers(std::uint32_t column, Order order = Order::kAsTheyAre);
  TextChunkWriter& texts(std::uint32_t column);
  // Ids of fixed width, appended.
  std::string& raw(std::uint32_t column, std::uint32_t width);

  // The attributes of the next row (event, link); returns the number of their shape, which the
  // caller adds to the shape column.
  std::uint32_t add_attributes(Place place, const Attributes& attributes);

  // A core column that the caller wrote by itself.
  void add_chunk(const Chunk& chunk) { own_chunks_.push_back(chunk); }

  // Writes all columns and empties itself. The caller fills in the facts.
  GroupDirectory finish(BlockSink& sink);

 private:
  struct AttributeChunk {
    std::uint32_t number;  // in the schema
    ColumnType type;
    NumberChunkWriter numbers{true};
    TextChunkWriter texts;
    std::uint32_t empties = 0;
  };
  struct Shapes {
    std::vector<std::vector<std::uint32_t>> lists;
    std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> by_hash;  // numbers of lists
  };
  struct Raw {
    std::string bytes;
    std::uint32_t width = 0;
  };

  AttributeChunk& chunk_of(Place place, const KeyValue& attribute);
  AttributeChunk* find_chunk(std::uint32_t number);
  AttributeChunk& ensure_chunk(std::uint32_t number);
  void add_value(AttributeChunk& chunk, const KeyValue& attribute);
  std::uint32_t shape_of(Shapes& shapes, const std::vector<std::uint32_t>& columns);

  PartSchema& schema_;
  std::map<std::uint32_t, NumberChunkWriter> numbers_;
  std::map<std::uint32_t, TextChunkWriter> texts_;
  std::map<std::uint32_t, Raw> raw_;
  std::vector<AttributeChunk> attributes_;
  std::vector<std::uint32_t> attribute_of_;  // by number in the schema: place in attributes_ + 1
  std::array<Shapes, kPlaces> shapes_;
  std::vector<Chunk> own_chunks_;
  std::vector<std::uint32_t> shape_;  // of the row at hand
  std::string scratch_;
};

}  // namespace kolben::storage::part
