#include <gtest/gtest.h>

#include "base/random.h"
#include "wire/base64.h"
#include "wire/hex.h"
#include "wire/utf8.h"

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

// Unicode 15, section 3.9: ill-formed sequences, each part that could have begun one replaced once.
TEST(Utf8, ReplacesWhatIsNotWellFormed) {
  const auto repaired = [](std::string_view text) {
    std::string out;
    append_utf8(text, out);
    return out;
  };
  EXPECT_EQ(repaired("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
            "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(repaired("\xff|"), "\xef\xbf\xbd|");
  EXPECT_EQ(repaired("\xe2\x82|"), "\xef\xbf\xbd|");                        // cut off
  EXPECT_EQ(repaired("\xc0\xaf"), "\xef\xbf\xbd\xef\xbf\xbd");              // overlong
  EXPECT_EQ(repaired("\xed\xa0\x80").find('\xed'), std::string::npos);      // a surrogate
  EXPECT_EQ(repaired("\xf4\x90\x80\x80").find('\xf4'), std::string::npos);  // above U+10FFFF
}

}  // namespace
}  // namespace kolben::wire
