#include "agent/preload/tick_clock.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace kolben::agent {
namespace {

constexpr std::uint64_t kMilli = 1'000'000;
constexpr std::uint64_t kBegin = 1'700'000'000'000 * kMilli;

// A processor of 2.5 GHz, and the clock of its kernel.
struct Machine {
  static inline std::uint64_t tick_count = 0;
  static inline std::uint64_t clock = 0;
  static inline std::uint64_t looks = 0;
  static inline std::uint64_t ticks_of_a_look = 50;

  static std::uint64_t ticks() { return tick_count; }
  static std::uint64_t nanos() {
    ++looks;
    tick_count += ticks_of_a_look;
    return clock;
  }
  static void pass(std::uint64_t nanos) {
    tick_count += nanos * 5 / 2;
    clock += nanos;
  }
};

class TickClockTest : public ::testing::Test {
 protected:
  TickClockTest() {
    Machine::tick_count = 77'000'000'000;
    Machine::clock = kBegin;
    Machine::looks = 0;
    Machine::ticks_of_a_look = 50;
  }
  // How far it is from the kernel's.
  std::uint64_t error() {
    const std::uint64_t now = clock_.now();
    return now > Machine::clock ? now - Machine::clock : Machine::clock - now;
  }
  void settle() {
    clock_.count_ticks();
    for (int i = 0; i < 4; ++i) {
      clock_.now();
      Machine::pass(20 * kMilli);
    }
    clock_.now();
  }

  TickClock<Machine> clock_;
};

TEST_F(TickClockTest, AsksTheKernelWhereTicksMayNotBeCounted) {
  for (std::uint64_t i = 1; i <= 10; ++i) {
    EXPECT_EQ(error(), 0);
    EXPECT_EQ(Machine::looks, i);
    Machine::pass(2 * kMilli);
  }
}

TEST_F(TickClockTest, CountsTicksBetweenTwoLooks) {
  settle();
  const std::uint64_t looks = Machine::looks;
  for (int i = 0; i < 1000; ++i) {
    Machine::pass(kMilli / 10);
    EXPECT_LT(error(), 100);
  }
  EXPECT_LE(Machine::looks - looks, 11);
}

TEST_F(TickClockTest, TheFirstMillisecondIsTheKernels) {
  clock_.count_ticks();
  for (std::uint64_t i = 1; i <= 9; ++i) {
    EXPECT_EQ(error(), 0);
    EXPECT_EQ(Machine::looks, i);
    Machine::pass(kMilli / 10);
  }
}

TEST_F(TickClockTest, FollowsAClockThatIsSet) {
  for (const std::int64_t step : {std::int64_t{3'600'000'000'000}, std::int64_t{-3'600'000'000'000},
                                  std::int64_t{-2'000'000}}) {
    SCOPED_TRACE(step);
    settle();
    Machine::clock += static_cast<std::uint64_t>(step);
    Machine::pass(10 * kMilli);
    EXPECT_EQ(error(), 0);
    for (int i = 0; i < 100; ++i) {
      Machine::pass(kMilli);
      EXPECT_LT(error(), 100);
    }
  }
}

TEST_F(TickClockTest, FollowsOneThatIsSlewed) {
  settle();
  for (int i = 0; i < 100; ++i) {
    Machine::pass(kMilli);
    Machine::clock += 500;  // the most that the kernel does
    EXPECT_LT(error(), 5'100);
  }
}

// A virtual machine on another host: what is measured anew is right from then on.
TEST_F(TickClockTest, TicksThatBecomeFasterAreMeasuredAnew) {
  settle();
  const auto pass = [] {
    Machine::pass(kMilli);
    Machine::tick_count += kMilli / 10;
  };
  for (int i = 0; i < 10; ++i) {
    pass();
    EXPECT_LT(error(), 4 * kMilli / 10);
  }
  for (int i = 0; i < 100; ++i) {
    pass();
    EXPECT_LT(error(), 100) << i;
  }
}

// After a sleep in which the processor was off.
TEST_F(TickClockTest, TicksThatBeginAnewAreNoMeasure) {
  for (const bool was_known : {false, true}) {
    SCOPED_TRACE(was_known);
    if (was_known) settle();
    clock_.count_ticks();
    clock_.now();
    Machine::pass(2 * kMilli);
    Machine::tick_count = 5;
    Machine::clock += 600'000 * kMilli;
    EXPECT_EQ(error(), 0);
    for (int i = 0; i < 100; ++i) {
      Machine::pass(kMilli);
      EXPECT_LT(error(), 100);
    }
  }
}

TEST_F(TickClockTest, TicksThatStoodStillAreNoMeasure) {
  clock_.count_ticks();
  clock_.now();
  Machine::pass(kMilli);
  Machine::clock += 60'000 * kMilli;
  EXPECT_EQ(error(), 0);
  for (int i = 0; i < 100; ++i) {
    Machine::pass(kMilli);
    EXPECT_LT(error(), 100);
  }
}

TEST_F(TickClockTest, ALookInWhichTheThreadWasStoppedTellsNothingOfTicks) {
  settle();
  Machine::ticks_of_a_look = 1'000'000;
  Machine::pass(10 * kMilli);
  EXPECT_EQ(error(), 0);
  Machine::ticks_of_a_look = 50;
  Machine::pass(kMilli);
  EXPECT_EQ(error(), 0);
  Machine::pass(kMilli);
  EXPECT_LT(error(), 100);
}

TEST(TickClock, ManyThreadsReadTheTimeThatItIs) {
  if (!ProcessorTicks::kAreThere) GTEST_SKIP() << "this processor has no ticks to count";
  TickClock<KernelTicks> clock;
  clock.count_ticks();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const std::uint64_t end = KernelTicks::nanos() + 60 * kMilli;
      for (std::uint64_t before = 0; before < end; before = KernelTicks::nanos()) {
        before = KernelTicks::nanos();
        const std::uint64_t now = clock.now();
        const std::uint64_t after = KernelTicks::nanos();
        ASSERT_GE(now + kMilli, before);
        ASSERT_LE(now, after + kMilli);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace kolben::agent
