#include "storage/required_text.h"

#include <gtest/gtest.h>
#include <re2/re2.h>

#include "base/random.h"

namespace kolben::storage {
namespace {

TEST(RequiredText, IsTheLongestPlainRun) {
  EXPECT_EQ(required_text("checkout"), "checkout");
  EXPECT_EQ(required_text(".*/carts/999.*"), "/carts/999");
  EXPECT_EQ(required_text("SELECT .*"), "SELECT ");
  EXPECT_EQ(required_text("a.bcd.ef"), "bcd");
  EXPECT_EQ(required_text("GET /v1/[a-z]+/items"), "GET /v1/");
  EXPECT_EQ(required_text("\\.example\\.com$"), ".example.com");
  EXPECT_EQ(required_text("ab(c|d)efg"), "efg");
}

TEST(RequiredText, LeavesOutWhatMayBeMissing) {
  EXPECT_EQ(required_text("abc?"), "ab");
  EXPECT_EQ(required_text("abc*d"), "ab");
  EXPECT_EQ(required_text("abc{0,2}d"), "ab");
  EXPECT_EQ(required_text("abc+d"), "abc");
  EXPECT_EQ(required_text("(abc)?d"), "d");
  EXPECT_EQ(required_text("é?ab"), "ab");
  EXPECT_EQ(required_text("abé*"), "ab");
}

TEST(RequiredText, IsEmptyWhereNothingIsCertain) {
  EXPECT_EQ(required_text(""), "");
  EXPECT_EQ(required_text("abc|def"), "");
  EXPECT_EQ(required_text("(?i)abc"), "");
  EXPECT_EQ(required_text("((?i)abc)def"), "");
  EXPECT_EQ(required_text("\\Qa|b\\E"), "");
  EXPECT_EQ(required_text("\\x41bc"), "");
  EXPECT_EQ(required_text("[abc]+"), "");
}

// Random patterns of the characters that mean something, on random texts of a few letters.
TEST(RequiredText, IsInEveryTextThatMatches) {
  constexpr std::string_view kPieces[] = {
      "a",   "b",   "c",   "ab", "abc",  ".",           "*",   "+",   "?",    "|",  "(",
      ")",   "(?:", "[",   "]",  "^",    "$",           "\\",  "\\.", "[^a]", "]a", "{1,2}",
      "{0}", "\\d", "\\w", "é",  "(?i)", "[[:alpha:]]", "\\b", "\\Q", "\\E",  "-",  ".*"};
  Random random(1);
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(true);
  int matches = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string pattern;
    for (std::uint64_t n = random.below(8); n > 0; --n) {
      pattern += kPieces[random.below(std::size(kPieces))];
    }
    const re2::RE2 re(pattern, options);
    if (!re.ok()) continue;
    const std::string required = required_text(pattern);
    for (int t = 0; t < 20; ++t) {
      constexpr std::string_view kLetters[] = {"a", "b", "c", "A", "é", ".", "1", "|", "-"};
      std::string text;
      for (std::uint64_t n = random.below(6); n > 0; --n) {
        text += kLetters[random.below(std::size(kLetters))];
      }
      if (!re2::RE2::FullMatch(text, re)) continue;
      ++matches;
      ASSERT_NE(text.find(required), std::string::npos) << pattern << " matches " << text;
    }
  }
  EXPECT_GT(matches, 1000);
}

}  // namespace
}  // namespace kolben::storage
