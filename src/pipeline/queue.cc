#include "pipeline/queue.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "otlp/encode.h"

namespace kolben::pipeline {
namespace {

std::uint64_t size_of(const Batch& batch, Sizer sizer) {
  if (sizer == Sizer::kItems) return batch.items();
  return sizer == Sizer::kBytes ? batch.bytes() : 1;
}

}  // namespace

DeliveryQueue::DeliveryQueue(const QueueSettings& settings) : settings_(settings) {}

bool DeliveryQueue::has_room(std::uint64_t size) const {
  // Alone, even a request larger than the queue passes: it could never otherwise.
  return size_ == 0 || (size_ <= settings_.queue_size && size <= settings_.queue_size - size_);
}

bool DeliveryQueue::push(Delivery& delivery, std::uint64_t now_steady_nanos,
                         std::vector<Receipt>& accepted) {
  const std::uint64_t size = size_of(delivery.batch, settings_.sizer);
  const bool is_room = waiting_.empty() && has_room(size);
  if (!is_room && (!settings_.block_on_overflow || waiting_.size() >= kWaitingMax)) return false;
  const std::uint64_t batch_size =
      settings_.batch ? size_of(delivery.batch, settings_.batch->sizer) : 0;
  Entry entry{std::move(delivery), size, batch_size, now_steady_nanos};
  if (is_room) {
    enqueue(std::move(entry), accepted);
  } else {
    waiting_.push_back(std::move(entry));
  }
  return true;
}

void DeliveryQueue::enqueue(Entry entry, std::vector<Receipt>& accepted) {
  if (!settings_.wait_for_result) accepted.push_back(std::move(entry.delivery.receipt));
  size_ += entry.size;
  queued_.push_back(std::move(entry));
}

void DeliveryQueue::admit_waiting(std::vector<Receipt>& accepted) {
  while (!waiting_.empty() && has_room(waiting_.front().size)) {
    Entry entry = std::move(waiting_.front());
    waiting_.pop_front();
    enqueue(std::move(entry), accepted);
  }
}

// What could be merged into one request now: entries from the front, all of one signal.
std::uint64_t DeliveryQueue::ready_size() const {
  std::uint64_t size = 0;
  for (const Entry& entry : queued_) {
    if (entry.delivery.batch.signal() != queued_.front().delivery.batch.signal()) {
      // Another signal behind: nothing more can join, so nothing is worth waiting for.
      return std::max(size, settings_.batch->min_size);
    }
    size += entry.batch_size;
    if (size >= settings_.batch->min_size) break;
  }
  return size;
}

std::optional<std::chrono::nanoseconds> DeliveryQueue::ready_in(
    std::uint64_t now_steady_nanos) const {
  if (queued_.empty()) return std::nullopt;
  if (!settings_.batch || ready_size() >= settings_.batch->min_size) {
    return std::chrono::nanoseconds(0);
  }
  const auto waited = std::chrono::nanoseconds(
      static_cast<std::int64_t>(now_steady_nanos - queued_.front().arrived_steady_nanos));
  return std::max(std::chrono::nanoseconds(0), settings_.batch->flush_timeout - waited);
}

bool DeliveryQueue::is_ready(std::uint64_t now_steady_nanos) const {
  const auto wait = ready_in(now_steady_nanos);
  return wait && wait->count() == 0;
}

Delivery DeliveryQueue::take_front() {
  Entry entry = std::move(queued_.front());
  queued_.pop_front();
  size_ -= entry.size;
  return std::move(entry.delivery);
}

Delivery DeliveryQueue::pop(std::vector<Receipt>& accepted) {
  KOLBEN_CHECK(!queued_.empty());
  std::uint64_t merged_size = queued_.front().batch_size;
  Delivery first = take_front();
  std::vector<Receipt> receipts;
  while (settings_.batch && !queued_.empty() && merged_size < settings_.batch->min_size) {
    const Entry& next = queued_.front();
    const bool fits = settings_.batch->max_size == 0 ||
                      merged_size + next.batch_size <= settings_.batch->max_size;
    if (!fits || next.delivery.batch.signal() != first.batch.signal()) break;
    merged_size += next.batch_size;
    Delivery delivery = take_front();
    otlp::to_wire(first.batch);
    otlp::to_wire(delivery.batch);
    first.batch.append_wire(std::move(delivery.batch));
    receipts.push_back(std::move(delivery.receipt));
  }
  if (!receipts.empty()) {
    receipts.insert(receipts.begin(), std::move(first.receipt));
    first.receipt = Receipt::gather(std::move(receipts));
  }
  admit_waiting(accepted);
  return first;
}

}  // namespace kolben::pipeline
