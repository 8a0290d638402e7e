#include "storage/evaluate.h"

#include <gtest/gtest.h>

namespace kolben::storage {
namespace {

class EvaluateTest : public testing::Test {
 protected:
  EvaluateTest() {
    set(resource_.attributes, arena_, "service.name", Value::string("shop"));
    set(resource_.attributes, arena_, "both", Value::string("resource"));
    scope_.name = "library";
    span_.name = "GET /";
    span_.kind = SpanKind::kServer;
    span_.status_code = SpanStatusCode::kError;
    span_.start_time_unix_nano = 1000;
    span_.end_time_unix_nano = 1500;
    set(span_.attributes, arena_, "http.status_code", Value::integer(404));
    set(span_.attributes, arena_, "ratio", Value::real(0.5));
    set(span_.attributes, arena_, "cached", Value::boolean(true));
    set(span_.attributes, arena_, "route", Value::string("/users/{id}"));
    set(span_.attributes, arena_, "both", Value::string("span"));
    List<Value> list;
    list.push_back(arena_, Value::integer(1));
    list.push_back(arena_, Value::string("a"));
    set(span_.attributes, arena_, "list", Value::array(list));
    SpanEvent& event = span_.events.add(arena_);
    set(event.attributes, arena_, "exception.type", Value::string("Timeout"));
  }

  bool holds(Field field, Operator op, Operand operand) {
    const auto filter =
        CompiledFilter::compile(Filter{Compare{std::move(field), op, std::move(operand)}});
    EXPECT_TRUE(filter);
    return matches(*filter, resource_, scope_, span_);
  }
  static Field tag(std::string key, AttributeScope scope = AttributeScope::kAny) {
    return Attribute{scope, std::move(key)};
  }

  Arena arena_;
  Resource resource_;
  Scope scope_;
  Span span_;
};

TEST_F(EvaluateTest, TextComparesWithTheTextFormOfAnyValue) {
  EXPECT_TRUE(holds(tag("http.status_code"), Operator::kEqual, "404"));
  EXPECT_FALSE(holds(tag("http.status_code"), Operator::kEqual, "0404"));
  EXPECT_TRUE(holds(tag("ratio"), Operator::kEqual, "0.5"));
  EXPECT_TRUE(holds(tag("cached"), Operator::kEqual, "true"));
  EXPECT_TRUE(holds(tag("list"), Operator::kEqual, "[1,\"a\"]"));
  EXPECT_TRUE(holds(tag("route"), Operator::kRegex, "/users/.*"));
  EXPECT_FALSE(holds(tag("route"), Operator::kRegex, "users"));  // anchored
  EXPECT_TRUE(holds(tag("http.status_code"), Operator::kRegex, "4.."));
}

TEST_F(EvaluateTest, NumbersAndTruthCompareWithTheirKind) {
  EXPECT_TRUE(holds(tag("http.status_code"), Operator::kEqual, std::int64_t{404}));
  EXPECT_TRUE(holds(tag("http.status_code"), Operator::kGreater, 403.5));
  EXPECT_TRUE(holds(tag("ratio"), Operator::kLess, std::int64_t{1}));
  EXPECT_FALSE(holds(tag("route"), Operator::kLess, std::int64_t{1}));
  EXPECT_TRUE(holds(tag("cached"), Operator::kEqual, true));
  EXPECT_FALSE(holds(tag("http.status_code"), Operator::kEqual, true));
}

TEST_F(EvaluateTest, OrderedComparisonOfANumberWithATextGoesByNumber) {
  EXPECT_TRUE(holds(tag("http.status_code"), Operator::kGreater, "99"));
  EXPECT_TRUE(holds(tag("http.status_code"), Operator::kLess, "1000.5"));
}

TEST_F(EvaluateTest, NotEqualNeedsAValueAndNoEqualOne) {
  EXPECT_TRUE(holds(tag("route"), Operator::kNotEqual, "x"));
  EXPECT_FALSE(holds(tag("missing"), Operator::kNotEqual, "x"));
  EXPECT_FALSE(holds(tag("both"), Operator::kNotEqual, "resource"));
  EXPECT_TRUE(holds(tag("both", AttributeScope::kSpan), Operator::kNotEqual, "resource"));
}

TEST_F(EvaluateTest, AnyLooksEverywhereAndScopesOnlyAtTheirPlace) {
  EXPECT_TRUE(holds(tag("both"), Operator::kEqual, "span"));
  EXPECT_TRUE(holds(tag("both"), Operator::kEqual, "resource"));
  EXPECT_FALSE(holds(tag("both", AttributeScope::kResource), Operator::kEqual, "span"));
  EXPECT_TRUE(holds(tag("exception.type"), Operator::kExists, ""));
  EXPECT_TRUE(holds(tag("exception.type", AttributeScope::kEvent), Operator::kEqual, "Timeout"));
  EXPECT_FALSE(holds(tag("exception.type", AttributeScope::kSpan), Operator::kExists, ""));
}

TEST_F(EvaluateTest, IntrinsicFields) {
  EXPECT_TRUE(holds(Intrinsic::kServiceName, Operator::kEqual, "shop"));
  EXPECT_TRUE(holds(Intrinsic::kKind, Operator::kEqual, "server"));
  EXPECT_TRUE(holds(Intrinsic::kStatus, Operator::kEqual, "error"));
  EXPECT_TRUE(holds(Intrinsic::kDuration, Operator::kEqual, std::int64_t{500}));
  EXPECT_TRUE(holds(Intrinsic::kIsRoot, Operator::kEqual, true));
  EXPECT_FALSE(holds(Intrinsic::kBody, Operator::kExists, ""));
}

TEST_F(EvaluateTest, ABadRegexAndAnEndlessFilterAreRefused) {
  EXPECT_EQ(
      CompiledFilter::compile(Filter{Compare{tag("a"), Operator::kRegex, "("}}).error().code(),
      StatusCode::kInvalidArgument);
  Filter deep{And{}};
  for (int i = 0; i < 100; ++i) deep = Filter{Not{std::make_shared<const Filter>(deep)}};
  EXPECT_FALSE(CompiledFilter::compile(deep));
}

}  // namespace
}  // namespace kolben::storage
