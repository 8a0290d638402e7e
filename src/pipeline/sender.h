// Sender: queue, retry and timers beside an exporter that sends over the network.
//
//   consume() ──► DeliveryQueue ──► send(batch, done) up to num_consumers at once ──► done(status)
//                                     ▲                                              │ failed
//                                     └────── timer ◄── RetryPolicy ◄────────────────┘
//
// One thread, which starts sends and waits for timers; it never waits for the network. A request
// that waits for its next attempt keeps its place among the num_consumers, so that a peer that is
// down is not hammered. Receipts resolve as pipeline/queue.h says; with `enabled: false` each waits
// for the peer's answer, retries included.
//
// stop(): nothing more is taken; what is queued or waits for a retry gets one last attempt until
// the deadline, then it is resolved with UNAVAILABLE and counted as failed. Sends that are still
// running then resolve when `done` comes, even after the Sender is gone.
#pragma once

#include <memory>
#include <string>

#include "base/unique_function.h"
#include "pipeline/component.h"
#include "pipeline/queue.h"
#include "pipeline/retry.h"

namespace kolben::pipeline {

class Sender final : public Consumer {
 public:
  using Done = UniqueFunction<void(Status)>;
  // Begins to send; must not block. The batch stays as it is until `done` is called, once, from any
  // thread (inside of the call as well). Runs on the sender's thread.
  using Send = UniqueFunction<void(const Batch& batch, Done done)>;

  // `exporter_id` names it in metrics and logs.
  Sender(std::string exporter_id, const QueueSettings& queue, const RetrySettings& retry,
         Send send);
  ~Sender() override;

  // Starts the thread and registers metrics. The host outlives the sender.
  void start(Host& host);
  Status consume(Delivery&& delivery) override;
  void stop(Deadline deadline);

 private:
  class Core;
  // Shared with the sends that are running: their `done` may come late.
  std::shared_ptr<Core> core_;
};

}  // namespace kolben::pipeline
