// CollectingConsumer: the end of a pipeline in tests. Takes what comes, answers as it is told, and
// lets the test wait for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "base/mutex.h"
#include "pipeline/component.h"

namespace kolben::pipeline::testing {

class CollectingConsumer final : public Consumer {
 public:
  explicit CollectingConsumer(bool mutates = false) : mutates_(mutates) {}

  Status consume(Delivery&& delivery) override;
  bool mutates() const override { return mutates_; }

  // From now on consume() refuses with this; OK takes again.
  void refuse(Status status);
  // From now on receipts are kept until resolve_all().
  void hold_receipts();
  void resolve_all(const Status& status);

  // Waits until `count` deliveries have come; false after the deadline.
  bool wait_for(std::size_t count, std::chrono::milliseconds timeout = std::chrono::seconds(5));
  std::size_t count() const;
  std::uint64_t items() const;
  // What came so far; the consumer forgets it.
  std::vector<Batch> take();

 private:
  const bool mutates_;
  mutable Mutex mutex_;
  CondVar arrived_;
  std::vector<Batch> batches_ KOLBEN_GUARDED_BY(mutex_);
  std::vector<Receipt> held_ KOLBEN_GUARDED_BY(mutex_);
  Status refusal_ KOLBEN_GUARDED_BY(mutex_);
  bool holds_receipts_ KOLBEN_GUARDED_BY(mutex_) = false;
};

}  // namespace kolben::pipeline::testing
