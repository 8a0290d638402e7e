#include "query/json.h"

#include <gtest/gtest.h>

namespace kolben::query {
namespace {

std::string micros(std::uint64_t nanos) {
  std::string text;
  JsonWriter json(text);
  write_micros(json, nanos);
  return text;
}

TEST(Json, MicrosecondsKeepTheNanoseconds) {
  EXPECT_EQ(micros(0), "0");
  EXPECT_EQ(micros(1000), "1");
  EXPECT_EQ(micros(1), "0.001");
  EXPECT_EQ(micros(1010), "1.01");
  EXPECT_EQ(micros(1500), "1.5");
  EXPECT_EQ(micros(UINT64_MAX), "18446744073709551.615");
}

TEST(Json, TextForms) {
  Arena arena;
  List<Value> items;
  items.push_back(arena, Value::string("a"));
  items.push_back(arena, Value::integer(INT64_MIN));
  items.push_back(arena, Value::bytes("\x01"));
  items.push_back(arena, Value());
  EXPECT_EQ(to_text(Value::string("plain")), "plain");
  EXPECT_EQ(to_text(Value::boolean(false)), "false");
  EXPECT_EQ(to_text(Value::real(2.5)), "2.5");
  EXPECT_EQ(to_text(Value::bytes("ab")), "YWI=");
  EXPECT_EQ(to_text(Value()), "");
  EXPECT_EQ(to_text(Value::array(items)), R"(["a",-9223372036854775808,"AQ==",null])");
}

TEST(Json, PrettyPrintLeavesStringsAlone) {
  EXPECT_EQ(pretty_print(R"({"a":[1,{}],"b":"{,:\"}","c":[]})", 2),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"{,:\\\"}\",\n  \"c\": []\n}");
}

TEST(Json, PrettyPrintSurvivesAnyText) {
  EXPECT_EQ(pretty_print("]]}\"\\", 4), "\n]\n]\n}\"\\");
}

}  // namespace
}  // namespace kolben::query
