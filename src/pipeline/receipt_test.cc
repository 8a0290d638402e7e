#include "pipeline/receipt.h"

#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>

namespace kolben::pipeline {
namespace {

Receipt receipt_into(std::optional<Status>& result, int* count = nullptr) {
  return Receipt([&result, count](Status status) {
    result = std::move(status);
    if (count != nullptr) ++*count;
  });
}

TEST(Receipt, ResolvesOnce) {
  std::optional<Status> result;
  int count = 0;
  Receipt receipt = receipt_into(result, &count);
  receipt.resolve(Status::ok());
  receipt.resolve(unavailable("late"));
  EXPECT_EQ(count, 1);
  EXPECT_TRUE(result->is_ok());
}

TEST(Receipt, DestroyedUnresolvedIsAnError) {
  std::optional<Status> result;
  {
    const Receipt receipt = receipt_into(result);
  }
  ASSERT_TRUE(result);
  EXPECT_EQ(result->code(), StatusCode::kInternal);
}

TEST(Receipt, OverwrittenUnresolvedIsAnError) {
  std::optional<Status> first;
  std::optional<Status> second;
  Receipt receipt = receipt_into(first);
  receipt = receipt_into(second);
  EXPECT_EQ(first->code(), StatusCode::kInternal);
  EXPECT_FALSE(second);
  receipt.resolve(Status::ok());
}

TEST(Receipt, MovedFromSaysNothing) {
  std::optional<Status> result;
  int count = 0;
  {
    Receipt source = receipt_into(result, &count);
    Receipt target = std::move(source);
    target.resolve(Status::ok());
  }
  EXPECT_EQ(count, 1);
}

TEST(Receipt, SplitWaitsForAllAndTellsTheFirstError) {
  std::optional<Status> result;
  auto parts = receipt_into(result).split(3);
  ASSERT_EQ(parts.size(), 3U);
  parts[2].resolve(Status::ok());
  parts[0].resolve(unavailable("first"));
  EXPECT_FALSE(result);
  parts[1].resolve(internal_error("second"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->message(), "first");
}

TEST(Receipt, SplitIsOkWhenAllAre) {
  std::optional<Status> result;
  for (Receipt& part : receipt_into(result).split(2)) part.resolve(Status::ok());
  EXPECT_TRUE(result->is_ok());
}

TEST(Receipt, ALostPartOfASplitIsAnError) {
  std::optional<Status> result;
  {
    auto parts = receipt_into(result).split(2);
    parts[0].resolve(Status::ok());
  }
  EXPECT_EQ(result->code(), StatusCode::kInternal);
}

TEST(Receipt, SplitOfNobodysReceiptIsNobodys) {
  auto parts = Receipt().split(2);
  EXPECT_EQ(parts.size(), 2U);
  parts[0].resolve(Status::ok());
}

TEST(Receipt, GatherGivesEachTheStatusOfTheOne) {
  std::optional<Status> first;
  std::optional<Status> second;
  std::vector<Receipt> receipts;
  receipts.push_back(receipt_into(first));
  receipts.emplace_back();
  receipts.push_back(receipt_into(second));
  Receipt gathered = Receipt::gather(std::move(receipts));
  EXPECT_FALSE(first);
  gathered.resolve(unavailable("down"));
  EXPECT_EQ(first->message(), "down");
  EXPECT_EQ(second->message(), "down");
}

TEST(Receipt, PartsMayResolveOnManyThreads) {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> count{0};
    std::atomic<bool> is_ok{true};
    auto parts = Receipt([&](const Status& status) {
                   ++count;
                   is_ok = status.is_ok();
                 }).split(4);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      threads.emplace_back([part = std::move(parts[i]), i]() mutable {
        part.resolve(i == 2 ? unavailable("down") : Status::ok());
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(count, 1);
    EXPECT_FALSE(is_ok);
  }
}

}  // namespace
}  // namespace kolben::pipeline
