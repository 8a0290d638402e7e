#include "storage/engine/part/chunk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "base/random.h"
#include "storage/engine/part/filter.h"
#include "storage/engine/part/testing.h"
#include "wire/hex.h"

namespace kolben::storage::part {
namespace {

using Numbers = std::vector<std::uint64_t>;
using Texts = std::vector<std::string>;

struct Written {
  Chunk chunk;
  BlockWriter blocks;
};

Written write(const Numbers& values, bool with_dictionary = true) {
  Written written;
  NumberChunkWriter writer(with_dictionary);
  for (const std::uint64_t value : values) writer.add(value);
  BlockSink sink = written.blocks.sink();
  written.chunk = writer.finish(sink);
  written.chunk.column = 7;
  EXPECT_EQ(writer.size(), 0u);
  return written;
}

Written write(const Texts& values) {
  Written written;
  TextChunkWriter writer;
  for (const std::string& value : values) writer.add(value);
  BlockSink sink = written.blocks.sink();
  written.chunk = writer.finish(sink);
  written.chunk.column = 7;
  EXPECT_EQ(writer.size(), 0u);
  EXPECT_EQ(writer.bytes(), 0u);
  return written;
}

template <typename Column>
auto values_of(const Column& column) {
  std::vector<std::conditional_t<std::is_same_v<Column, NumberColumn>, std::uint64_t, std::string>>
      values;
  for (std::size_t i = 0; i < column.size; ++i) values.emplace_back(column[i]);
  return values;
}

ChunkForm form_of(const auto& values) {
  return write(values).chunk.form;
}

void expect_round_trip(const Numbers& values) {
  for (const bool with_dictionary : {false, true}) {
    const Written written = write(values, with_dictionary);
    const auto column = load_numbers(written.blocks.source(), written.chunk);
    ASSERT_TRUE(column) << column.error().to_string();
    ASSERT_EQ(values_of(*column), values);
    ASSERT_TRUE(!column->has_dictionary ||
                std::is_sorted(column->entries.begin(), column->entries.end()));
    if (values.empty()) continue;
    const auto [least, greatest] = std::minmax_element(values.begin(), values.end());
    ASSERT_EQ(written.chunk.least, *least);
    ASSERT_EQ(written.chunk.greatest, *greatest);
  }
}

void expect_round_trip(const Texts& values) {
  const Written written = write(values);
  const MemorySource source = written.blocks.source();
  const auto column = load_texts(source, written.chunk);
  ASSERT_TRUE(column) << column.error().to_string();
  ASSERT_EQ(values_of(*column), values);
  const auto& entries = column->entries.values;
  ASSERT_TRUE(!column->has_dictionary || std::is_sorted(entries.begin(), entries.end()));
  const auto filter = source.read(written.chunk.filter);
  ASSERT_TRUE(filter);
  for (const std::string& value : values) {
    ASSERT_TRUE(filter_may_contain(filter->view(), filter_hash(value)));
  }
}

TEST(Chunk, NumbersComeOut) {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::uint64_t bound = std::max<std::uint64_t>(random.next() >> random.below(64), 1);
    Numbers values(random.below(1000));
    for (std::uint64_t& value : values) value = random.below(bound);
    expect_round_trip(values);
    if (HasFatalFailure()) return;
  }
}

TEST(Chunk, TextsComeOut) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::uint64_t bound = 1 + random.below(1000);
    const std::string prefix(random.below(20), 'p');
    Texts values(random.below(1000));
    for (std::string& value : values) value = prefix + std::to_string(random.below(bound));
    expect_round_trip(values);
    if (HasFatalFailure()) return;
  }
}

TEST(Chunk, EntriesAreSortedByTheirBytes) {
  Texts values;
  for (int round = 0; round < 40; ++round) {
    for (const char* value :
         {"b", "a\x01", "a", "", "\xff", "a\xff", "aaaaaaaaa", "aaaaaaaab", "B"}) {
      values.push_back(value);
    }
    values.push_back(std::string("a\0", 2));
    values.push_back(std::string("a\0\0\0\0\0\0\0\0\0\0", 11));
  }
  expect_round_trip(values);
}

TEST(Chunk, TheFormFollowsTheData) {
  EXPECT_EQ(form_of(Numbers{}), ChunkForm::kConstant);
  EXPECT_EQ(form_of(Numbers(100, 5)), ChunkForm::kConstant);
  EXPECT_EQ(form_of(Numbers{1, 2, 1}), ChunkForm::kDictionary);
  EXPECT_EQ(form_of(Numbers{1, 2, 3}), ChunkForm::kPlain);
  EXPECT_EQ(form_of(Texts{}), ChunkForm::kConstant);
  EXPECT_EQ(form_of(Texts(100, "x")), ChunkForm::kConstant);
  EXPECT_EQ(form_of(Texts{"a", "b", "a"}), ChunkForm::kDictionary);
  EXPECT_EQ(form_of(Texts{"a", "b", "c"}), ChunkForm::kPlain);
  Numbers numbers;
  Texts texts;
  for (std::uint64_t i = 0; i < 4000; ++i) {
    numbers.push_back(i % 1000);
    texts.push_back(std::to_string(i % 1000));
  }
  EXPECT_EQ(form_of(numbers), ChunkForm::kDictionary);
  EXPECT_EQ(form_of(texts), ChunkForm::kDictionary);
  EXPECT_EQ(write(numbers, false).chunk.form, ChunkForm::kPlain);
  numbers.back() = 5000;  // 1001 of 4000
  texts.back() = "x";
  EXPECT_EQ(form_of(numbers), ChunkForm::kPlain);
  EXPECT_EQ(form_of(texts), ChunkForm::kPlain);
}

TEST(Chunk, TheDirectoryTellsTheNumberOfDifferentValues) {
  EXPECT_EQ(write(Texts{}).chunk.distinct, 0u);
  EXPECT_EQ(write(Texts(100, "x")).chunk.distinct, 1u);
  EXPECT_EQ(write(Texts{"a", "b", "a"}).chunk.distinct, 2u);
  EXPECT_EQ(write(Texts{"a", "b", "c"}).chunk.distinct, 3u);
  EXPECT_EQ(write(Numbers{}).chunk.distinct, 0u);
  EXPECT_EQ(write(Numbers(100, 9)).chunk.distinct, 1u);
  EXPECT_EQ(write(Numbers{1, 2, 1}).chunk.distinct, 2u);
  EXPECT_EQ(write(Numbers{1, 2, 3}).chunk.distinct, 0u);  // not counted
}

TEST(Chunk, TheBytesAreThoseOfTheFormat) {
  const auto hex = [](const auto& values) { return wire::to_hex(write(values).blocks.bytes()); };
  EXPECT_EQ(hex(Texts{"b", "a", "b"}), digits("00  04 00010100  02 00 61 62"  // the dictionary
                                              "00 00 01 01  00 03 010001"));  // the codes
  EXPECT_EQ(hex(Numbers{7, 3, 7}), digits("01 03 08 01 00"                    //
                                          "00 00 01 01  00 03 010001"));
  EXPECT_EQ(hex(Texts{"x", "x"}), digits("00  04 00010100  01 00 78"));
  EXPECT_EQ(hex(Numbers{7, 3, 5}), digits("00 03 02 01  00 03 020001"));
}

TEST(Chunk, ConstantNumbersAndEmptyColumnsTakeNoBlock) {
  EXPECT_EQ(write(Numbers{}).blocks.bytes(), "");
  EXPECT_EQ(write(Texts{}).blocks.bytes(), "");
  EXPECT_EQ(write(Numbers(100, 9)).blocks.bytes(), "");
}

TEST(Chunk, OnlyManyDifferentTextsHaveAFilter) {
  Texts values;
  for (int i = 0; i < 64; ++i) values.push_back("value " + std::to_string(i));
  EXPECT_FALSE(write(values).chunk.filter.is_there());
  values.push_back("one more");
  const Written written = write(values);
  ASSERT_TRUE(written.chunk.filter.is_there());
  const auto filter = written.blocks.source().read(written.chunk.filter);
  ASSERT_TRUE(filter);
  int found = 0;
  for (int i = 0; i < 1000; ++i) {
    found += filter_may_contain(filter->view(), filter_hash("absent " + std::to_string(i)));
  }
  EXPECT_LT(found, 50);
}

TEST(Chunk, TheDictionaryAloneCanBeLoaded) {
  const Texts values = {"b", "a", "b"};
  const Written written = write(values);
  const MemorySource source = written.blocks.source();
  auto column = load_texts(source, written.chunk, Load::kDictionaryOnly);
  ASSERT_TRUE(column);
  EXPECT_TRUE(column->has_dictionary);
  EXPECT_EQ(column->entries.values, (std::vector<std::string_view>{"a", "b"}));
  EXPECT_TRUE(column->codes.empty());
  ASSERT_TRUE(load_codes(source, written.chunk, *column).is_ok());
  EXPECT_EQ(values_of(*column), values);
}

TEST(Chunk, NothingOfAPlainChunkIsReadForItsDictionary) {
  const Numbers values = {1, 2, 3};
  const Written written = write(values);
  const MemorySource source = written.blocks.source();
  auto column = load_numbers(MemorySource(Bytes()), written.chunk, Load::kDictionaryOnly);
  ASSERT_TRUE(column);
  EXPECT_FALSE(column->has_dictionary);
  EXPECT_TRUE(column->entries.empty());
  ASSERT_TRUE(load_codes(source, written.chunk, *column).is_ok());
  EXPECT_EQ(values_of(*column), values);
}

TEST(Chunk, IdsAreTheirBytes) {
  BlockWriter blocks;
  Chunk chunk;
  chunk.form = ChunkForm::kRaw;
  chunk.column = 2;
  chunk.values = 3;
  chunk.data = blocks.sink()("aaaaaaaabbbbbbbbcccccccc");
  const auto ids = load_raw(blocks.source(), chunk, 8);
  ASSERT_TRUE(ids);
  EXPECT_EQ(ids->view(), "aaaaaaaabbbbbbbbcccccccc");
  EXPECT_EQ(load_raw(blocks.source(), chunk, 16).error().code(), StatusCode::kDataLoss);
  EXPECT_FALSE(load_numbers(blocks.source(), chunk));
  EXPECT_FALSE(load_texts(blocks.source(), chunk));
}

TEST(Chunk, WhatTheDirectoryDoesNotSayIsDataLoss) {
  const Written written = write(Texts{"b", "a", "b", "c", "a"});
  const MemorySource source = written.blocks.source();
  const auto expect_refused = [&source, &written](const std::function<void(Chunk&)>& change) {
    Chunk chunk = written.chunk;
    change(chunk);
    const auto column = load_texts(source, chunk);
    ASSERT_FALSE(column);
    EXPECT_EQ(column.error().code(), StatusCode::kDataLoss);
    EXPECT_TRUE(column.error().message().starts_with("chunk of column 7: "))
        << column.error().to_string();
  };
  expect_refused([](Chunk& chunk) { chunk.values = 4; });
  expect_refused([](Chunk& chunk) { chunk.values = 6; });
  expect_refused([](Chunk& chunk) { chunk.values = 0xffffffff; });
  expect_refused([](Chunk& chunk) { chunk.distinct = 0; });
  expect_refused([](Chunk& chunk) { chunk.distinct = 2; });
  expect_refused([](Chunk& chunk) { chunk.distinct = 4; });
  expect_refused([](Chunk& chunk) { chunk.distinct = 6; });
  expect_refused([](Chunk& chunk) { chunk.form = ChunkForm::kRaw; });
  expect_refused([](Chunk& chunk) { chunk.form = static_cast<ChunkForm>(9); });
  expect_refused([](Chunk& chunk) { chunk.dictionary = {}; });
  expect_refused([](Chunk& chunk) { chunk.data = {}; });
  expect_refused([](Chunk& chunk) { chunk.data.offset = 1'000'000; });
  expect_refused([](Chunk& chunk) { ++chunk.data.crc; });
  expect_refused([](Chunk& chunk) { --chunk.dictionary.bytes; });
}

TEST(Chunk, ACodeBeyondTheDictionaryIsDataLoss) {
  BlockWriter blocks;
  BlockSink sink = blocks.sink();
  std::string entries;
  encode_ints(Numbers{10, 20}, Order::kAsTheyAre, entries);
  std::string codes;
  encode_ints(Numbers{0, 1, 2}, Order::kAsTheyAre, codes);
  Chunk chunk;
  chunk.form = ChunkForm::kDictionary;
  chunk.values = 3;
  chunk.distinct = 2;
  chunk.dictionary = sink(entries);
  chunk.data = sink(codes);
  const auto column = load_numbers(blocks.source(), chunk);
  ASSERT_FALSE(column);
  EXPECT_EQ(column.error().message(),
            "chunk of column 0: a code that the dictionary does not have");
}

TEST(Chunk, EveryFlippedByteIsDetected) {
  Texts values;
  for (int i = 0; i < 200; ++i) values.push_back("value " + std::to_string(i * i % 31));
  const Written written = write(values);
  ASSERT_EQ(written.chunk.form, ChunkForm::kDictionary);
  for (std::size_t i = 0; i < written.blocks.bytes().size(); ++i) {
    std::string bad = written.blocks.bytes();
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    const auto column = load_texts(MemorySource(Bytes::from_string(bad)), written.chunk);
    ASSERT_FALSE(column) << i;
    EXPECT_EQ(column.error().code(), StatusCode::kDataLoss);
  }
}

// A source that looks at no checksum.
class TrustingSource final : public BlockSource {
 public:
  explicit TrustingSource(std::string bytes) : memory_(Bytes::from_string(std::move(bytes))) {}
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

TEST(Chunk, AFlippedByteThatNoChecksumSawNeverHarms) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const std::uint64_t bound = 1 + random.below(300);
    Texts values(1 + random.below(300));
    for (std::string& value : values) value = "value " + std::to_string(random.below(bound));
    const Written written = write(values);
    for (std::size_t i = 0; i < written.blocks.bytes().size(); ++i) {
      std::string bad = written.blocks.bytes();
      bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ (1 + random.below(255)));
      const TrustingSource source(bad);
      if (const auto column = load_texts(source, written.chunk)) {
        ASSERT_EQ(values_of(*column).size(), values.size());
      }
      const auto filter = source.read(written.chunk.filter);
      ASSERT_TRUE(filter);
      static_cast<void>(filter_may_contain(filter->view(), random.next()));
    }
  }
}

}  // namespace
}  // namespace kolben::storage::part
