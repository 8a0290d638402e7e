#include <gtest/gtest.h>

#include "base/random.h"
#include "wire/base64.h"
#include "wire/hex.h"

namespace kolben::wire {
namespace {

std::string to_base64(std::string_view bytes) {
  std::string out;
  append_base64(bytes, out);
  return out;
}

TEST(Hex, WritesLowerCaseAndReadsEither) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xAB\xff", 3)), "00abff");
  char bytes[2];
  EXPECT_TRUE(read_hex("aBfF", bytes));
  EXPECT_EQ(std::string_view(bytes, 2), "\xAB\xFF");
}

TEST(Hex, RefusesOddLengthsAndOtherCharacters) {
  char bytes[2];
  EXPECT_FALSE(read_hex("abc", bytes));
  EXPECT_FALSE(read_hex("0g", bytes));
  EXPECT_FALSE(read_hex("-1", bytes));
}

// RFC 4648, section 10.
TEST(Base64, TestVectorsOfTheRfc) {
  const auto both = [](std::string_view bytes, std::string_view text) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  };
  both("", "");
  both("f", "Zg==");
  both("fo", "Zm8=");
  both("foo", "Zm9v");
  both("foob", "Zm9vYg==");
  both("fooba", "Zm9vYmE=");
  both("foobar", "Zm9vYmFy");
}

TEST(Base64, ReadsTheUrlSafeAlphabetWithAndWithoutPadding) {
  EXPECT_EQ(from_base64("-_8="), "\xfb\xff");
  EXPECT_EQ(from_base64("+/8"), "\xfb\xff");
}

TEST(Base64, RefusesWhatIsNoBase64) {
  EXPECT_FALSE(from_base64("A"));
  EXPECT_FALSE(from_base64("AB=C"));
  EXPECT_FALSE(from_base64("A==="));
  EXPECT_FALSE(from_base64("Zm9v\n"));
}

TEST(Base64, AnyBytesSurvive) {
  Random random(1);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.below(256));
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  }
}

}  // namespace
}  // namespace kolben::wire
