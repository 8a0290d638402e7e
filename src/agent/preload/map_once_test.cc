#include "agent/preload/map_once.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

namespace kolben::agent {
namespace {

std::function<void*()> allocates;
std::function<void()> yields;

System system_of_test() {
  return {.now =
              [] {
                static std::atomic<std::uint64_t> time{0};
                return time += 1'000'000;
              },
          .allocate = [](std::size_t) { return allocates(); },
          .yield = [] { yields(); }};
}

TEST(MapOnce, ThereIsOneMemoryAndOneUse) {
  int memory = 0;
  int allocated = 0;
  allocates = [&]() -> void* {
    ++allocated;
    return &memory;
  };
  MapOnce once;
  int used = 0;
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(once.map(system_of_test(), sizeof(memory),
                         [&](void* given) { used += given == &memory ? 1 : 100; }));
  }
  EXPECT_EQ(allocated, 1);
  EXPECT_EQ(used, 1);
}

TEST(MapOnce, WhatIsRefusedIsNotAskedForAgain) {
  int asked = 0;
  allocates = [&]() -> void* {
    ++asked;
    return nullptr;
  };
  MapOnce once;
  const auto use = [](void*) { FAIL() << "there is no memory"; };
  EXPECT_FALSE(once.map(system_of_test(), 1, use));
  EXPECT_FALSE(once.map(system_of_test(), 1, use));
  EXPECT_EQ(asked, 1);
}

TEST(MapOnce, AThreadThatComesMeanwhileWaits) {
  std::atomic<bool> waits{false};
  std::atomic<bool> is_mapped{false};
  yields = [&] {
    waits = true;
    while (!is_mapped) std::this_thread::yield();
  };
  MapOnce once;
  std::thread other;
  bool other_has_it = false;
  int memory = 0;
  allocates = [&]() -> void* {
    other = std::thread([&] {
      other_has_it = once.map(system_of_test(), 1, [](void*) { FAIL() << "mapped twice"; });
    });
    while (!waits) std::this_thread::yield();
    return &memory;
  };
  EXPECT_TRUE(once.map(system_of_test(), 1, [](void*) {}));
  is_mapped = true;
  other.join();
  EXPECT_TRUE(other_has_it);
}

// As in the child of a fork, where the thread that was at it is not.
TEST(MapOnce, WhatIsNeverDoneIsWaitedForOnce) {
  int turns = 0;
  yields = [&] { ++turns; };
  MapOnce once;
  int memory = 0;
  allocates = [&]() -> void* {
    EXPECT_FALSE(once.map(system_of_test(), 1, [](void*) { FAIL() << "mapped twice"; }));
    const int waited = turns;
    EXPECT_GT(waited, 0);
    EXPECT_FALSE(once.map(system_of_test(), 1, [](void*) { FAIL() << "mapped twice"; }));
    EXPECT_EQ(turns, waited);
    return &memory;
  };
  EXPECT_TRUE(once.map(system_of_test(), 1, [](void*) {}));
}

}  // namespace
}  // namespace kolben::agent
