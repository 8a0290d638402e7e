#include "query/page/span_detail.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace kolben::query::page {
namespace {

class SpanDetail : public ::testing::Test {
 protected:
  std::string detail(std::string_view name,
                     std::initializer_list<std::pair<std::string_view, Value>> attributes) {
    Span span;
    span.name = name;
    for (const auto& [key, value] : attributes) set(span.attributes, arena_, key, value);
    return std::string(span_detail(span));
  }
  Arena arena_;
};

TEST_F(SpanDetail, IsTheMostTellingText) {
  EXPECT_EQ(detail("SELECT", {{"net.peer.name", Value::string("db")},
                              {"db.statement", Value::string("SELECT 1")}}),
            "SELECT 1");
  EXPECT_EQ(detail("GET", {{"net.peer.name", Value::string("shop")}}), "shop");
}

TEST_F(SpanDetail, IsNothingWhereTheNameSaysItOrThereIsNone) {
  EXPECT_EQ(detail("GET /report", {{"http.target", Value::string("/report")}}), "");
  EXPECT_EQ(detail("GET", {{"http.target", Value::string("")}}), "");
  EXPECT_EQ(detail("GET", {{"http.target", Value::integer(7)}}), "");
  EXPECT_EQ(detail("GET", {{"other", Value::string("x")}}), "");
}

TEST_F(SpanDetail, EndsBetweenCharacters) {
  std::string text(199, 'x');
  text += "\xC3\xA9 and more";
  EXPECT_EQ(detail("q", {{"db.statement", Value::string(text)}}), std::string(199, 'x'));
}

}  // namespace
}  // namespace kolben::query::page
