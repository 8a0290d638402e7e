#include "agent/process/held_logs.h"

#include <gtest/gtest.h>

#include <string>

#include "agent/process/test_ring.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders

class HeldLogsTest : public ::testing::Test {
 protected:
  static Context span(std::uint8_t number) {
    Context context = testing::context(0xab, number);
    context.flags |= kMayCome;
    return context;
  }
  void hold(const std::string& text, const Context& of, std::uint64_t now = kTime,
            std::size_t bytes = 10) {
    logs_.hold(of, bytes, now, [this, text](const Context& context) {
      told_ += text + (context.trace_id[0] == 0xab ? "+" : "-");
      flags_ = context.flags;
    });
  }
  std::string told() { return std::exchange(told_, {}); }

  HeldLogs logs_;
  std::string told_;
  std::uint8_t flags_ = 0;
};

TEST_F(HeldLogsTest, WithTheSpanTheyAreItsInTheirOrder) {
  hold("a", span(1));
  hold("b", span(2));
  hold("c", span(1));
  EXPECT_EQ(told(), "");
  logs_.settle(span(1), true);
  EXPECT_EQ(told(), "a+c+");
  EXPECT_EQ(flags_, 1) << "sampled";
  hold("d", span(1));
  EXPECT_EQ(told(), "d+");
  Context open = span(1);  // it was said before the trace was decided
  open.flags = kMayCome;
  hold("e", open);
  EXPECT_EQ(told(), "e+");
  EXPECT_EQ(flags_, 1);
}

TEST_F(HeldLogsTest, OfASpanThatNeverComesTheyHaveNoIds) {
  hold("a", span(1));
  logs_.settle(span(1), false);
  hold("b", span(1));
  EXPECT_EQ(told(), "a-b-");
}

TEST_F(HeldLogsTest, NobodyWaitsForLong) {
  hold("a", span(1));
  hold("b", span(1), kTime + HeldLogs::kNanosMax - 1);
  logs_.tick(kTime + HeldLogs::kNanosMax - 1);
  EXPECT_EQ(told(), "");
  logs_.tick(kTime + HeldLogs::kNanosMax);
  EXPECT_EQ(told(), "a-b-");
  hold("c", span(1), kTime + HeldLogs::kNanosMax);
  EXPECT_EQ(told(), "c-") << "not one wait for each";
  logs_.settle(span(1), true);
  hold("d", span(1));
  EXPECT_EQ(told(), "d+");
}

TEST_F(HeldLogsTest, WhatIsHeldIsBounded) {
  hold("a", span(1), kTime, HeldLogs::kBytesMax);
  EXPECT_EQ(told(), "");
  hold("b", span(2), kTime, 1);
  EXPECT_EQ(told(), "a-");
  for (std::size_t i = 0; i < HeldLogs::kItemsMax; ++i) hold("c", span(3), kTime, 0);
  EXPECT_EQ(told(), "b-");
}

TEST_F(HeldLogsTest, AtTheEndNothingIsLost) {
  hold("a", span(1));
  hold("b", span(2));
  logs_.finish();
  EXPECT_EQ(told(), "a-b-");
}

}  // namespace
}  // namespace kolben::agent
