// DeliveryQueue: the bounded memory queue in front of an exporter (key `sending_queue` of the
// Collector). Plain data structure: its owner locks it, and resolves the receipts that it hands out
// after unlocking.
//
// A delivery whose place is certain needs its sender no more: its receipt is handed out to be
// resolved with OK, unless `wait_for_result` keeps it until the peer has answered. With
// `block_on_overflow` a delivery that finds the queue full waits at the door, unresolved, so that
// its sender waits, and no thread does; as many may wait as kWaitingMax.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "pipeline/component.h"

namespace kolben::pipeline {

enum class Sizer : std::uint8_t { kRequests, kItems, kBytes };

struct QueueBatchSettings {
  std::chrono::nanoseconds flush_timeout = std::chrono::milliseconds(200);
  std::uint64_t min_size = 8192;
  // Merging stops here; a single larger request is sent as it is. 0: no limit.
  std::uint64_t max_size = 0;
  Sizer sizer = Sizer::kItems;
};

struct QueueSettings {
  bool enabled = true;
  std::uint64_t num_consumers = 10;
  std::uint64_t queue_size = 1000;
  Sizer sizer = Sizer::kRequests;
  bool block_on_overflow = false;
  bool wait_for_result = false;
  std::optional<QueueBatchSettings> batch;
};

class DeliveryQueue {
 public:
  // Senders that block_on_overflow keeps waiting: as many connections as a server accepts.
  static constexpr std::size_t kWaitingMax = 4096;

  explicit DeliveryQueue(const QueueSettings& settings);

  // False: full, and the delivery is as it was. A receipt to resolve with OK may be added to
  // `accepted`.
  [[nodiscard]] bool push(Delivery& delivery, std::uint64_t now_steady_nanos,
                          std::vector<Receipt>& accepted);

  // Whether pop() gives something: with batching, enough has come or has waited long enough.
  bool is_ready(std::uint64_t now_steady_nanos) const;
  // How long until what is there is ready; nothing where the queue is empty.
  std::optional<std::chrono::nanoseconds> ready_in(std::uint64_t now_steady_nanos) const;
  // The next request, merged from several where batching is on. Only when not empty().
  Delivery pop(std::vector<Receipt>& accepted);

  bool empty() const { return queued_.empty(); }
  std::uint64_t size() const { return size_; }
  std::uint64_t capacity() const { return settings_.queue_size; }

 private:
  struct Entry {
    Delivery delivery;
    std::uint64_t size = 0;        // in units of the queue's sizer
    std::uint64_t batch_size = 0;  // in units of the batch's sizer
    std::uint64_t arrived_steady_nanos = 0;
  };

  bool has_room(std::uint64_t size) const;
  void enqueue(Entry entry, std::vector<Receipt>& accepted);
  Delivery take_front();
  void admit_waiting(std::vector<Receipt>& accepted);
  std::uint64_t ready_size() const;

  const QueueSettings settings_;
  std::deque<Entry> queued_;
  std::deque<Entry> waiting_;
  std::uint64_t size_ = 0;
};

}  // namespace kolben::pipeline
