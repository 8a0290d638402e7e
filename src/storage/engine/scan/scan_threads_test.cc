#include "storage/engine/scan/scan_threads.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace kolben::storage::scan {
namespace {

TEST(ScanThreads, DoEachPieceOnce) {
  for (const std::size_t helpers : {std::size_t{0}, std::size_t{1}, std::size_t{3}}) {
    ScanThreads threads(helpers);
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, std::size_t{1000}}) {
      std::vector<std::atomic<int>> done(count);
      threads.run(count, [&](std::size_t i) { ++done[i]; });
      for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ScanThreads, ServeSeveralCallersAtOnce) {
  ScanThreads threads(2);
  std::atomic<int> done = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int i = 0; i < 50; ++i) threads.run(20, [&](std::size_t) { ++done; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(done, 4 * 50 * 20);
}

TEST(ScanThreads, AreNotNeededByACallerThatRunsInsideARun) {
  ScanThreads threads(1);
  std::atomic<int> done = 0;
  threads.run(4, [&](std::size_t) { threads.run(4, [&](std::size_t) { ++done; }); });
  EXPECT_EQ(done, 16);
}

}  // namespace
}  // namespace kolben::storage::scan
