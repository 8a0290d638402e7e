#include "wire/utf8.h"

#include <gtest/gtest.h>

namespace kolben::wire {
namespace {

std::string readable(std::string_view text) {
  std::string out;
  append_utf8(text, out);
  return out;
}

TEST(Utf8, ValidTextStaysAsItIs) {
  for (const char* text : {"", "plain", "caf\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
    EXPECT_EQ(readable(text), text);
  }
}

// The examples of Unicode 15, 3.9: one replacement for each maximal subpart.
TEST(Utf8, WhatIsInvalidBecomesReplacementCharacters) {
  const auto f = [](std::string_view input, std::string_view want) {
    EXPECT_EQ(readable(input), want);
  };
  f("a\xff"
    "b",
    "a\xef\xbf\xbd"
    "b");
  f("\x80", "\xef\xbf\xbd");                                  // a tail alone
  f("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");                  // "/" written too long
  f("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // a surrogate
  f("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");  // past U+10FFFF
  f("\xe2\x82", "\xef\xbf\xbd");  // cut off: one, not two
}

}  // namespace
}  // namespace kolben::wire
