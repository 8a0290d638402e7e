#include "pipeline/testing/collecting_consumer.h"

#include <utility>

namespace kolben::pipeline::testing {

Status CollectingConsumer::consume(Delivery&& delivery) {
  Receipt receipt;
  {
    MutexLock lock(mutex_);
    if (!refusal_.is_ok()) return refusal_;
    batches_.push_back(std::move(delivery.batch));
    if (holds_receipts_) {
      held_.push_back(std::move(delivery.receipt));
    } else {
      receipt = std::move(delivery.receipt);
    }
    arrived_.notify_all();
  }
  receipt.resolve(Status::ok());
  return Status::ok();
}

void CollectingConsumer::refuse(Status status) {
  MutexLock lock(mutex_);
  refusal_ = std::move(status);
}

void CollectingConsumer::hold_receipts() {
  MutexLock lock(mutex_);
  holds_receipts_ = true;
}

void CollectingConsumer::resolve_all(const Status& status) {
  std::vector<Receipt> receipts;
  {
    MutexLock lock(mutex_);
    receipts.swap(held_);
  }
  for (Receipt& receipt : receipts) receipt.resolve(status);
}

bool CollectingConsumer::wait_for(std::size_t count, std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  MutexLock lock(mutex_);
  while (batches_.size() < count) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return false;
    arrived_.wait_for(mutex_, left);
  }
  return true;
}

std::size_t CollectingConsumer::count() const {
  MutexLock lock(mutex_);
  return batches_.size();
}

std::uint64_t CollectingConsumer::items() const {
  MutexLock lock(mutex_);
  std::uint64_t items = 0;
  for (const Batch& batch : batches_) items += batch.items();
  return items;
}

std::vector<Batch> CollectingConsumer::take() {
  MutexLock lock(mutex_);
  return std::exchange(batches_, {});
}

}  // namespace kolben::pipeline::testing
