#include "query/string_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::query {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(StringMap, KeepsTheOrderOfTheText) {
  const auto map = parse_string_map(R"( {"b" : "1", "a":"2" } )");
  ASSERT_TRUE(map.has_value());
  EXPECT_THAT(*map, ElementsAre(Pair("b", "1"), Pair("a", "2")));
}

TEST(StringMap, ReadsEscapes) {
  const auto map = parse_string_map(R"({"k\"":"a\\b\/\n\u00e9\ud83d\ude00\ud800"})");
  ASSERT_TRUE(map.has_value());
  EXPECT_THAT(*map, ElementsAre(Pair("k\"", "a\\b/\n\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd")));
}

TEST(StringMap, NullIsEmptyAsInGo) {
  const auto map = parse_string_map(R"({"k":null})");
  ASSERT_TRUE(map.has_value());
  EXPECT_THAT(*map, ElementsAre(Pair("k", "")));
}

TEST(StringMap, RefusesWhatIsNoMapOfStrings) {
  for (const char* text :
       {"", "{", "[]", "\"a\"", "{\"a\"}", "{\"a\":1}", "{\"a\":true}", "{\"a\":{}}",
        "{\"a\":\"b\",}", "{\"a\":\"b\"}x", "{\"a\":\"b", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}",
        "{\"a\":\"line\nfeed\"}", "{a:\"b\"}"}) {
    EXPECT_FALSE(parse_string_map(text).has_value()) << text;
  }
}

TEST(StringMap, HasABound) {
  std::string text = "{";
  for (std::size_t i = 0; i <= kMapEntriesMax; ++i) {
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"\"";
  }
  const auto map = parse_string_map(text + "}");
  ASSERT_FALSE(map.has_value());
  EXPECT_THAT(std::string(map.error().message()), HasSubstr("more than 64"));
}

}  // namespace
}  // namespace kolben::query
