#include "extensions/remote_sampling/read_strategies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::extensions::remote_sampling {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr double kDefault = 0.25;

// Tabs and all, as Jaeger's documentation has it.
constexpr std::string_view kFile = R"({
	"service_strategies": [
		{"service": "foo", "type": "probabilistic", "param": 0.8,
		 "operation_strategies": [
		   {"operation": "op1", "type": "probabilistic", "param": 0.2},
		   {"operation": "op\"2\/\u00e4", "type": "probabilistic", "param": 1e-3}]},
		{"service":"bar","type":"ratelimiting","param":5}
	],
	"default_strategy": {"type": "probabilistic", "param": 0.5,
		"operation_strategies": [{"operation": "/health", "type": "probabilistic", "param": 0.0}]}
})";

TEST(ReadStrategies, JaegersFile) {
  config::Errors errors;
  const Strategies read = read_strategies(kFile, "s.json", kDefault, errors);
  EXPECT_EQ(errors.to_string(), "");
  EXPECT_EQ(read.others.strategy.probability, 0.5);
  ASSERT_THAT(read.others.operations, SizeIs(1));
  EXPECT_EQ(read.others.operations[0].probability, 0);
  const ServiceStrategy& foo = read.services.at("foo");
  EXPECT_EQ(foo.strategy.probability, 0.8);
  ASSERT_THAT(foo.operations, SizeIs(2));
  EXPECT_EQ(foo.operations[1].name, "op\"2/\xc3\xa4");
  EXPECT_EQ(foo.operations[1].probability, 0.001);
  const ServiceStrategy& bar = read.services.at("bar");
  EXPECT_EQ(bar.strategy.type, Strategy::Type::kRateLimiting);
  EXPECT_EQ(bar.strategy.traces_per_second, 5);
  EXPECT_FALSE(bar.has_operations);
}

TEST(ReadStrategies, WhereNothingIsSaidTheDefaultHolds) {
  for (const char* text : {"null", "{}", R"({"default_strategy": {}})"}) {
    config::Errors errors;
    const Strategies read = read_strategies(text, "s.json", kDefault, errors);
    EXPECT_EQ(errors.to_string(), "");
    EXPECT_EQ(read.others.strategy.probability, kDefault);
    EXPECT_TRUE(read.services.empty());
  }
}

TEST(ReadStrategies, AnOperationsLimitIsIgnoredWithAWarning) {
  config::Errors errors;
  const Strategies read = read_strategies(
      R"({"default_strategy": {"type": "probabilistic", "param": 1, "operation_strategies":
          [{"operation": "x", "type": "ratelimiting", "param": 7}]}})",
      "s.json", kDefault, errors);
  EXPECT_EQ(errors.to_string(), "");
  EXPECT_THAT(errors.warnings(), ElementsAre(HasSubstr("s.json:2:")));
  EXPECT_TRUE(read.others.has_operations);
  EXPECT_TRUE(read.others.operations.empty());
}

TEST(ReadStrategies, MistakesNameTheirPlace) {
  const auto f = [](std::string_view text, std::string_view place, std::string_view what) {
    config::Errors errors;
    read_strategies(text, "s.json", kDefault, errors);
    EXPECT_THAT(errors.messages(),
                ElementsAre(testing::AllOf(testing::StartsWith(std::string(place)),
                                           HasSubstr(std::string(what)))))
        << text;
  };
  f("[1]", "s.json:1:1: ", "want a map");
  f(R"({"default_strategy": {"type": "probabilistic", "param": 1.5}})",
    "s.json:1:", "want a probability from 0 to 1");
  f(R"({"default_strategy": {"type": "probabilistic", "param": "1"}})",
    "s.json:1:", "want a number");
  f(R"({"default_strategy": {"type": "probabilistic"}})", "s.json:1:", "param");
  f(R"({"default_strategy": {"param": 1}})", "s.json:1:", "type");
  f(R"({"default_strategy":
        {"type": "ratelimitting", "param": 1}})",
    "s.json:2:", "did you mean \"ratelimiting\"");
  f(R"({"default_strategy": {"type": "ratelimiting", "param": 0.5}})",
    "s.json:1:", "want a whole number");
  f(R"({"default_strategy": {"type": "ratelimiting", "param": 1e10}})",
    "s.json:1:", "want a whole number");
  f(R"({"service_strategies": [
        {"type": "probabilistic", "param": 1}]})",
    "s.json:2:", "service_strategies::0");
  f(R"({"service_strategies": [
        {"service": "a", "type": "probabilistic", "param": 1},
        {"service": "a", "type": "probabilistic", "param": 0}]})",
    "s.json:3:", "\"a\" is there twice");
  f(R"({"service_strategies": [{"service": "a", "operation_strategies":
        [{"type": "probabilistic", "param": 1}]}]})",
    "s.json:2:", "operation");
  f(R"({"default_stategy": {}})", "s.json:1:2: ", "did you mean \"default_strategy\"");
}

TEST(ReadStrategies, WhatIsNoJsonIsToldOnce) {
  for (const std::string_view text : {"{\"default_strategy\": {", "\x01", "{]", "\"", "{a: *b}"}) {
    config::Errors errors;
    read_strategies(text, "s.json", kDefault, errors);
    EXPECT_THAT(errors.messages(), SizeIs(1)) << text;
  }
}

}  // namespace
}  // namespace kolben::extensions::remote_sampling
