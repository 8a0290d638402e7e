#include "extensions/remote_sampling/strategies.h"

#include <gtest/gtest.h>

#include "extensions/remote_sampling/answer.h"
#include "extensions/remote_sampling/read_strategies.h"
#include "wire/hex.h"

namespace kolben::extensions::remote_sampling {
namespace {

constexpr std::string_view kFile = R"({
  "default_strategy": {"type": "probabilistic", "param": 0.5, "operation_strategies": [
    {"operation": "/health", "type": "probabilistic", "param": 0},
    {"operation": "/metrics", "type": "probabilistic", "param": 0.125}]},
  "service_strategies": [
    {"service": "own", "type": "probabilistic", "param": 0.75, "operation_strategies": [
      {"operation": "/health", "type": "probabilistic", "param": 1}]},
    {"service": "plain", "type": "probabilistic", "param": 0.0625},
    {"service": "limited", "type": "ratelimiting", "param": 7},
    {"service": "both", "type": "ratelimiting", "param": 300, "operation_strategies": [
      {"operation": "a", "type": "probabilistic", "param": 0.5}]}]})";

std::string json_of(std::string_view file, std::string_view service, double probability = 1) {
  config::Errors errors;
  const Strategies strategies = read_strategies(file, "s.json", probability, errors);
  EXPECT_EQ(errors.to_string(), "");
  return answer_json(strategies.of(service));
}

std::string operation(std::string_view name, std::string_view rate) {
  return R"({"operation":")" + std::string(name) + R"(","probabilisticSampling":{"samplingRate":)" +
         std::string(rate) + "}}";
}

std::string operations(std::string_view others, std::string_view list) {
  return R"("operationSampling":{"defaultSamplingProbability":)" + std::string(others) +
         R"(,"defaultLowerBoundTracesPerSecond":0,"perOperationStrategies":[)" + std::string(list) +
         R"(],"defaultUpperBoundTracesPerSecond":0}})";
}

TEST(Strategies, WithoutAFileTheDefaultHolds) {
  EXPECT_EQ(json_of("{}", "any"),
            R"({"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}})");
}

TEST(Strategies, AServiceHasItsOwnAndTheOthersOperationsThatItDoesNotName) {
  EXPECT_EQ(
      json_of(kFile, "own"),
      R"({"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.75},)" +
          operations("0.75", operation("/health", "1") + "," + operation("/metrics", "0.125")));
  const std::string of_others = operation("/health", "0") + "," + operation("/metrics", "0.125");
  EXPECT_EQ(json_of(kFile, "stranger"),
            R"({"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.5},)" +
                operations("0.5", of_others));
  EXPECT_EQ(json_of(kFile, "plain"),
            R"({"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0.0625},)" +
                operations("0.0625", of_others));
}

TEST(Strategies, ALimitSaysNothingOfOperations) {
  const std::string of_others = operation("/health", "0") + "," + operation("/metrics", "0.125");
  EXPECT_EQ(json_of(kFile, "limited"),
            R"({"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":7},)" +
                operations("0.5", of_others));
  EXPECT_EQ(
      json_of(kFile, "both", 0.25),
      R"({"strategyType":"RATE_LIMITING","rateLimitingSampling":{"maxTracesPerSecond":300},)" +
          operations("0.25", operation("a", "0.5") + "," + of_others));
}

TEST(Answer, IsJaegersMessage) {
  config::Errors errors;
  const Strategies strategies = read_strategies(kFile, "s.json", 1, errors);
  const auto hex = [&](std::string_view service) {
    return wire::to_hex(answer_protobuf(strategies.of(service)));
  };
  const std::string half = "000000000000e03f";
  const std::string eighth = "000000000000c03f";
  // 0.0625 of all; of operations 0.0625, "/health" 0, "/metrics" 0.125
  const std::string of_others =
      "1a0b"
      "0a07"
      "2f6865616c7468"
      "1200"
      "1a15"
      "0a08"
      "2f6d657472696373"
      "1209"
      "09" +
      eighth;
  EXPECT_EQ(hex("plain"),
            "1209"
            "09"
            "000000000000b03f"
            "222d"
            "09"
            "000000000000b03f" +
                of_others);
  EXPECT_EQ(hex("limited"),
            "0801"
            "1a02"
            "0807"
            "222d"
            "09" +
                half + of_others);
}

TEST(Answer, TheQuestionIsAService) {
  EXPECT_EQ(*service_of("\x0a\x04shop"), "shop");
  EXPECT_EQ(*service_of(""), "");
  EXPECT_EQ(*service_of("\x0a\x04shop\x10\x01"), "shop");  // with a field of tomorrow
  for (const std::string_view wrong : {"\x0a\x05shop", "\x08\x01", "service"}) {
    EXPECT_EQ(service_of(wrong).status().code(), StatusCode::kInvalidArgument) << wrong;
  }
}

}  // namespace
}  // namespace kolben::extensions::remote_sampling
