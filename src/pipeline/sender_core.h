// Sender::Core: what a sender and the sends that it started share. See sender.h.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/thread.h"
#include "pipeline/sender.h"

namespace kolben::pipeline {

// Per signal, in the order of the Signal enum.
struct SendCounters {
  Counter* sent[3] = {};
  Counter* send_failed[3] = {};
  Counter* enqueue_failed[3] = {};

  static SendCounters make(TelemetryRegistry& registry, const std::string& exporter_id);
};

class Sender::Core final : public std::enable_shared_from_this<Sender::Core> {
 public:
  Core(std::string exporter_id, const QueueSettings& queue, const RetrySettings& retry, Send send);

  void start(Host& host);
  Status consume(Delivery&& delivery);
  void stop(Deadline deadline);

 private:
  // A request on its way: being sent, or waiting for its next attempt.
  struct Request {
    explicit Request(Delivery from) : delivery(std::move(from)) {}
    Delivery delivery;
    Attempts attempts;
    std::uint64_t due_steady_nanos = 0;
  };
  using RequestPtr = std::shared_ptr<Request>;  // with the `done` of its send

  void run();
  // The next request to send; null where there is none yet.
  RequestPtr next(std::vector<Receipt>& accepted) KOLBEN_REQUIRES(mutex_);
  RequestPtr take_due_retry(std::uint64_t now) KOLBEN_REQUIRES(mutex_);
  std::chrono::nanoseconds time_to_wait() const KOLBEN_REQUIRES(mutex_);
  bool is_drained() const KOLBEN_REQUIRES(mutex_);
  void begin(const RequestPtr& request);
  void on_done(const RequestPtr& request, Status status);
  void finish(Request& request, Status status);
  // Gives up what is left at the deadline.
  void abandon();
  void log_failure(const Status& status, std::string_view what) KOLBEN_REQUIRES(mutex_);

  const std::string exporter_id_;
  const QueueSettings settings_;
  Send send_;  // on the thread alone
  const Clock* clock_ = nullptr;
  TelemetryRegistry* registry_ = nullptr;
  SendCounters counters_;
  std::vector<TelemetryRegistry::GaugeId> gauges_;

  mutable Mutex mutex_;
  CondVar changed_;
  DeliveryQueue queue_ KOLBEN_GUARDED_BY(mutex_);
  RetryPolicy policy_ KOLBEN_GUARDED_BY(mutex_);
  std::vector<RequestPtr> retries_ KOLBEN_GUARDED_BY(mutex_);  // at most num_consumers
  std::uint64_t in_flight_ KOLBEN_GUARDED_BY(mutex_) = 0;      // being sent or in retries_
  bool is_accepting_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool must_end_ KOLBEN_GUARDED_BY(mutex_) = false;
  std::uint64_t last_log_steady_nanos_ KOLBEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t failures_not_logged_ KOLBEN_GUARDED_BY(mutex_) = 0;
  Thread thread_;
};

}  // namespace kolben::pipeline
