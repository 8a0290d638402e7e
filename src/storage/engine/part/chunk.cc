#include "storage/engine/part/chunk.h"

#include <algorithm>
#include <string>

namespace kolben::storage::part {
namespace {

std::string name_of(const Chunk& chunk) {
  return "chunk of column " + std::to_string(chunk.column);
}

Status damaged(const Chunk& chunk, std::string_view what) {
  return data_loss(name_of(chunk) + ": " + std::string(what));
}

Result<Bytes> read_block(const BlockSource& source, const Chunk& chunk, const BlockRef& block) {
  auto bytes = source.read(block);
  if (!bytes) return std::move(bytes).error().with_context(name_of(chunk));
  return bytes;
}

// What must be true of every chunk, before memory is taken for its values.
Status check_counts(const Chunk& chunk) {
  if (chunk.values > kIntsMax) return damaged(chunk, "more values than a chunk can have");
  if (chunk.form == ChunkForm::kDictionary &&
      (chunk.distinct == 0 || chunk.distinct > chunk.values)) {
    return damaged(chunk, "more different values than values, or none");
  }
  return Status::ok();
}

Result<FilledVector<std::uint64_t>> read_numbers(const BlockSource& source, const Chunk& chunk,
                                                 const BlockRef& block, std::size_t count) {
  KOLBEN_TRY(const Bytes bytes, read_block(source, chunk, block));
  FilledVector<std::uint64_t> numbers;
  if (!decode_ints(bytes.view(), count, numbers)) {
    return damaged(chunk, "not the ints of " + std::to_string(count) + " values");
  }
  return numbers;
}

Result<DecodedTexts> read_texts(const BlockSource& source, const Chunk& chunk,
                                const BlockRef& block, std::size_t count) {
  KOLBEN_TRY(const Bytes bytes, read_block(source, chunk, block));
  DecodedTexts texts;
  if (!decode_texts(bytes, count, texts)) {
    return damaged(chunk, "not the texts of " + std::to_string(count) + " values");
  }
  return texts;
}

// Whether all codes are below `bound`, which is at most kIntsMax: without a branch for each, and in
// steps of a fixed number, which the compiler vectorises.
bool are_below(std::span<const std::uint32_t> codes, std::uint32_t bound) {
  constexpr std::size_t kStep = 64;
  const std::uint32_t last = bound - 1;
  std::uint32_t bits = 0;  // the highest: of a code, or of a difference that should not be negative
  std::size_t i = 0;
  for (; i + kStep <= codes.size(); i += kStep) {
    const std::uint32_t* step = codes.data() + i;
    for (std::size_t j = 0; j < kStep; ++j) bits |= step[j] | (last - step[j]);
  }
  for (; i < codes.size(); ++i) bits |= codes[i] | (last - codes[i]);
  return bits >> 31 == 0;
}

Result<FilledVector<std::uint32_t>> read_codes(const BlockSource& source, const Chunk& chunk) {
  KOLBEN_TRY(const Bytes bytes, read_block(source, chunk, chunk.data));
  FilledVector<std::uint32_t> codes;
  if (!decode_ints(bytes.view(), chunk.values, codes)) {
    return damaged(chunk, "not the codes of " + std::to_string(chunk.values) + " values");
  }
  if (!are_below(codes, chunk.distinct))
    return damaged(chunk, "a code that the dictionary does not have");
  return codes;
}

bool has_entries(const NumberColumn& column) {
  return !column.entries.empty();
}
bool has_entries(const TextColumn& column) {
  return !column.entries.values.empty();
}

// The shape of both loads; Column is NumberColumn or TextColumn, `read` its reader of sequences.
template <typename Column, typename Read>
Result<Column> load(const BlockSource& source, const Chunk& chunk, Load what, Read read) {
  KOLBEN_RETURN_IF_ERROR(check_counts(chunk));
  Column column;
  column.size = chunk.values;
  column.has_dictionary = chunk.form != ChunkForm::kPlain;
  switch (chunk.form) {
    case ChunkForm::kConstant:
      if (chunk.values == 0) return column;
      [[fallthrough]];
    case ChunkForm::kDictionary: {
      const std::size_t entries = chunk.form == ChunkForm::kConstant ? 1 : chunk.distinct;
      KOLBEN_TRY(column.entries, read(source, chunk, chunk.dictionary, entries));
      if (what == Load::kAll) KOLBEN_RETURN_IF_ERROR(load_codes(source, chunk, column));
      return column;
    }
    case ChunkForm::kPlain: {
      if (what == Load::kDictionaryOnly) return column;
      KOLBEN_TRY(column.entries, read(source, chunk, chunk.data, chunk.values));
      return column;
    }
    case ChunkForm::kRaw:
      return damaged(chunk, "ids, where values were looked for");
  }
  return damaged(chunk, "unknown form");
}

// Also the values of a plain chunk, which kDictionaryOnly leaves out.
template <typename Column, typename Read>
Status load_missing(const BlockSource& source, const Chunk& chunk, Column& column, Read read) {
  if (chunk.form == ChunkForm::kDictionary && column.codes.empty()) {
    KOLBEN_TRY(column.codes, read_codes(source, chunk));
  } else if (chunk.form == ChunkForm::kPlain && !has_entries(column)) {
    KOLBEN_TRY(column.entries, read(source, chunk, chunk.data, chunk.values));
  }
  return Status::ok();
}

}  // namespace

Result<NumberColumn> load_numbers(const BlockSource& source, const Chunk& chunk, Load what) {
  if (chunk.form != ChunkForm::kConstant) {
    return load<NumberColumn>(source, chunk, what, read_numbers);
  }
  KOLBEN_RETURN_IF_ERROR(check_counts(chunk));
  NumberColumn column;
  column.size = chunk.values;
  column.has_dictionary = true;
  if (chunk.values > 0) column.entries = {chunk.least};
  return column;
}

Result<TextColumn> load_texts(const BlockSource& source, const Chunk& chunk, Load what) {
  return load<TextColumn>(source, chunk, what, read_texts);
}

Result<FilledVector<std::uint8_t>> load_bytes(const BlockSource& source, const Chunk& chunk) {
  KOLBEN_RETURN_IF_ERROR(check_counts(chunk));
  FilledVector<std::uint8_t> numbers;
  if (std::max(chunk.least, chunk.greatest) > UINT8_MAX) return numbers;
  if (chunk.form == ChunkForm::kConstant) {
    numbers.assign(chunk.values, static_cast<std::uint8_t>(chunk.least));
  } else if (chunk.form == ChunkForm::kPlain) {
    KOLBEN_TRY(const Bytes bytes, read_block(source, chunk, chunk.data));
    if (!decode_ints(bytes.view(), chunk.values, numbers)) numbers.clear();
  }
  return numbers;
}

Result<FilledVector<std::uint8_t>> load_code_bytes(const BlockSource& source, const Chunk& chunk) {
  KOLBEN_RETURN_IF_ERROR(check_counts(chunk));
  FilledVector<std::uint8_t> codes;
  if (chunk.form != ChunkForm::kDictionary || chunk.distinct > UINT8_MAX + 1) return codes;
  KOLBEN_TRY(const Bytes bytes, read_block(source, chunk, chunk.data));
  if (!decode_ints(bytes.view(), chunk.values, codes)) {
    codes.clear();  // whoever reads them as numbers says what is wrong
  }
  if (greatest_of(codes) >= chunk.distinct) {
    return damaged(chunk, "a code that the dictionary does not have");
  }
  return codes;
}

Result<FilledVector<std::uint32_t>> load_narrow(const BlockSource& source, const Chunk& chunk) {
  KOLBEN_RETURN_IF_ERROR(check_counts(chunk));
  FilledVector<std::uint32_t> numbers;
  if (chunk.form != ChunkForm::kPlain || chunk.greatest > UINT32_MAX) return numbers;
  KOLBEN_TRY(const Bytes bytes, read_block(source, chunk, chunk.data));
  if (!decode_ints(bytes.view(), chunk.values, numbers)) numbers.clear();
  return numbers;
}

Result<std::optional<Bytes>> load_joined(const BlockSource& source, const Chunk& chunk) {
  KOLBEN_RETURN_IF_ERROR(check_counts(chunk));
  if (chunk.form != ChunkForm::kPlain) return std::optional<Bytes>();
  KOLBEN_TRY(const Bytes bytes, read_block(source, chunk, chunk.data));
  return joined_texts(bytes);
}

Result<Bytes> load_raw(const BlockSource& source, const Chunk& chunk, std::uint32_t width) {
  if (chunk.form != ChunkForm::kRaw) return damaged(chunk, "values, where ids were looked for");
  KOLBEN_RETURN_IF_ERROR(check_counts(chunk));
  if (std::uint64_t{chunk.values} * width != chunk.data.bytes) {
    return damaged(chunk, "not the bytes of " + std::to_string(chunk.values) + " ids");
  }
  return read_block(source, chunk, chunk.data);
}

Status load_codes(const BlockSource& source, const Chunk& chunk, TextColumn& column) {
  return load_missing(source, chunk, column, read_texts);
}

Status load_codes(const BlockSource& source, const Chunk& chunk, NumberColumn& column) {
  return load_missing(source, chunk, column, read_numbers);
}

}  // namespace kolben::storage::part
