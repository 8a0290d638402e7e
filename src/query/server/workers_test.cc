#include "query/server/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

namespace kolben::query {
namespace {

TEST(Workers, RunEveryJobThatTheyTook) {
  std::atomic<int> count = 0;
  std::promise<void> all_ran;
  Workers workers("test", 2, 100);
  for (int i = 0; i < 100; ++i) {
    Workers::Job job([&] {
      if (++count == 100) all_ran.set_value();
    });
    ASSERT_TRUE(workers.submit(job));
  }
  all_ran.get_future().wait();
  EXPECT_EQ(count, 100);
}

TEST(Workers, FullQueueRefusesAndLeavesTheJob) {
  std::promise<void> started, release;
  auto released = release.get_future();
  Workers workers("test", 1, 1);
  Workers::Job blocker([&] {
    started.set_value();
    released.wait();
  });
  ASSERT_TRUE(workers.submit(blocker));
  started.get_future().wait();
  Workers::Job waits([] {});
  ASSERT_TRUE(workers.submit(waits));
  Workers::Job refused([] {});
  EXPECT_FALSE(workers.submit(refused));
  EXPECT_TRUE(static_cast<bool>(refused));
  release.set_value();
}

TEST(Workers, StoppedOnesTakeNothingAndDestroyWhatWaits) {
  const auto token = std::make_shared<int>(1);
  std::promise<void> started, release;
  auto released = release.get_future();
  Workers workers("test", 1, 10);
  Workers::Job blocker([&] {
    started.set_value();
    released.wait();
  });
  ASSERT_TRUE(workers.submit(blocker));
  started.get_future().wait();
  Workers::Job waits([token] {});
  ASSERT_TRUE(workers.submit(waits));
  release.set_value();
  workers.stop();
  EXPECT_EQ(token.use_count(), 1);
  Workers::Job late([] {});
  EXPECT_FALSE(workers.submit(late));
}

}  // namespace
}  // namespace kolben::query
