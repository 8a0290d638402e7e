#include "storage/engine/part/ints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "base/random.h"
#include "storage/engine/part/testing.h"
#include "wire/hex.h"

namespace kolben::storage::part {
namespace {

using Values = std::vector<std::uint64_t>;
constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();

std::string encoded(const Values& values, Order order = Order::kAsTheyAre) {
  std::string out;
  encode_ints(values, order, out);
  return out;
}

std::string hex(const Values& values, Order order = Order::kAsTheyAre) {
  return wire::to_hex(encoded(values, order));
}

void expect_round_trip(const Values& values) {
  const bool is_narrow = std::all_of(values.begin(), values.end(), [](std::uint64_t value) {
    return value <= std::numeric_limits<std::uint32_t>::max();
  });
  for (const Order order : {Order::kAsTheyAre, Order::kDifferences}) {
    const std::string bytes = encoded(values, order);
    Values wide;
    ASSERT_TRUE(decode_ints(bytes, values.size(), wide));
    ASSERT_EQ(wide, values);
    std::vector<std::uint32_t> narrow;
    ASSERT_EQ(decode_ints(bytes, values.size(), narrow), is_narrow);
    if (is_narrow) {
      ASSERT_EQ(Values(narrow.begin(), narrow.end()), values);
    }
  }
  const bool are_bytes = std::all_of(values.begin(), values.end(),
                                     [](std::uint64_t value) { return value <= UINT8_MAX; });
  FilledVector<std::uint8_t> bytes;
  ASSERT_EQ(decode_ints(encoded(values), values.size(), bytes), are_bytes);
  if (are_bytes) {
    ASSERT_EQ(Values(bytes.begin(), bytes.end()), values);
  }
}

// A sequence of one of the shapes that columns have.
Values some_values(Random& random) {
  Values values(random.below(700));
  const std::uint64_t base = random.next() >> random.below(64);
  const std::uint64_t step = 1 + (random.next() >> random.below(64)) % 5000;
  const std::uint64_t bound = std::max<std::uint64_t>(random.next() >> random.below(64), 1);
  const std::uint64_t shape = random.below(4);
  std::uint64_t last = base;
  for (std::uint64_t& value : values) {
    if (shape == 0) value = random.below(bound);
    if (shape == 1) value = base + step * random.below(300);
    if (shape == 2) value = last += random.below(step);
    if (shape == 3) value = random.next() >> random.below(64);
  }
  return values;
}

TEST(Ints, WhatGoesInComesOut) {
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    expect_round_trip(some_values(random));
    if (HasFatalFailure()) return;
  }
}

TEST(Ints, ExtremesComeOut) {
  expect_round_trip({});
  expect_round_trip({0});
  expect_round_trip({kMax});
  expect_round_trip({0, kMax});
  expect_round_trip({255, 0});
  expect_round_trip({256, 255});
  expect_round_trip({251, 253, 255});
  expect_round_trip({251, 254, 257});
  expect_round_trip({256, 256, 256});
  expect_round_trip({kMax, 0, kMax, 0, 1});
  expect_round_trip({std::uint64_t{1} << 63, 0});
  expect_round_trip(Values(100'000, kMax));
  Values ramp;
  for (std::uint64_t i = 0; i < 100'000; ++i) ramp.push_back(i * 1'000'000'007);
  expect_round_trip(ramp);
}

// The format must not change unnoticed: these are the bytes of docs/formats/part.md.
TEST(Ints, TheBytesAreThoseOfTheFormat) {
  EXPECT_EQ(hex({}), digits("00 00 01 00"));
  EXPECT_EQ(hex({}, Order::kDifferences), digits("00 00 01 00"));
  EXPECT_EQ(hex({300, 300, 300}), digits("00 ac02 01 00"));
  EXPECT_EQ(hex({5, 7, 6}), digits("00 05 01 01  00 03 000201"));
  EXPECT_EQ(hex({1000, 4000, 2000}), digits("00 e807 e807 01  00 03 000301"));
  EXPECT_EQ(hex({0, 0x010203, 0x01}),
            digits("00 00 01 03  00 03 000301  00 03 000200  00 03 000100"));
  EXPECT_EQ(hex({0, 0x10001, 0x20001}),
            digits("00 00 01 03  00 03 000101  02 01 00  00 03 000102"));
  EXPECT_EQ(hex({10, 20, 30, 40}, Order::kDifferences), digits("01 0a 14 01 00"));
  EXPECT_EQ(hex({10, 9, 11}, Order::kDifferences), digits("01 0a 01 03 01  00 02 0001"));
}

TEST(Ints, APlaneThatShrinksIsCompressed) {
  Values values;
  for (std::uint64_t i = 0; i < 16'384; ++i) values.push_back(i % 3);
  const std::string bytes = encoded(values);
  EXPECT_LT(bytes.size(), 100u);
  EXPECT_EQ(bytes[4], 1);  // zstd
  expect_round_trip(values);
}

TEST(Ints, APlaneOfNoiseStaysRaw) {
  Random random(1);
  Values values(16'384);
  for (std::uint64_t& value : values) value = random.below(256);
  const std::string bytes = encoded(values);
  EXPECT_EQ(bytes.size(), 4 + 1 + 3 + values.size());
  EXPECT_EQ(bytes[4], 0);  // raw
}

TEST(Ints, AValueThatDoesNotFitIsRefused) {
  std::vector<std::uint32_t> narrow;
  EXPECT_FALSE(decode_ints(encoded({0, std::uint64_t{1} << 32}), 2, narrow));
  EXPECT_FALSE(decode_ints(encoded({std::uint64_t{1} << 32}), 1, narrow));
  EXPECT_TRUE(decode_ints(encoded({0, (std::uint64_t{1} << 32) - 1}), 2, narrow));
  EXPECT_EQ(narrow, (std::vector<std::uint32_t>{0, 0xffffffff}));
  EXPECT_TRUE(decode_ints(encoded({0xfffffff0, 0xffffffff}), 2, narrow));
  EXPECT_EQ(narrow, (std::vector<std::uint32_t>{0xfffffff0, 0xffffffff}));
}

TEST(Ints, EveryCutIsRefused) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Values values = some_values(random);
    const std::string bytes = encoded(values);
    Values out;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ASSERT_FALSE(decode_ints(std::string_view(bytes).substr(0, size), values.size(), out));
    }
    ASSERT_FALSE(decode_ints(bytes + '\0', values.size(), out));
  }
}

TEST(Ints, AFlippedByteNeverHarms) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const Values values = some_values(random);
    for (const Order order : {Order::kAsTheyAre, Order::kDifferences}) {
      const std::string good = encoded(values, order);
      for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(static_cast<unsigned char>(bad[i]) ^ (1 + random.below(255)));
        Values wide;
        std::vector<std::uint32_t> narrow;
        if (decode_ints(bad, values.size(), wide)) {
          ASSERT_EQ(wide.size(), values.size());
        }
        if (decode_ints(bad, values.size(), narrow)) {
          ASSERT_EQ(narrow.size(), values.size());
        }
      }
    }
  }
}

TEST(Ints, MoreThanTheFormatAllowsIsRefused) {
  const std::string constant = encoded({7});
  Values out;
  EXPECT_FALSE(decode_ints(constant, kIntsMax + 1, out));
  EXPECT_TRUE(out.empty());
}

TEST(Ints, MalformedHeadersAreRefused) {
  const auto is_refused = [](std::string_view bytes, std::size_t count) {
    Values out;
    return !decode_ints(bytes, count, out);
  };
  using std::string_view_literals::operator""sv;
  EXPECT_TRUE(is_refused("\x02\x00\x01\x00"sv, 1));                  // unknown flag
  EXPECT_TRUE(is_refused("\x00\x00\x00\x00"sv, 1));                  // divisor 0
  EXPECT_TRUE(is_refused("\x00\x00\x01\x09"sv, 1));                  // nine planes
  EXPECT_TRUE(is_refused("\x00\x00\x01\x01\x03\x01\x00"sv, 1));      // unknown form of plane
  EXPECT_TRUE(is_refused("\x00\x00\x01\x01\x00\x00"sv, 0));          // a plane of nothing
  EXPECT_TRUE(is_refused("\x01\x00\x00\x01\x00"sv, 0));              // differences of nothing
  EXPECT_TRUE(is_refused("\x00\x00\x01\x01\x02\x02\x00\x00"sv, 2));  // constant of two bytes
}

TEST(Ints, OrderOfNumbersIsKept) {
  constexpr std::int64_t kIntegers[] = {std::numeric_limits<std::int64_t>::min(), -1, 0, 1,
                                        std::numeric_limits<std::int64_t>::max()};
  for (std::size_t i = 0; i < std::size(kIntegers); ++i) {
    EXPECT_EQ(integer_of(ordered(kIntegers[i])), kIntegers[i]);
    if (i > 0) {
      EXPECT_LT(ordered(kIntegers[i - 1]), ordered(kIntegers[i]));
    }
  }
  constexpr double kDoubles[] = {
      -std::numeric_limits<double>::infinity(), -1.5, -0.0, 0.0, 1e-300, 2.5,
      std::numeric_limits<double>::infinity()};
  for (std::size_t i = 0; i < std::size(kDoubles); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(double_of(ordered(kDoubles[i]))),
              std::bit_cast<std::uint64_t>(kDoubles[i]));
    if (i > 0) {
      EXPECT_LT(ordered(kDoubles[i - 1]), ordered(kDoubles[i]));
    }
  }
}

}  // namespace
}  // namespace kolben::storage::part
