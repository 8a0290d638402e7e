#include "storage/engine/part/texts.h"

#include <gtest/gtest.h>

#include "base/random.h"
#include "storage/engine/part/cursor.h"
#include "storage/engine/part/testing.h"
#include "storage/engine/part/text_forms.h"
#include "wire/hex.h"

namespace kolben::storage::part {
namespace {

using Values = std::vector<std::string>;

std::string encoded(const Values& values) {
  const std::vector<std::string_view> views(values.begin(), values.end());
  std::string out;
  encode_texts(views, out);
  return out;
}

// Decodes out of memory of exactly the right size, so that a sanitizer sees what reads beyond.
bool decode(std::string_view bytes, std::size_t count, Values& out) {
  auto owner = std::make_shared<std::vector<char>>(bytes.begin(), bytes.end());
  const Bytes shared(owner, {owner->data(), owner->size()});
  DecodedTexts texts;
  if (!decode_texts(shared, count, texts)) return false;
  out.assign(texts.values.begin(), texts.values.end());
  return true;
}

void expect_round_trip(const Values& values) {
  const std::string bytes = encoded(values);
  Values out;
  ASSERT_TRUE(decode(bytes, values.size(), out));
  ASSERT_EQ(out, values);
}

enum class Shape { kNoise, kWords, kUuid, kHex, kIpv4, kInteger, kEmpty, kMost };

std::string some_text(Random& random, Shape shape) {
  std::string text;
  switch (shape) {
    case Shape::kNoise:
      for (std::uint64_t size = random.below(20); size > 0; --size) {
        text.push_back(static_cast<char>(random.below(256)));
      }
      return text;
    case Shape::kWords:
      return "/api/products/" + std::to_string(random.below(1000)) + "/reviews";
    case Shape::kUuid: {
      std::string bytes(kUuidBytes, '\0');
      for (char& byte : bytes) byte = static_cast<char>(random.below(256));
      text.resize(kUuidCharacters);
      format_uuid(bytes.data(), text.data());
      return text;
    }
    case Shape::kHex:
      for (int i = 0; i < 16; ++i) text.push_back("0123456789abcdef"[random.below(16)]);
      return text;
    case Shape::kIpv4:
      text.resize(kIpv4CharactersMax);
      text.resize(format_ipv4(static_cast<std::uint32_t>(random.next()), text.data()));
      return text;
    case Shape::kInteger:
      return std::to_string(static_cast<std::int64_t>(random.next()) >> random.below(64));
    case Shape::kEmpty:
    case Shape::kMost:
      return text;
  }
  return text;
}

// Mostly of one shape, so that forms are nearly but not quite right.
Values some_texts(Random& random) {
  const auto shape = static_cast<Shape>(random.below(static_cast<std::uint64_t>(Shape::kMost)));
  const bool is_pure = random.below(2) == 0;
  Values values;
  for (std::uint64_t size = random.below(200); size > 0; --size) {
    const bool is_other = !is_pure && random.below(20) == 0;
    const auto other = static_cast<Shape>(random.below(static_cast<std::uint64_t>(Shape::kMost)));
    values.push_back(some_text(random, is_other ? other : shape));
  }
  return values;
}

TEST(Texts, WhatGoesInComesOut) {
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    expect_round_trip(some_texts(random));
    if (HasFatalFailure()) return;
  }
}

TEST(Texts, OddOnesComeOut) {
  expect_round_trip({});
  expect_round_trip({""});
  expect_round_trip({"", "", ""});
  expect_round_trip({std::string(300'000, 'x'), "", std::string(5, '\0')});
  expect_round_trip({"00", "007"});
  expect_round_trip({"1", "02"});
  expect_round_trip({"-0"});
  expect_round_trip({"1.2.3.4", "01.2.3.4"});
  expect_round_trip({"ff", "FF"});
  expect_round_trip({"ff", "fff"});
  expect_round_trip({"0123abcd-ef45-6789-abcd-0123456789EF"});
}

TEST(Texts, TheBytesAreThoseOfTheFormat) {
  const auto hex = [](const Values& values) { return wire::to_hex(encoded(values)); };
  EXPECT_EQ(hex({}), digits("00 04 00000100 00 00"));
  EXPECT_EQ(hex({"ab", "", "xyz"}),
            digits("00  09 00 00 01 01 00 03 020003  05 00 61 62 78 79 7a"));
  EXPECT_EQ(hex({"0123abcd-ef45-6789-abcd-0123456789ef"}),
            digits("01 00 0123abcdef456789abcd0123456789ef"));
  EXPECT_EQ(hex({"00ff", "1a2b"}), digits("02 04 00 00ff 1a2b"));
  EXPECT_EQ(hex({"10.0.0.1", "10.0.0.3"}), digits("03  0b 00 81808050 02 01 00 02 0001"));
  EXPECT_EQ(hex({"-3", "200"}), digits("04  09 00 05 8b03 01 00 02 0001"));
}

// What the format calls packed, with which a sequence of texts of no special form ends.
std::string packed_part(const std::string& bytes) {
  Cursor cursor(bytes);
  cursor.byte();    // the form
  cursor.text();    // the lengths
  cursor.varint();  // their sum
  return std::string(cursor.bytes(cursor.left()));
}

std::string joined(const Values& values) {
  std::string all;
  for (const std::string& value : values) all += value;
  return all;
}

TEST(Texts, AreCompressedWhereThatSavesASixteenth) {
  Values routes;
  for (int i = 0; i < 1000; ++i) routes.push_back("GET /api/products/" + std::to_string(i % 10));
  const std::string packed = packed_part(encoded(routes));
  const std::size_t plain = joined(routes).size();
  ASSERT_EQ(packed.substr(0, 1), std::string(1, '\1'));  // zstd
  EXPECT_LE(packed.size() - 1, plain - plain / 16);
  expect_round_trip(routes);
}

TEST(Texts, WhatDoesNotShrinkStaysAsItIs) {
  Random random(1);
  Values noise;
  for (int i = 0; i < 1000; ++i) {
    std::string& text = noise.emplace_back();
    for (int j = 0; j < 20; ++j) text.push_back(static_cast<char>(random.below(256)));
  }
  EXPECT_EQ(packed_part(encoded(noise)), '\0' + joined(noise));
  const Values one = {"GET /api/products/1"};  // too short
  EXPECT_EQ(packed_part(encoded(one)), '\0' + joined(one));
}

TEST(Texts, EveryCutIsRefused) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Values values = some_texts(random);
    const std::string bytes = encoded(values);
    Values out;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_FALSE(decode(std::string_view(bytes).substr(0, size), values.size(), out)) << size;
    }
    ASSERT_FALSE(decode(bytes + '\0', values.size(), out));
  }
}

TEST(Texts, AFlippedByteNeverHarms) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Values values = some_texts(random);
    const std::string good = encoded(values);
    for (std::size_t i = 0; i < good.size(); ++i) {
      std::string bad = good;
      bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ (1 + random.below(255)));
      Values out;
      if (decode(bad, values.size(), out)) {
        ASSERT_EQ(out.size(), values.size());
      }
    }
  }
}

TEST(Texts, AnotherNumberIsRefused) {
  Values out;
  for (const Values& values : {Values{"ab", "", "xyz"}, Values{"00ff", "1a2b"},
                               Values{"10.0.0.1", "10.0.0.3"}, Values{"-3", "200"}}) {
    EXPECT_FALSE(decode(encoded(values), values.size() + 1, out));
    EXPECT_FALSE(decode(encoded(values), values.size() - 1, out));
  }
}

TEST(Texts, RawBytesAreNotCopied) {
  const Bytes bytes = Bytes::from_string(encoded({"ab", "xyz"}));
  DecodedTexts texts;
  ASSERT_TRUE(decode_texts(bytes, 2, texts));
  EXPECT_GE(texts.values[0].data(), bytes.data());
  EXPECT_LT(texts.values[0].data(), bytes.data() + bytes.size());
  EXPECT_EQ(texts.memory, bytes.owner());
}

}  // namespace
}  // namespace kolben::storage::part
