#include "storage/engine/part/bit_plane.h"

#include <gtest/gtest.h>

#include <vector>

#include "base/random.h"

namespace kolben::storage::part {
namespace {

TEST(BitPlane, WhatIsPackedComesBack) {
  Random random(1);
  for (const std::size_t count : {0U, 1U, 2U, 7U, 8U, 9U, 63U, 64U, 65U, 1000U, 8192U}) {
    for (unsigned bits = 1; bits <= kPackedBitsMax; ++bits) {
      std::vector<std::uint8_t> values(count);
      for (std::uint8_t& value : values) {
        value = static_cast<std::uint8_t>(random.below(std::uint64_t{1} << bits));
      }
      std::string packed;
      pack_bits(values, bits, packed);
      EXPECT_EQ(packed.size(), packed_bytes(count, bits));
      std::vector<std::uint8_t> unpacked(count, 0xff);
      ASSERT_TRUE(unpack_bits(packed, bits, unpacked));
      EXPECT_EQ(unpacked, values) << count << " values of " << bits << " bits";
    }
  }
}

TEST(BitPlane, TakesAsManyBitsAsItSays) {
  EXPECT_EQ(packed_bytes(8192, 1), 1024U);
  EXPECT_EQ(packed_bytes(8192, 3), 3072U);
  EXPECT_EQ(packed_bytes(8192, 7), 7168U);
  EXPECT_EQ(packed_bytes(3, 7), 2U + 1U + 1U);
}

// The bytes are on disk: docs/formats/part.md.
TEST(BitPlane, StandsAsTheFormatSays) {
  const std::vector<std::uint8_t> values{5, 1, 7, 2, 4};  // of 3 bits: runs of 2 and of 1
  std::string packed;
  pack_bits(values, 3, packed);
  EXPECT_EQ(packed, std::string("\x0d\x09\x15", 3));
}

TEST(BitPlane, OtherSizesAreRefused) {
  std::vector<std::uint8_t> values(100);
  const std::string bytes(packed_bytes(100, 3), '\0');
  EXPECT_TRUE(unpack_bits(bytes, 3, values));
  EXPECT_FALSE(unpack_bits(bytes.substr(1), 3, values));
  EXPECT_FALSE(unpack_bits(bytes + "x", 3, values));
  EXPECT_FALSE(unpack_bits(bytes, 0, values));
  EXPECT_FALSE(unpack_bits(bytes, 8, values));
}

}  // namespace
}  // namespace kolben::storage::part
