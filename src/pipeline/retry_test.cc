#include "pipeline/retry.h"

#include <gtest/gtest.h>

namespace kolben::pipeline {
namespace {

using namespace std::chrono_literals;

RetrySettings without_jitter() {
  RetrySettings settings;
  settings.initial_interval = 1s;
  settings.max_interval = 3s;
  settings.max_elapsed_time = 10s;
  settings.multiplier = 2;
  settings.randomization_factor = 0;
  return settings;
}

TEST(Retry, BacksOffUpToTheLongestInterval) {
  RetryPolicy policy(without_jitter(), Random(1));
  Attempts attempts;
  const Status down = unavailable("down");
  EXPECT_EQ(policy.next_delay(down, attempts, 0), 1s);
  EXPECT_EQ(policy.next_delay(down, attempts, 0), 2s);
  EXPECT_EQ(policy.next_delay(down, attempts, 0), 3s);
  EXPECT_EQ(policy.next_delay(down, attempts, 0), 3s);
  EXPECT_EQ(attempts.count, 4U);
}

TEST(Retry, GivesUpWhenTheTimeIsOver) {
  RetryPolicy policy(without_jitter(), Random(1));
  Attempts attempts;
  EXPECT_EQ(policy.next_delay(unavailable("down"), attempts, 9'000'000'000), 1s);
  EXPECT_EQ(policy.next_delay(unavailable("down"), attempts, 9'000'000'000), std::nullopt);
}

TEST(Retry, ForEverWhereNoEndIsSet) {
  RetrySettings settings = without_jitter();
  settings.max_elapsed_time = 0s;
  RetryPolicy policy(settings, Random(1));
  Attempts attempts;
  EXPECT_EQ(policy.next_delay(unavailable("down"), attempts, 1'000'000'000'000'000), 1s);
}

TEST(Retry, PermanentErrorsAreNotRetried) {
  RetryPolicy policy(without_jitter(), Random(1));
  Attempts attempts;
  EXPECT_EQ(policy.next_delay(invalid_argument("bad"), attempts, 0), std::nullopt);
  EXPECT_EQ(policy.next_delay(resource_exhausted("full"), attempts, 0), std::nullopt);
}

TEST(Retry, TheServersDelayIsWaitedFor) {
  RetryPolicy policy(without_jitter(), Random(1));
  Attempts attempts;
  EXPECT_EQ(policy.next_delay(resource_exhausted("full").with_retry_after(7s), attempts, 0), 7s);
}

TEST(Retry, JitterStaysWithinItsFactor) {
  RetrySettings settings = without_jitter();
  settings.randomization_factor = 0.5;
  RetryPolicy policy(settings, Random(1));
  for (int i = 0; i < 1000; ++i) {
    Attempts attempts;
    const auto delay = policy.next_delay(unavailable("down"), attempts, 0);
    ASSERT_TRUE(delay);
    EXPECT_GE(*delay, 500ms);
    EXPECT_LE(*delay, 1500ms);
  }
}

TEST(Retry, CanBeSwitchedOff) {
  RetrySettings settings = without_jitter();
  settings.enabled = false;
  RetryPolicy policy(settings, Random(1));
  Attempts attempts;
  EXPECT_EQ(policy.next_delay(unavailable("down"), attempts, 0), std::nullopt);
}

}  // namespace
}  // namespace kolben::pipeline
