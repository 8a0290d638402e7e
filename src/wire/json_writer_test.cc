#include "wire/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kolben::wire {
namespace {

template <typename Write>
std::string written(Write write) {
  std::string out;
  JsonWriter json(out);
  write(json);
  return out;
}

std::string quoted(std::string_view text) {
  return written([text](JsonWriter& json) { json.string(text); });
}

std::string real(double value) {
  return written([value](JsonWriter& json) { json.real(value); });
}

TEST(JsonWriter, PutsCommasBetweenSiblings) {
  EXPECT_EQ(written([](JsonWriter& json) {
              json.begin_object();
              json.key("a");
              json.begin_array();
              json.integer(-1);
              json.begin_object();
              json.end_object();
              json.null();
              json.end_array();
              json.key("b");
              json.boolean(true);
              json.end_object();
            }),
            R"({"a":[-1,{},null],"b":true})");
}

TEST(JsonWriter, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(quoted("a\"b\\c\n\r\t\x01\x7f"), "\"a\\\"b\\\\c\\n\\r\\t\\u0001\\u007f\"");
  EXPECT_EQ(quoted("größe ✓ 🙂"), "\"größe ✓ 🙂\"");
}

TEST(JsonWriter, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(quoted("a\xff"
                   "b"),
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_EQ(quoted("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");                  // overlong
  EXPECT_EQ(quoted("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // surrogate
  EXPECT_EQ(quoted("\xE2\x9C"), "\"\xEF\xBF\xBD\"");                              // cut off
  EXPECT_EQ(quoted("\xF4\x90\x80\x80"),
            "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");  // past U+10FFFF
}

TEST(JsonWriter, WritesDoublesAsShortAsTheyCanBe) {
  EXPECT_EQ(real(0.1), "0.1");
  EXPECT_EQ(real(-0.0), "-0.0");
  EXPECT_EQ(real(3), "3");
  EXPECT_EQ(real(1e300), "1e+300");
  EXPECT_EQ(real(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(real(std::nan("")), "\"NaN\"");
  EXPECT_EQ(real(INFINITY), "\"Infinity\"");
  EXPECT_EQ(real(-INFINITY), "\"-Infinity\"");
}

TEST(JsonWriter, QuotesWideIntegersAndBytes) {
  EXPECT_EQ(written([](JsonWriter& json) {
              json.begin_array();
              json.quoted_integer(INT64_MIN);
              json.quoted_unsigned_integer(UINT64_MAX);
              json.base64("foo");
              json.hex("\x01\xff");
              json.raw("{}");
              json.end_array();
            }),
            R"(["-9223372036854775808","18446744073709551615","Zm9v","01ff",{}])");
}

}  // namespace
}  // namespace kolben::wire
