#include "prometheus/exposition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kolben::prometheus {
namespace {

template <typename Value>
std::string text_of(void (*append)(std::string&, Value), Value value) {
  std::string out;
  append(out, value);
  return out;
}

TEST(Exposition, ALabelCantEndItsQuotesOrItsLine) {
  EXPECT_EQ(text_of<std::string_view>(append_label_value, "a\"b\\c\nd\xff"),
            "a\\\"b\\\\c\\nd\xef\xbf\xbd");
}

TEST(Exposition, HelpKeepsItsQuotes) {
  EXPECT_EQ(text_of<std::string_view>(append_help, "say \"hi\"\n\\"), "say \"hi\"\\n\\\\");
}

TEST(Exposition, NumbersReadBackTheSame) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(text_of(append_number, 3.0), "3");
  EXPECT_EQ(text_of(append_number, 0.1), "0.1");
  EXPECT_EQ(text_of(append_number, kInfinity), "+Inf");
  EXPECT_EQ(text_of(append_number, -kInfinity), "-Inf");
  EXPECT_EQ(text_of(append_number, std::nan("")), "NaN");
}

}  // namespace
}  // namespace kolben::prometheus
