// OpenSpan: a span of the application until it ends, in a bounded pool. Plain data, usable when all
// bytes are zero.
#pragma once

#include <atomic>
#include <cstdint>

#include "agent/preload/own_baggage.h"
#include "agent/ring/record.h"

namespace kolben::agent {

inline constexpr std::uint32_t kSpansMax = 4096;  // open at a time
inline constexpr std::uint32_t kNameBytesMax = 256;
inline constexpr std::uint32_t kSpanBytesMax = 2048;   // of attributes, and as many of events
inline constexpr std::uint32_t kLinksBytesMax = 1024;  // of a span

// How many of a buffer's `Max` bytes are in use. Any thread adds to a span: two at a time garble
// what they add, but whatever they make of the size, it is within the buffer.
template <std::uint32_t Max>
class UsedBytes {
 public:
  std::uint32_t get() const {
    const std::uint32_t size = size_.load(std::memory_order_relaxed);
    return size < Max ? size : Max;
  }
  void set(std::uint32_t size) { size_.store(size, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> size_;
};

struct OpenSpan {
  std::atomic<std::uint32_t> next_free;
  std::atomic<std::uint32_t> turn;  // how often the place was used: part of the handle
  std::atomic<bool> open;
  std::uint8_t kind;
  std::uint8_t status_code;
  std::uint32_t generation;  // of forks: in which process it began
  std::uint64_t previous;    // the span around it, the thread's current one before; 0: none
  // Of it and those around it the innermost that baggage is set in; 0: none. `baggage` of another
  // is not looked at: it lies on a page that a span without any need not have.
  std::uint64_t baggage_holder;
  std::uint64_t start_time;
  Context self;
  std::uint8_t parent_span_id[8];
  std::uint32_t name_size;
  std::uint32_t status_size;
  UsedBytes<kSpanBytesMax> attributes_size;
  UsedBytes<kSpanBytesMax> events_size;
  UsedBytes<kLinksBytesMax> links_size;
  std::uint32_t dropped_attributes_count;
  std::uint32_t dropped_events_count;
  std::uint32_t dropped_links_count;
  char name[kNameBytesMax];
  char status[kNameBytesMax];
  std::uint8_t attributes[kSpanBytesMax];
  std::uint8_t events[kSpanBytesMax];
  std::uint8_t links[kLinksBytesMax];
  OwnBaggage baggage;  // and that of the spans around it
};

}  // namespace kolben::agent
