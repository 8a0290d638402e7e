// Importer: hands batches to a store one after the other, keeps those that are not on the disk yet,
// and sends again what the store refuses for now: with growing pauses, for a bounded time.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "base/result.h"
#include "base/unique_function.h"
#include "model/batch.h"
#include "storage/store.h"

namespace kolben::app {

// How long to wait before the next attempt: twice as long each time, until too much time has gone
// by without any success. The caller's clock.
class Patience {
 public:
  using Nanos = std::chrono::nanoseconds;
  explicit Patience(Nanos time_max) : time_max_(time_max) {}

  // `now`: of a clock that only goes forward. None: it is enough.
  std::optional<Nanos> next_pause(Nanos now);
  void succeeded() { since_.reset(); }
  // How long nothing has succeeded.
  Nanos waited(Nanos now) const { return since_ ? now - *since_ : Nanos(0); }

 private:
  const Nanos time_max_;
  std::optional<Nanos> since_;
  Nanos pause_{0};
};

// The caller's thread and the store's.
class Importer {
 public:
  // Called with what the store says, once, when it has refused for more than a moment.
  using OnWait = UniqueFunction<void(const Status& refusal)>;

  // As Store::write.
  using Write = UniqueFunction<Status(Batch&&, storage::Store::OnDurable&&)>;

  // The store outlives it, and whatever it took is settled before the importer ends.
  Importer(Write write, std::chrono::nanoseconds wait_max, OnWait on_wait)
      : write_(std::move(write)), patience_(wait_max), on_wait_(std::move(on_wait)) {}
  ~Importer() { static_cast<void>(finish()); }

  // Errors are final: the store refuses for good, or for too long.
  Status add(Batch batch);
  // All that was added is on the disk, or the error; once.
  Status finish();
  std::uint64_t items() const { return items_; }

 private:
  struct Flight {
    explicit Flight(Batch&& taken) : batch(std::move(taken)) {}
    Batch batch;
    std::optional<Status> outcome;  // once the store knows it
  };

  Status send(const std::shared_ptr<Flight>& flight);
  Status landing_of(Flight& flight);
  Status settle_oldest();
  Status wait(const Status& refusal);

  Write write_;
  Patience patience_;
  OnWait on_wait_;
  bool has_told_ = false;  // since something succeeded
  std::deque<std::shared_ptr<Flight>> flights_;
  std::uint64_t bytes_ = 0;  // in flights_
  std::uint64_t items_ = 0;  // on the disk
  std::mutex mutex_;         // of what flights hold beside the batch
  std::condition_variable landed_;
};

}  // namespace kolben::app
