#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace kolben {
namespace {

Result<int> half(int number) {
  if (number % 2 != 0) return invalid_argument("halving " + std::to_string(number) + ": it is odd");
  return number / 2;
}

Result<int> quarter(int number) {
  KOLBEN_TRY(const int once, half(number));
  KOLBEN_TRY(const int twice, half(once));
  return twice;
}

TEST(Result, TryReturnsTheFirstError) {
  EXPECT_EQ(*quarter(8), 2);
  const Result<int> failed = quarter(6);
  ASSERT_FALSE(failed.has_value());
  EXPECT_EQ(failed.error().message(), "halving 3: it is odd");
}

TEST(Result, HoldsMoveOnlyValues) {
  Result<std::unique_ptr<int>> made = std::make_unique<int>(7);
  EXPECT_EQ(*std::move(made).value(), 7);
}

TEST(Result, TransformAndAndThenChain) {
  EXPECT_EQ(*half(8).and_then(half).transform([](int n) { return std::to_string(n); }), "2");
  EXPECT_FALSE(half(6).and_then(half).has_value());
}

TEST(Status, RetryableFollowsOtlp) {
  EXPECT_TRUE(unavailable("x").is_retryable());
  EXPECT_FALSE(invalid_argument("x").is_retryable());
  EXPECT_FALSE(resource_exhausted("x").is_retryable());
  EXPECT_TRUE(
      resource_exhausted("x").with_retry_after(std::chrono::milliseconds(100)).is_retryable());
}

TEST(Status, ContextGoesBeforeTheMessage) {
  const Status status = unavailable("connection refused").with_context("exporting to a:1");
  EXPECT_EQ(status.to_string(), "UNAVAILABLE: exporting to a:1: connection refused");
}

}  // namespace
}  // namespace kolben
