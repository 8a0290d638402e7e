// Pool<T>: a bounded number of T in memory that is never returned, so that a stale pointer always
// points at a T. Lock-free; any thread, also in signal handlers.
//
// T is plain data, usable when all bytes are zero, with a member std::atomic<std::uint32_t>
// next_free. What acquire() returns holds what its last user left in it.
#pragma once

#include <atomic>
#include <cstdint>

#include "agent/preload/map_once.h"
#include "agent/preload/system.h"

namespace kolben::agent {

template <typename T>
class Pool {
 public:
  // `memory`: zeroed, capacity * sizeof(T) bytes. Again: nothing of the former one is in use.
  void init(void* memory, std::uint32_t capacity) {
    items_ = static_cast<T*>(memory);
    capacity_ = capacity;
    used_.store(0, std::memory_order_relaxed);
    free_.store(0, std::memory_order_relaxed);
  }

  // The same in memory of its own, once; false: there is none.
  bool map_once(const System& system, std::uint32_t capacity) {
    return memory_.map(system, sizeof(T) * capacity, [&](void* memory) { init(memory, capacity); });
  }

  // Null: all are in use.
  T* acquire() {
    std::uint64_t head = free_.load(std::memory_order_acquire);
    while ((head & kIndexMask) != 0) {
      T* item = items_ + ((head & kIndexMask) - 1);
      const std::uint64_t next = item->next_free.load(std::memory_order_relaxed);
      const std::uint64_t changed = ((head & ~kIndexMask) + kTagStep) | next;
      if (free_.compare_exchange_weak(head, changed, std::memory_order_acquire)) return item;
    }
    std::uint32_t used = used_.load(std::memory_order_relaxed);
    do {
      if (used >= capacity_) return nullptr;
    } while (!used_.compare_exchange_weak(used, used + 1, std::memory_order_relaxed));
    return items_ + used;
  }

  void release(T* item) {
    const std::uint64_t index = index_of(item) + 1;
    std::uint64_t head = free_.load(std::memory_order_relaxed);
    std::uint64_t changed = 0;
    do {
      item->next_free.store(static_cast<std::uint32_t>(head & kIndexMask),
                            std::memory_order_relaxed);
      changed = ((head & ~kIndexMask) + kTagStep) | index;
    } while (!free_.compare_exchange_weak(head, changed, std::memory_order_release));
  }

  // All that were ever in use: [0, used()).
  std::uint32_t used() const { return used_.load(std::memory_order_relaxed); }
  T* at(std::uint32_t index) { return items_ + index; }
  std::uint32_t index_of(const T* item) const { return static_cast<std::uint32_t>(item - items_); }

 private:
  // The head of the free list: index + 1 below, and a tag above that makes each head unique.
  static constexpr std::uint64_t kIndexMask = 0xffff'ffff;
  static constexpr std::uint64_t kTagStep = kIndexMask + 1;

  T* items_ = nullptr;
  std::uint32_t capacity_ = 0;
  std::atomic<std::uint32_t> used_{0};
  std::atomic<std::uint64_t> free_{0};
  MapOnce memory_;  // by map_once()
};

}  // namespace kolben::agent
