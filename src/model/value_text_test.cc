#include "model/value_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kolben {
namespace {

std::string json_of(const Value& value) {
  std::string text;
  wire::JsonWriter json(text);
  append_json(json, value);
  return text;
}

// A map that holds one value of each type that a map may hold.
Value sample_map(Arena& arena) {
  List<Value> items;
  items.push_back(arena, Value::string("a\"b"));
  items.push_back(arena, Value::integer(INT64_MIN));
  items.push_back(arena, Value::bytes("\x01"));
  items.push_back(arena, Value());
  List<KeyValue> entries;
  entries.push_back(arena, {"list", Value::array(items)});
  entries.push_back(arena, {"half", Value::real(0.5)});
  return Value::kvlist(entries);
}

Value nested_arrays(Arena& arena, int depth) {
  Value value = Value::integer(1);
  for (int i = 0; i < depth; ++i) {
    List<Value> items;
    items.push_back(arena, value);
    value = Value::array(items);
  }
  return value;
}

TEST(ValueText, ScalarsAreAsPeopleWriteThem) {
  EXPECT_EQ(value_text(Value()), "");
  EXPECT_EQ(value_text(Value::string("a \"quote\"")), "a \"quote\"");
  EXPECT_EQ(value_text(Value::boolean(true)), "true");
  EXPECT_EQ(value_text(Value::integer(-7)), "-7");
  EXPECT_EQ(value_text(Value::real(2.5)), "2.5");
  EXPECT_EQ(value_text(Value::bytes("ab")), "YWI=");
}

TEST(ValueText, NumbersThatJsonLacksHaveNames) {
  EXPECT_EQ(value_text(Value::real(std::nan(""))), "NaN");
  EXPECT_EQ(value_text(Value::real(-std::numeric_limits<double>::infinity())), "-Infinity");
  EXPECT_EQ(json_of(Value::real(std::nan(""))), "\"NaN\"");
}

TEST(ValueText, ArraysAndMapsAreJson) {
  Arena arena;
  const Value map = sample_map(arena);
  EXPECT_EQ(value_text(map), R"({"list":["a\"b",-9223372036854775808,"AQ==",null],"half":0.5})");
  EXPECT_EQ(json_of(map), value_text(map));
}

TEST(ValueText, WhatIsNestedTooDeepIsNull) {
  Arena arena;
  EXPECT_EQ(value_text(nested_arrays(arena, kValueDepthMax)).find("null"), std::string::npos);
  EXPECT_NE(value_text(nested_arrays(arena, kValueDepthMax + 1)).find("null"), std::string::npos);
}

}  // namespace
}  // namespace kolben
