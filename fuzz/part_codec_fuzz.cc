// The columns of a part, with any bytes in them. The first byte picks what they are taken for, the
// next ones the numbers that a directory would say.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "storage/engine/part/chunk.h"
#include "storage/engine/part/cursor.h"
#include "storage/engine/part/filter.h"
#include "storage/engine/part/ints.h"
#include "storage/engine/part/texts.h"

namespace {

using namespace kolben;
using namespace kolben::storage::part;

// So many values are enough for every path; memory for the most that the format allows is not.
constexpr std::uint64_t kValuesMax = 5000;

// The input is the part; no checksum stands in the way.
class TrustingSource final : public BlockSource {
 public:
  explicit TrustingSource(Bytes bytes) : memory_(std::move(bytes)) {}
  std::uint64_t size() const override { return memory_.size(); }
  Result<Bytes> read(const BlockRef& block) const override {
    return memory_.read_raw(block.offset, block.bytes);
  }
  Result<Bytes> read_raw(std::uint64_t offset, std::uint32_t bytes) const override {
    return memory_.read_raw(offset, bytes);
  }

 private:
  MemorySource memory_;
};

// Memory of exactly the size, so that what reads beyond is seen.
Bytes copy_of(std::string_view bytes) {
  auto owner = std::make_shared<std::vector<char>>(bytes.begin(), bytes.end());
  return Bytes(owner, {owner->data(), owner->size()});
}

// What decodes, comes back from its own encoding.
void use_ints(Cursor& cursor) {
  const std::size_t count = cursor.varint() % kValuesMax;
  const Bytes bytes = copy_of(cursor.bytes(cursor.left()));
  std::vector<std::uint64_t> wide;
  std::vector<std::uint32_t> narrow;
  const bool is_wide = decode_ints(bytes.view(), count, wide);
  const bool is_narrow = decode_ints(bytes.view(), count, narrow);
  KOLBEN_CHECK(is_wide || !is_narrow);
  if (is_narrow) KOLBEN_CHECK(std::vector<std::uint64_t>(narrow.begin(), narrow.end()) == wide);
  if (!is_wide) return;
  for (const Order order : {Order::kAsTheyAre, Order::kDifferences}) {
    std::string again;
    encode_ints(wide, order, again);
    std::vector<std::uint64_t> out;
    KOLBEN_CHECK(decode_ints(again, count, out) && out == wide);
  }
}

void use_texts(Cursor& cursor) {
  const std::size_t count = cursor.varint() % kValuesMax;
  const Bytes bytes = copy_of(cursor.bytes(cursor.left()));
  DecodedTexts texts;
  if (!decode_texts(bytes, count, texts)) return;
  KOLBEN_CHECK(texts.values.size() == count);
  std::string again;
  encode_texts(texts.values, again);
  DecodedTexts out;
  KOLBEN_CHECK(decode_texts(copy_of(again), count, out) && out.values == texts.values);
}

// Texts of which any byte may be one: the forms must all be exact.
void encode_any_texts(Cursor& cursor) {
  const std::size_t width = cursor.byte();
  std::vector<std::string_view> values;
  while (cursor.left() > 0 && values.size() < kValuesMax) {
    values.push_back(width > 0 && width <= cursor.left() ? cursor.bytes(width) : cursor.text());
  }
  std::string encoded;
  encode_texts(values, encoded);
  DecodedTexts out;
  KOLBEN_CHECK(decode_texts(copy_of(encoded), values.size(), out) && out.values == values);
}

BlockRef block_of(Cursor& cursor) {
  return {cursor.varint(), static_cast<std::uint32_t>(cursor.varint()), 0};
}

Chunk chunk_of(Cursor& cursor) {
  Chunk chunk;
  chunk.form = static_cast<ChunkForm>(cursor.byte());
  chunk.values = static_cast<std::uint32_t>(cursor.varint() % kValuesMax);
  chunk.distinct = static_cast<std::uint32_t>(cursor.varint());
  chunk.dictionary = block_of(cursor);
  chunk.data = block_of(cursor);
  chunk.filter = block_of(cursor);
  return chunk;
}

// Looks at every value.
template <typename Column>
void look_at(Result<Column> column, const BlockSource& source, const Chunk& chunk) {
  if (!column || !load_codes(source, chunk, *column).is_ok()) return;
  KOLBEN_CHECK(column->size == chunk.values);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < column->size; ++i) {
    if constexpr (std::is_same_v<Column, TextColumn>) {
      for (const char byte : (*column)[i]) sum += static_cast<unsigned char>(byte);
    } else {
      sum += (*column)[i];
    }
  }
  volatile const std::uint64_t kept = sum;
  static_cast<void>(kept);
}

void use_chunk(Cursor& cursor) {
  const Chunk chunk = chunk_of(cursor);
  const TrustingSource source(copy_of(cursor.bytes(cursor.left())));
  for (const Load load : {Load::kAll, Load::kDictionaryOnly}) {
    look_at(load_numbers(source, chunk, load), source, chunk);
    look_at(load_texts(source, chunk, load), source, chunk);
  }
  static_cast<void>(load_raw(source, chunk, 8));
  if (const auto filter = source.read(chunk.filter)) {
    static_cast<void>(filter_may_contain(filter->view(), chunk.values * 0x9e3779b97f4a7c15));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Cursor cursor({reinterpret_cast<const char*>(data) + 1, size - 1});
  switch (data[0] % 4) {
    case 0:
      use_ints(cursor);
      break;
    case 1:
      use_texts(cursor);
      break;
    case 2:
      encode_any_texts(cursor);
      break;
    default:
      use_chunk(cursor);
  }
  return 0;
}
