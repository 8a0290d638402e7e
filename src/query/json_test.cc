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

TEST(Json, PrettyPrintLeavesStringsAlone) {
  EXPECT_EQ(pretty_print(R"({"a":[1,{}],"b":"{,:\"}","c":[]})", 2),
            "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": \"{,:\\\"}\",\n  \"c\": []\n}");
}

TEST(Json, PrettyPrintSurvivesAnyText) {
  EXPECT_EQ(pretty_print("]]}\"\\", 4), "\n]\n]\n}\"\\");
}

}  // namespace
}  // namespace kolben::query
