#include "agent/process/shown_line.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

TEST(ShownLine, ControlCharactersAreBlanks) {
  EXPECT_EQ(shown_line("a\x1b[2Jb\r\nc\x7f\td\xc3\xa4"), "a [2Jb  c \td\xc3\xa4");
  EXPECT_EQ(shown_line(std::string_view("a\0b", 3)), "a b");
  EXPECT_EQ(shown_line(""), "");
}

TEST(ShownLine, ALongOneIsCutBetweenCharacters) {
  const std::string longest(kShownBytesMax, 'x');
  EXPECT_EQ(shown_line(longest), longest);
  EXPECT_EQ(shown_line(longest + "x"), std::string(kShownBytesMax - 4, 'x') + " ...");
  const std::string before(kShownBytesMax - 5, 'x');
  EXPECT_EQ(shown_line(before + "\xe2\x82\xac and more"), before + " ...");
}

}  // namespace
}  // namespace kolben::agent
