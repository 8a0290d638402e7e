#include "processors/memory_limiter/memory_limiter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <utility>

#include "pipeline/testing/collecting_consumer.h"
#include "pipeline/testing/fake_host.h"

namespace kolben::processors::memory_limiter {
namespace {

constexpr std::uint64_t kMib = 1 << 20;

class MemoryLimiterTest : public testing::Test {
 protected:
  pipeline::Delivery delivery_of(std::size_t bytes) {
    WirePiece piece;
    piece.message = Bytes::from_string(std::string(bytes, 'x'));
    std::vector<WirePiece> pieces;
    pieces.push_back(std::move(piece));
    return {Batch::from_wire(Signal::kTraces, std::move(pieces), 1), pipeline::Receipt()};
  }

  void SetUp() override { ASSERT_TRUE(limiter.start(host).is_ok()); }

  std::uint64_t used_bytes = 10 * kMib;
  std::uint64_t kept_bytes = 0;  // by the allocator
  pipeline::testing::FakeHost host;
  pipeline::testing::CollectingConsumer next;
  MemoryLimiter limiter{"memory_limiter",
                        {std::chrono::seconds(1), 100 * kMib, 20 * kMib},
                        &next,
                        [this] { return used_bytes + kept_bytes; },
                        [this] { kept_bytes = 0; }};
};

TEST_F(MemoryLimiterTest, BelowTheSoftLimitDataPasses) {
  EXPECT_TRUE(limiter.consume(delivery_of(100)).is_ok());
  EXPECT_EQ(next.count(), 1U);
}

TEST_F(MemoryLimiterTest, AboveTheSoftLimitDataIsRefusedWithADelay) {
  used_bytes = 81 * kMib;
  const Status status = limiter.consume(delivery_of(100));
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_TRUE(status.is_retryable());
  EXPECT_EQ(next.count(), 0U);
}

TEST_F(MemoryLimiterTest, ABurstBetweenTwoReadingsIsNoticed) {
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(limiter.consume(delivery_of(10 * kMib)).is_ok());
  EXPECT_FALSE(limiter.consume(delivery_of(10 * kMib)).is_ok());
}

TEST_F(MemoryLimiterTest, RefusingEndsWhenMemoryIsFreeAgain) {
  used_bytes = 90 * kMib;
  EXPECT_FALSE(limiter.consume(delivery_of(100)).is_ok());
  used_bytes = 10 * kMib;
  host.manual_clock().advance_nanos(1'000'000'001);
  EXPECT_TRUE(limiter.consume(delivery_of(100)).is_ok());
}

// Between the soft limit and the limit nothing else would ever end it.
TEST_F(MemoryLimiterTest, WhatTheAllocatorKeepsIsNoReasonToRefuse) {
  kept_bytes = 75 * kMib;
  EXPECT_TRUE(limiter.consume(delivery_of(100)).is_ok());
}

TEST(ResidentBytes, IsWhatTheKernelSays) {
  EXPECT_GT(resident_bytes(), kMib);
}

}  // namespace
}  // namespace kolben::processors::memory_limiter
