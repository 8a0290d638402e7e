#include "processors/batch/batch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/testing/collecting_consumer.h"
#include "pipeline/testing/fake_host.h"

namespace kolben::processors::batch {
namespace {

using std::chrono::seconds;

pipeline::Delivery delivery_of(std::uint64_t items, std::vector<Status>* answers = nullptr) {
  WirePiece piece;
  piece.message = Bytes::from_string("request");
  std::vector<WirePiece> pieces;
  pieces.push_back(std::move(piece));
  pipeline::Receipt receipt;
  if (answers != nullptr) {
    receipt = pipeline::Receipt([answers](Status status) { answers->push_back(status); });
  }
  return {Batch::from_wire(Signal::kTraces, std::move(pieces), items), std::move(receipt)};
}

class BatchTest : public testing::Test {
 protected:
  std::unique_ptr<BatchProcessor> make(Settings settings) {
    auto processor = std::make_unique<BatchProcessor>("batch", settings, &next);
    EXPECT_TRUE(processor->start(host).is_ok());
    return processor;
  }
  pipeline::testing::FakeHost host;
  pipeline::testing::CollectingConsumer next;
};

TEST_F(BatchTest, GoesOutWhenTheSizeIsReached) {
  auto processor = make({.send_batch_size = 10, .timeout = seconds(0)});
  EXPECT_TRUE(processor->consume(delivery_of(6)).is_ok());
  EXPECT_EQ(next.count(), 0U);
  EXPECT_TRUE(processor->consume(delivery_of(6)).is_ok());
  ASSERT_EQ(next.count(), 1U);
  EXPECT_EQ(next.items(), 12U);
}

TEST_F(BatchTest, GoesOutWhenTheTimeIsUp) {
  auto processor = make({.send_batch_size = 1000, .timeout = std::chrono::milliseconds(5)});
  EXPECT_TRUE(processor->consume(delivery_of(1)).is_ok());
  EXPECT_TRUE(next.wait_for(1, seconds(10)));
}

TEST_F(BatchTest, DoesNotGrowBeyondTheLargestSizeByPuttingTogether) {
  auto processor = make({.send_batch_size = 10, .send_batch_max_size = 10, .timeout = seconds(0)});
  EXPECT_TRUE(processor->consume(delivery_of(8)).is_ok());
  EXPECT_TRUE(processor->consume(delivery_of(8)).is_ok());
  ASSERT_EQ(next.count(), 1U);
  EXPECT_EQ(next.items(), 8U);
}

TEST_F(BatchTest, ARefusalReachesEverySenderInTheBatch) {
  next.refuse(unavailable("away"));
  std::vector<Status> answers;
  auto processor = make({.send_batch_size = 2, .timeout = seconds(0)});
  EXPECT_TRUE(processor->consume(delivery_of(1, &answers)).is_ok());
  EXPECT_TRUE(processor->consume(delivery_of(1, &answers)).is_ok());
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0].code(), StatusCode::kUnavailable);
  EXPECT_EQ(answers[1].code(), StatusCode::kUnavailable);
}

TEST_F(BatchTest, StopSendsTheRest) {
  auto processor = make({.send_batch_size = 100, .timeout = seconds(60)});
  EXPECT_TRUE(processor->consume(delivery_of(3)).is_ok());
  processor->stop(std::chrono::steady_clock::now() + seconds(5));
  EXPECT_EQ(next.items(), 3U);
}

}  // namespace
}  // namespace kolben::processors::batch
