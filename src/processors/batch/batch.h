// The processor `batch`: see README.md.
//
// Data is put together under a lock and handed on outside of it, by the thread that completed the
// batch or by the timer thread. A refusal from downstream reaches every sender whose data was in
// the batch. What waits is bounded: a batch goes out when it is complete, in the thread that brings
// the data.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/thread.h"
#include "pipeline/component.h"

namespace kolben::processors::batch {

struct Settings {
  std::uint64_t send_batch_size = 8192;
  std::uint64_t send_batch_max_size = 0;
  std::chrono::nanoseconds timeout = std::chrono::milliseconds(200);
};

class BatchProcessor final : public pipeline::Processor {
 public:
  BatchProcessor(std::string id, Settings settings, pipeline::Consumer* next);
  ~BatchProcessor() override;

  Status start(pipeline::Host& host) override;
  void stop(pipeline::Deadline deadline) override;
  Status consume(pipeline::Delivery&& delivery) override;

 private:
  // What waits to go out together.
  struct Pending {
    std::vector<WirePiece> pieces;
    std::vector<pipeline::Receipt> receipts;
    std::uint64_t items = 0;
    Signal signal{};
    std::chrono::steady_clock::time_point oldest;

    bool empty() const { return receipts.empty(); }
  };

  void send(Pending&& pending);
  void run_timer();

  const std::string id_;
  const Settings settings_;
  pipeline::Consumer* const next_;
  pipeline::Counter* size_triggers_ = nullptr;
  pipeline::Counter* timeout_triggers_ = nullptr;

  Mutex mutex_;
  CondVar changed_;
  Pending pending_ KOLBEN_GUARDED_BY(mutex_);
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  Thread timer_;
};

std::unique_ptr<pipeline::Processor> create(pipeline::CreateContext& context);

}  // namespace kolben::processors::batch
