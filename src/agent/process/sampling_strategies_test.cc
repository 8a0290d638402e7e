#include "agent/process/sampling_strategies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <memory>

#include "wire/protobuf_writer.h"

namespace kolben::agent {
namespace {

using ::testing::HasSubstr;

SamplingStrategies json(std::string_view text) {
  auto result = read_strategies_json(text);
  EXPECT_TRUE(result.has_value()) << text << ": " << result.status().to_string();
  return result.has_value() ? *result : SamplingStrategies();
}

std::string json_error(std::string_view text) {
  const auto result = read_strategies_json(text);
  return result.has_value() ? "" : std::string(result.error().message());
}

TEST(SamplingStrategies, OfOneProbability) {
  const SamplingStrategies wanted{0.25, 0, {}};
  EXPECT_EQ(json(R"({"probabilisticSampling":{"samplingRate":0.25}})"), wanted);
  EXPECT_EQ(
      json(R"({"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.25}})"),
      wanted);
  // As thrift's servers write it.
  EXPECT_EQ(json(R"({"strategyType":0,"probabilisticSampling":{"samplingRate":0.25},)"
                 R"("rateLimitingSampling":null,"operationSampling":null})"),
            wanted);
  // What is 0 is left out.
  EXPECT_EQ(json(R"({"probabilisticSampling":{}})"), SamplingStrategies());
  EXPECT_EQ(json(R"({"probabilisticSampling":{"samplingRate":1}})").probability, 1);
}

TEST(SamplingStrategies, OfALimit) {
  const SamplingStrategies wanted{0, 100, {}};
  EXPECT_EQ(
      json(R"({"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":100}})"),
      wanted);
  EXPECT_EQ(json(R"({"strategyType":1,"rateLimitingSampling":{"maxTracesPerSecond":100},)"
                 R"("probabilisticSampling":{"samplingRate":1}})"),
            wanted);
}

TEST(SamplingStrategies, OfOperationsWhichAreStronger) {
  const SamplingStrategies wanted{0.5, 2, {{"GET /a", 1}, {"GET /b", 0}}};
  EXPECT_EQ(json(R"({"probabilisticSampling":{"samplingRate":0.1},"operationSampling":{)"
                 R"("defaultSamplingProbability":0.5,"defaultLowerBoundTracesPerSecond":2,)"
                 R"("defaultUpperBoundTracesPerSecond":7,"perOperationStrategies":[)"
                 R"({"operation":"GET /a","probabilisticSampling":{"samplingRate":1}},)"
                 R"({"operation":"GET /without"},{"probabilisticSampling":{"samplingRate":1}},)"
                 R"({"operation":"GET /b","probabilisticSampling":{}}]}})"),
            wanted);
  EXPECT_EQ(json(R"({"operationSampling":{"defaultSamplingProbability":1}})").probability, 1);
}

TEST(SamplingStrategies, NonsenseIsNone) {
  for (const char* text :
       {"", "{", "[]", "1", "null", "\"a\"", "<html>", "{}", R"({"strategyType":"PROBABILISTIC"})",
        R"({"probabilisticSampling":{"samplingRate":1.5}})",
        R"({"probabilisticSampling":{"samplingRate":-0.1}})",
        R"({"probabilisticSampling":{"samplingRate":"0.5"}})",
        R"({"rateLimitingSampling":{"maxTracesPerSecond":-1}})",
        R"({"rateLimitingSampling":{"maxTracesPerSecond":1e300}})",
        R"({"operationSampling":{"defaultSamplingProbability":2}})",
        R"({"operationSampling":{"defaultLowerBoundTracesPerSecond":-1}})",
        R"({"operationSampling":{"perOperationStrategies":[)"
        R"({"operation":"a","probabilisticSampling":{"samplingRate":7}}]}})"}) {
    EXPECT_NE(json_error(text), "") << text;
  }
  EXPECT_THAT(json_error("<html>"), HasSubstr("no JSON"));
  EXPECT_THAT(json_error("{}"), HasSubstr("no strategy"));
  EXPECT_THAT(json_error(std::string(5000, '[')), HasSubstr("no JSON"));
}

TEST(SamplingStrategies, APartThatIsNoObjectIsNoStrategyInWhichAllIsZero) {
  const auto f = [](std::string_view text, std::string_view words) {
    EXPECT_EQ(json_error(text), words) << text;
  };
  f(R"({"probabilisticSampling":0.5})", "the answer's probabilisticSampling is no object");
  f(R"({"probabilisticSampling":[]})", "the answer's probabilisticSampling is no object");
  f(R"({"rateLimitingSampling":"x"})", "the answer's rateLimitingSampling is no object");
  f(R"({"operationSampling":"x"})", "the answer's operationSampling is no object");
  f(R"({"operationSampling":{"perOperationStrategies":"x"}})",
    "the answer's perOperationStrategies is no list");
  f(R"({"operationSampling":{"perOperationStrategies":[)"
    R"({"operation":"a","probabilisticSampling":1}]}})",
    "the answer's probabilisticSampling is no object");
}

// --- protobuf

std::string whole_message() {
  std::string message;
  wire::ProtobufWriter out(message);
  out.varint(1, 0);
  const auto operations = out.begin_message(4);
  out.real(1, 0.5);
  out.real(2, 2);
  const auto first = out.begin_message(3);
  out.bytes(1, "GET /a");
  const auto rate = out.begin_message(2);
  out.real(1, 1);
  out.end_message(rate);
  out.end_message(first);
  out.real(4, 7);
  out.end_message(operations);
  out.varint(15, 3);  // of a newer server
  out.finish();
  return message;
}

TEST(SamplingStrategies, OfProtobuf) {
  const auto all = read_strategies_protobuf(whole_message());
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(*all, (SamplingStrategies{0.5, 2, {{"GET /a", 1}}}));
  // Zeroes are not written, but the strategy is.
  const auto none = read_strategies_protobuf(std::string_view("\x12\x00", 2));
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(*none, SamplingStrategies());
  const auto limit = read_strategies_protobuf("\x08\x01\x1a\x02\x08\x64");
  ASSERT_TRUE(limit.has_value());
  EXPECT_EQ(*limit, (SamplingStrategies{0, 100, {}}));
}

TEST(SamplingStrategies, CutProtobufIsNoneOrWhatStandsBefore) {
  const std::string whole = whole_message();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto result = read_strategies_protobuf(std::string_view(whole).substr(0, size));
    const bool is_only_the_end_missing = size == whole.size() - 2;
    EXPECT_EQ(result.has_value(), is_only_the_end_missing) << size;
  }
  for (const std::string_view wrong :
       {std::string_view("\x0a\x00", 2), std::string_view("\x12\x01\x08", 3),
        std::string_view("\x10\x01"), std::string_view("\x12\x7f"),
        std::string_view("\x1a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")}) {
    EXPECT_FALSE(read_strategies_protobuf(wrong).has_value());
  }
  std::string no_number("\x12\x09\x09", 3);
  const double value = std::numeric_limits<double>::quiet_NaN();
  no_number.append(reinterpret_cast<const char*>(&value), sizeof(value));
  EXPECT_FALSE(read_strategies_protobuf(no_number).has_value());
}

// --- the table

TEST(ShowStrategies, TheProgramsSeeThem) {
  const auto table = std::make_unique<SamplingTable>();
  EXPECT_TRUE(show_strategies({0.5, 4, {{"GET /a", 1}, {"GET /b", 0}}}, *table));
  SamplingRules* rules = table->rules();
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(rules->others.below, std::uint64_t{1} << 63);
  EXPECT_EQ(rules->others.period_nanos, 250'000'000u);
  EXPECT_EQ(rules->others.burst_nanos, 1'000'000'000u);
  EXPECT_EQ(rules->rule_of({"GET /a", 6}).below, SamplingRule::kAll);
  EXPECT_EQ(rules->rule_of({"GET /b", 6}).below, 0u);
  EXPECT_EQ(rules->rule_of({"GET /b", 6}).period_nanos, 250'000'000u);
  EXPECT_FALSE(rules->is_rate_limited());
  EXPECT_TRUE(show_strategies({0, 0.5, {}}, *table));
  EXPECT_TRUE(table->rules()->is_rate_limited());
  EXPECT_EQ(table->rules()->others.burst_nanos, 2'000'000'000u);
  EXPECT_TRUE(show_strategies({0, 0, {}}, *table));
  EXPECT_EQ(table->rules()->others.period_nanos, 0u);
  EXPECT_EQ(table->rules()->others.below, 0u);
}

TEST(ShowStrategies, OperationsWithoutRoomAreAsTheOthers) {
  SamplingStrategies many;
  for (std::uint32_t i = 0; i <= SamplingRules::kOperationsMax; ++i) {
    many.operations.push_back({"GET /" + std::to_string(i), 1});
  }
  const auto table = std::make_unique<SamplingTable>();
  EXPECT_FALSE(show_strategies(many, *table));
  EXPECT_EQ(table->rules()->count, SamplingRules::kOperationsMax);
  EXPECT_EQ(table->rules()->rule_of({"GET /64", 7}).below, 0u);
}

}  // namespace
}  // namespace kolben::agent
