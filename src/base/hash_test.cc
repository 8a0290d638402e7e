#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

#include "base/sha256.h"

namespace kolben {
namespace {

// The check value of RFC 3720, appendix B.4, and of every CRC catalogue.
TEST(Crc32c, KnownValue) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
}

TEST(Crc32c, OfPartsEqualsOfWhole) {
  const std::string text = "the quick brown fox jumps over the lazy dog";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), crc32c(text)) << cut;
  }
}

TEST(Hash64, LengthMatters) {
  EXPECT_NE(hash64(std::string_view("\0", 1)), hash64(std::string_view("\0\0", 2)));
  EXPECT_NE(hash64("a"), hash64("b"));
  EXPECT_EQ(hash64("resource"), hash64("resource"));
}

// FIPS 180-4's example.
TEST(Sha256, KnownValue) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace kolben
