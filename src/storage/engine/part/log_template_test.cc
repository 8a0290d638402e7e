#include "storage/engine/part/log_template.h"

#include <gtest/gtest.h>

#include <utility>

namespace kolben::storage::part {
namespace {

using Variables = std::vector<std::string_view>;

std::pair<std::string, Variables> split(std::string_view text) {
  std::pair<std::string, Variables> result;
  EXPECT_TRUE(split_template(text, result.first, result.second)) << text;
  return result;
}

TEST(LogTemplate, WordsWithDigitsAreVariables) {
  EXPECT_EQ(split("Fetched 17 tasks"),
            std::pair(std::string("Fetched \x11 tasks"), Variables{"17"}));
  EXPECT_EQ(split("GET /a/b42?x=-1.5e3"),
            std::pair(std::string("GET /a/\x11?x=\x11"), Variables{"b42", "-1.5e3"}));
  EXPECT_EQ(split("7"), std::pair(std::string("\x11"), Variables{"7"}));
}

TEST(LogTemplate, TextsWithoutVariablesAreNone) {
  std::string text;
  Variables variables;
  EXPECT_FALSE(split_template("", text, variables));
  EXPECT_FALSE(split_template("connection refused", text, variables));
}

TEST(LogTemplate, TextsWithThePlaceholderOrTooManyVariablesAreNone) {
  std::string text;
  Variables variables;
  EXPECT_FALSE(split_template("1 \x11 2", text, variables));
  std::string many;
  for (std::size_t i = 0; i < kVariablesMax; ++i) many += "1 ";
  EXPECT_TRUE(split_template(many, text, variables));
  EXPECT_FALSE(split_template(many + "1", text, variables));
}

TEST(LogTemplate, JoiningGivesTheTextBack) {
  for (const std::string_view text :
       {"a1", "1a", "x 1 y 2 z", "2024-10-28T14:20:33.123Z [worker-7] took 3ms",
        "\xc3\xa4 5 \xff\xfe 6"}) {
    const auto [template_text, variables] = split(text);
    std::string joined;
    append_joined(template_text, variables.data(), joined);
    EXPECT_EQ(joined, text);
  }
}

}  // namespace
}  // namespace kolben::storage::part
