// Chunk: one column in one row group: how it is written (ChunkWriter) and what a reader gets of it
// (NumberColumn, TextColumn). Pure; one thread at a time for writers and loaded columns.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/unique_function.h"
#include "storage/engine/part/block.h"
#include "storage/engine/part/ints.h"
#include "storage/engine/part/texts.h"

namespace kolben::storage::part {

// On disk: never renumber.
enum class ChunkForm : std::uint8_t { kConstant = 0, kDictionary = 1, kPlain = 2, kRaw = 3 };

// What the directory says of a chunk.
struct Chunk {
  std::uint32_t column = 0;
  ChunkForm form = ChunkForm::kConstant;
  std::uint32_t values = 0;
  std::uint32_t distinct = 0;             // of the dictionary; 1 for a constant; 0: not known
  std::uint64_t least = 0, greatest = 0;  // of ints, as stored
  BlockRef dictionary, data, filter;
};

// Takes the bytes of a block to the part's end and says where they are.
using BlockSink = UniqueFunction<BlockRef(std::string_view bytes)>;

// Gathers the numbers of one column of one row group.
class NumberChunkWriter {
 public:
  // `order` as for encode_ints, where values are stored plain. `with_dictionary`: few different
  // values may be stored as such (attributes, enumerations); otherwise always plain or constant.
  explicit NumberChunkWriter(bool with_dictionary, Order order = Order::kAsTheyAre)
      : with_dictionary_(with_dictionary), order_(order) {}

  void add(std::uint64_t value) { values_.push_back(value); }
  std::size_t size() const { return values_.size(); }
  // Writes the blocks and empties itself. `column` of the result is left to the caller.
  Chunk finish(BlockSink& sink);

 private:
  bool with_dictionary_;
  Order order_;
  std::vector<std::uint64_t> values_;
};

// Gathers the texts of one column of one row group. Keeps a copy of each different value.
class TextChunkWriter {
 public:
  void add(std::string_view value);
  std::size_t size() const { return codes_.size(); }
  // Of the different values.
  std::size_t bytes() const { return bytes_; }
  Chunk finish(BlockSink& sink);

 private:
  // A place of the hash table; half of the hash beside the entry spares most looks at the bytes.
  struct Slot {
    std::uint32_t hash_high = 0;
    std::uint32_t entry = 0;  // + 1; 0: free
  };

  std::uint32_t code_of(std::string_view value);
  void grow();

  Arena arena_;
  std::vector<std::string_view> entries_;  // different values, as they came
  std::vector<std::uint64_t> hashes_;      // of the entries
  std::vector<Slot> slots_;                // a power of two, at most half full
  std::vector<std::uint32_t> codes_;       // for each value its entry
  std::size_t bytes_ = 0;
};

// A chunk of numbers in memory. Either `entries` holds one for each value, or there is a
// dictionary: `entries` ascending and different, `codes` one for each value (none: all are
// entries[0]).
struct NumberColumn {
  FilledVector<std::uint64_t> entries;
  FilledVector<std::uint32_t> codes;
  bool has_dictionary = false;
  std::uint32_t size = 0;

  std::uint64_t operator[](std::size_t i) const {
    if (!has_dictionary) return entries[i];
    return entries[codes.empty() ? 0 : codes[i]];
  }
};

// A chunk of texts in memory, likewise.
struct TextColumn {
  DecodedTexts entries;  // ascending where there is a dictionary
  FilledVector<std::uint32_t> codes;
  bool has_dictionary = false;
  std::uint32_t size = 0;

  // Which of the entries a value is.
  std::uint32_t entry_of(std::size_t i) const {
    if (!has_dictionary) return static_cast<std::uint32_t>(i);
    return codes.empty() ? 0 : codes[i];
  }
  std::string_view operator[](std::size_t i) const { return entries.values[entry_of(i)]; }
};

// Which half of a chunk with a dictionary is loaded: conditions look at the dictionary first.
enum class Load : std::uint8_t { kAll, kDictionaryOnly };

// DATA_LOSS where blocks are damaged or hold what the directory does not say. All codes are below
// the number of entries afterwards. kDictionaryOnly leaves `codes` empty, and reads nothing of a
// plain chunk (has_dictionary is false then and entries are empty).
Result<NumberColumn> load_numbers(const BlockSource& source, const Chunk& chunk,
                                  Load load = Load::kAll);
Result<TextColumn> load_texts(const BlockSource& source, const Chunk& chunk,
                              Load load = Load::kAll);
// Numbers of a plain or constant chunk that are all below 256, one byte each; empty where they are
// not, or the chunk has another form.
Result<FilledVector<std::uint8_t>> load_bytes(const BlockSource& source, const Chunk& chunk);
// The codes of a chunk with a dictionary of up to 256 values, a byte each; empty of others.
Result<FilledVector<std::uint8_t>> load_code_bytes(const BlockSource& source, const Chunk& chunk);
// Numbers of a plain chunk that all fit into 32 bits; empty where they do not, or the chunk has
// another form.
Result<FilledVector<std::uint32_t>> load_narrow(const BlockSource& source, const Chunk& chunk);
// The bytes of a plain chunk of texts one behind the other; none where they are packed or it has
// another form.
Result<std::optional<Bytes>> load_joined(const BlockSource& source, const Chunk& chunk);
// Ids of `width` bytes each, chunk.values of them.
Result<Bytes> load_raw(const BlockSource& source, const Chunk& chunk, std::uint32_t width);
// Adds the codes, or the values of a plain chunk, that kDictionaryOnly left out.
Status load_codes(const BlockSource& source, const Chunk& chunk, TextColumn& column);
Status load_codes(const BlockSource& source, const Chunk& chunk, NumberColumn& column);

}  // namespace kolben::storage::part
