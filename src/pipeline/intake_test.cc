#include "pipeline/intake.h"

#include <gtest/gtest.h>

#include <optional>

#include "pipeline/testing/collecting_consumer.h"
#include "pipeline/testing/fake_host.h"

namespace kolben::pipeline {
namespace {

Batch logs(int count) {
  Batch batch(Signal::kLogs);
  auto& records = batch.logs().resources.add(batch.arena()).scopes.add(batch.arena()).records;
  for (int i = 0; i < count; ++i) records.add(batch.arena());
  batch.recount();
  return batch;
}

class IntakeTest : public ::testing::Test {
 protected:
  double metric(std::string_view name) const { return host_.metric(name, "receiver", "in"); }

  testing::FakeHost host_;
  testing::CollectingConsumer next_;
  Intake intake_{{nullptr, nullptr, &next_}, host_.telemetry(), "in", "http"};
  std::optional<Status> answer_;
  Intake::Answer keep() {
    return [this](Status status) { answer_ = std::move(status); };
  }
};

TEST_F(IntakeTest, TheSenderIsAnsweredWhenTheReceiptResolves) {
  next_.hold_receipts();
  intake_.take(logs(3), keep());
  EXPECT_FALSE(answer_);
  EXPECT_EQ(metric("otelcol_receiver_accepted_log_records"), 0);
  next_.resolve_all(Status::ok());
  ASSERT_TRUE(answer_);
  EXPECT_TRUE(answer_->is_ok());
  EXPECT_EQ(metric("otelcol_receiver_accepted_log_records"), 3);
}

TEST_F(IntakeTest, ARefusalIsAnsweredAtOnceAndCounted) {
  next_.refuse(unavailable("down"));
  intake_.take(logs(2), keep());
  ASSERT_TRUE(answer_);
  EXPECT_EQ(answer_->message(), "down");
  EXPECT_EQ(metric("otelcol_receiver_refused_log_records"), 2);
}

TEST_F(IntakeTest, AnEmptyBatchSucceedsAndGoesNowhere) {
  intake_.take(logs(0), keep());
  ASSERT_TRUE(answer_);
  EXPECT_TRUE(answer_->is_ok());
  EXPECT_EQ(next_.count(), 0U);
}

TEST_F(IntakeTest, KnowsWhatItsPipelinesWant) {
  EXPECT_TRUE(intake_.wants(Signal::kLogs));
  EXPECT_FALSE(intake_.wants(Signal::kTraces));
}

}  // namespace
}  // namespace kolben::pipeline
