#include "pipeline/sender.h"

#include <gtest/gtest.h>

#include <deque>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "otlp/encode.h"
#include "pipeline/testing/fake_host.h"

namespace kolben::pipeline {
namespace {

using namespace std::chrono_literals;
using testing::FakeHost;

Batch batch_of(std::uint32_t spans, Signal signal = Signal::kTraces) {
  Batch batch(signal);
  if (signal == Signal::kTraces) {
    auto& scope = batch.traces().resources.add(batch.arena()).scopes.add(batch.arena());
    for (std::uint32_t i = 0; i < spans; ++i) scope.spans.add(batch.arena()).name = "x";
  } else {
    auto& scope = batch.logs().resources.add(batch.arena()).scopes.add(batch.arena());
    for (std::uint32_t i = 0; i < spans; ++i) scope.records.add(batch.arena());
  }
  batch.recount();
  return batch;
}

// The other side: notes each send and answers when the test says so.
class Peer {
 public:
  Sender::Send send() {
    return [this](const Batch& batch, Sender::Done done) {
      MutexLock lock(mutex_);
      sizes_.push_back(batch.items());
      pending_.push_back(std::move(done));
      changed_.notify_all();
    };
  }
  bool wait_for_sends(std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + 5s;
    MutexLock lock(mutex_);
    while (sizes_.size() < count) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      changed_.wait_for(mutex_, 50ms);
    }
    return true;
  }
  void answer(Status status) {
    Sender::Done done;
    {
      MutexLock lock(mutex_);
      ASSERT_FALSE(pending_.empty());
      done = std::move(pending_.front());
      pending_.pop_front();
    }
    done(std::move(status));
  }
  std::vector<std::uint64_t> sizes() {
    MutexLock lock(mutex_);
    return sizes_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::uint64_t> sizes_;
  std::deque<Sender::Done> pending_;
};

class SenderTest : public ::testing::Test {
 protected:
  void start(QueueSettings queue = {}, RetrySettings retry = {}) {
    retry.randomization_factor = 0;
    sender_ = std::make_unique<Sender>("otlp/test", queue, retry, peer_.send());
    sender_->start(host_);
  }
  // The receipt's answer stays empty until it resolves.
  Status give(Batch batch, std::optional<Status>& answer) {
    Delivery delivery{std::move(batch), Receipt([&](Status s) { answer = std::move(s); })};
    Status status = sender_->consume(std::move(delivery));
    if (!status.is_ok()) {
      EXPECT_GT(delivery.batch.items(), 0U);  // nothing was taken
      EXPECT_FALSE(answer);
      kept_.push_back(std::move(delivery));
    }
    return status;
  }
  double metric(std::string_view name) { return host_.metric(name, "exporter", "otlp/test"); }
  Deadline soon() { return std::chrono::steady_clock::now() + 5s; }

  FakeHost host_;
  Peer peer_;
  std::optional<Status> answer_[4];  // before what writes into it when it goes
  std::vector<Delivery> kept_;
  std::unique_ptr<Sender> sender_;
};

QueueSettings queue_of(std::uint64_t size, std::uint64_t consumers = 1) {
  QueueSettings queue;
  queue.queue_size = size;
  queue.num_consumers = consumers;
  return queue;
}

TEST_F(SenderTest, AMemoryQueueAnswersAtOnceAndSends) {
  start();
  ASSERT_TRUE(give(batch_of(3), answer_[0]).is_ok());
  ASSERT_TRUE(answer_[0]);
  EXPECT_TRUE(answer_[0]->is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  peer_.answer(Status::ok());
  sender_->stop(soon());
  EXPECT_EQ(metric("otelcol_exporter_sent_spans"), 3);
  EXPECT_EQ(metric("otelcol_exporter_send_failed_spans"), 0);
}

TEST_F(SenderTest, WaitForResultAnswersWithThePeersAnswer) {
  QueueSettings queue;
  queue.wait_for_result = true;
  start(queue);
  ASSERT_TRUE(give(batch_of(1), answer_[0]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  EXPECT_FALSE(answer_[0]);
  peer_.answer(invalid_argument("bad data"));
  sender_->stop(soon());
  ASSERT_TRUE(answer_[0]);
  EXPECT_EQ(answer_[0]->code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(metric("otelcol_exporter_send_failed_spans"), 1);
}

TEST_F(SenderTest, WithoutAQueueThePeersAnswerIsWaitedFor) {
  QueueSettings queue;
  queue.enabled = false;
  start(queue);
  ASSERT_TRUE(give(batch_of(1), answer_[0]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  EXPECT_FALSE(answer_[0]);
  peer_.answer(Status::ok());
  ASSERT_TRUE(answer_[0]);
  EXPECT_TRUE(answer_[0]->is_ok());
}

TEST_F(SenderTest, AFullQueueRefusesWithADelayAndCounts) {
  start(queue_of(1));
  ASSERT_TRUE(give(batch_of(1), answer_[0]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));  // on its way: the queue is empty again
  ASSERT_TRUE(give(batch_of(1), answer_[1]).is_ok());
  const Status full = give(batch_of(5), answer_[2]);
  EXPECT_EQ(full.code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(full.message(), "exporter otlp/test: sending queue is full");
  EXPECT_TRUE(full.is_retryable());
  EXPECT_EQ(metric("otelcol_exporter_enqueue_failed_spans"), 5);
  EXPECT_EQ(metric("otelcol_exporter_queue_size"), 1);
  EXPECT_EQ(metric("otelcol_exporter_queue_capacity"), 1);
  peer_.answer(Status::ok());
  ASSERT_TRUE(peer_.wait_for_sends(2));
  peer_.answer(Status::ok());
}

TEST_F(SenderTest, BlockOnOverflowKeepsTheSenderWaitingNotAThread) {
  QueueSettings queue = queue_of(1);
  queue.block_on_overflow = true;
  start(queue);
  ASSERT_TRUE(give(batch_of(1), answer_[0]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  ASSERT_TRUE(give(batch_of(2), answer_[1]).is_ok());
  ASSERT_TRUE(give(batch_of(3), answer_[2]).is_ok());
  EXPECT_TRUE(answer_[1]);
  EXPECT_FALSE(answer_[2]);  // at the door
  peer_.answer(Status::ok());
  ASSERT_TRUE(peer_.wait_for_sends(2));
  peer_.answer(Status::ok());
  ASSERT_TRUE(peer_.wait_for_sends(3));
  EXPECT_TRUE(answer_[2] && answer_[2]->is_ok());
  peer_.answer(Status::ok());
  sender_->stop(soon());
  EXPECT_EQ(metric("otelcol_exporter_sent_spans"), 6);
}

TEST_F(SenderTest, AtMostNumConsumersAreOnTheirWay) {
  start(queue_of(10, 2));
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(give(batch_of(1), answer_[i]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(2));
  EXPECT_EQ(metric("otelcol_exporter_in_flight_requests"), 2);
  EXPECT_EQ(metric("otelcol_exporter_queue_size"), 2);
  EXPECT_EQ(peer_.sizes().size(), 2U);
  for (int i = 0; i < 4; ++i) {
    ASSERT_TRUE(peer_.wait_for_sends(static_cast<std::size_t>(i) + 1));
    peer_.answer(Status::ok());
  }
}

TEST_F(SenderTest, FailuresAreTriedAgainWhenTheirTimeComes) {
  QueueSettings queue;
  queue.wait_for_result = true;
  start(queue);
  ASSERT_TRUE(give(batch_of(1), answer_[0]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  peer_.answer(unavailable("down"));
  host_.manual_clock().advance_nanos(4'900'000'000);
  std::this_thread::sleep_for(60ms);  // three looks at the timers: none is due
  EXPECT_EQ(peer_.sizes().size(), 1U);
  host_.manual_clock().advance_nanos(200'000'000);
  ASSERT_TRUE(peer_.wait_for_sends(2));
  EXPECT_FALSE(answer_[0]);
  peer_.answer(Status::ok());
  EXPECT_TRUE(answer_[0]);
  sender_->stop(soon());
  EXPECT_EQ(metric("otelcol_exporter_sent_spans"), 1);
}

TEST_F(SenderTest, RetriesEndWithTheirTime) {
  QueueSettings queue;
  queue.wait_for_result = true;
  start(queue);
  ASSERT_TRUE(give(batch_of(2), answer_[0]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  peer_.answer(unavailable("down"));
  host_.manual_clock().advance_nanos(299'000'000'000);
  ASSERT_TRUE(peer_.wait_for_sends(2));
  peer_.answer(unavailable("still down"));
  ASSERT_TRUE(answer_[0]);
  EXPECT_EQ(answer_[0]->message(), "still down");
  EXPECT_EQ(metric("otelcol_exporter_send_failed_spans"), 2);
}

TEST_F(SenderTest, StopSendsWhatIsQueued) {
  start(queue_of(10));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(give(batch_of(1), answer_[i]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  std::thread stopper([&] { sender_->stop(soon()); });
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(peer_.wait_for_sends(i));
    peer_.answer(Status::ok());
  }
  stopper.join();
  EXPECT_EQ(metric("otelcol_exporter_sent_spans"), 3);
  EXPECT_EQ(give(batch_of(1), answer_[3]).code(), StatusCode::kUnavailable);
}

TEST_F(SenderTest, StopGivesUpAtTheDeadlineAndSaysSo) {
  QueueSettings queue = queue_of(10);
  queue.wait_for_result = true;
  start(queue);
  ASSERT_TRUE(give(batch_of(1), answer_[0]).is_ok());
  ASSERT_TRUE(give(batch_of(2), answer_[1]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  sender_->stop(std::chrono::steady_clock::now() + 20ms);
  ASSERT_TRUE(answer_[1]);
  EXPECT_EQ(answer_[1]->code(), StatusCode::kUnavailable);
  EXPECT_EQ(metric("otelcol_exporter_send_failed_spans"), 2);
  sender_.reset();
  EXPECT_FALSE(answer_[0]);  // still on its way
  peer_.answer(Status::ok());
  EXPECT_TRUE(answer_[0] && answer_[0]->is_ok());
}

TEST_F(SenderTest, StopTriesWaitingRetriesOnceMore) {
  QueueSettings queue;
  queue.wait_for_result = true;
  start(queue);
  ASSERT_TRUE(give(batch_of(1), answer_[0]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  peer_.answer(unavailable("down"));
  std::thread stopper([&] { sender_->stop(soon()); });
  ASSERT_TRUE(peer_.wait_for_sends(2));
  peer_.answer(unavailable("down"));
  stopper.join();
  EXPECT_FALSE(answer_[0]->is_ok());
}

TEST_F(SenderTest, BatchesFillUpToTheirSize) {
  QueueSettings queue = queue_of(10);
  queue.wait_for_result = true;
  queue.batch = QueueBatchSettings{};
  queue.batch->min_size = 5;
  start(queue);
  ASSERT_TRUE(give(batch_of(2), answer_[0]).is_ok());
  ASSERT_TRUE(give(batch_of(3), answer_[1]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  EXPECT_EQ(peer_.sizes()[0], 5U);
  peer_.answer(Status::ok());
  EXPECT_TRUE(answer_[0] && answer_[0]->is_ok());
  EXPECT_TRUE(answer_[1] && answer_[1]->is_ok());
}

TEST_F(SenderTest, BatchesGoWhenTheirTimeIsOverAndNeverMixSignals) {
  QueueSettings queue = queue_of(10);
  queue.batch = QueueBatchSettings{};
  start(queue);
  ASSERT_TRUE(give(batch_of(2), answer_[0]).is_ok());
  ASSERT_TRUE(give(batch_of(1, Signal::kLogs), answer_[1]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));  // nothing can join: logs are behind
  EXPECT_EQ(peer_.sizes()[0], 2U);
  peer_.answer(Status::ok());
  host_.manual_clock().advance_nanos(200'000'000);
  ASSERT_TRUE(peer_.wait_for_sends(2));
  peer_.answer(Status::ok());
  sender_->stop(soon());
  EXPECT_EQ(metric("otelcol_exporter_sent_log_records"), 1);
}

TEST_F(SenderTest, ABoundInItemsCountsItems) {
  QueueSettings queue = queue_of(4);
  queue.sizer = Sizer::kItems;
  start(queue);
  ASSERT_TRUE(give(batch_of(1), answer_[0]).is_ok());
  ASSERT_TRUE(peer_.wait_for_sends(1));
  ASSERT_TRUE(give(batch_of(3), answer_[1]).is_ok());
  EXPECT_FALSE(give(batch_of(2), answer_[2]).is_ok());
  EXPECT_TRUE(give(batch_of(1), answer_[3]).is_ok());
  for (std::size_t i = 1; i <= 3; ++i) {
    ASSERT_TRUE(peer_.wait_for_sends(i));
    peer_.answer(Status::ok());
  }
}

}  // namespace
}  // namespace kolben::pipeline
