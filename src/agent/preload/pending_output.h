// PendingOutput: what stands in the buffer of a stdio stream and nobody was told of. The macros of
// the C library (putchar_unlocked and its like, which GNU's programs use) put characters there
// without a call; we learn of them at the next call that we see.
//
// Any thread, without a lock: only a call that is alone looks into the buffer. Calls that overlap
// tell their own text and skip what macros wrote meanwhile: a byte may be missed then, but is never
// told twice. The same goes for a call that never comes back (a cancelled thread, longjmp()): the
// stream's macros are not seen from then on.
#pragma once

#include <stdio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kolben::agent {

// What of a call's bytes nobody keeps.
struct CutBytes {
  std::size_t count = 0;
  bool goes_on = false;  // the last of them is known to end no line
};

class PendingOutput {
 public:
  // A program may give its stream a buffer of any size; of a bigger one the rest is cut.
  static constexpr std::size_t kBytesMax = 64 * 1024;

  // Before a call into the stream, not while it runs: calls tell(text, size, cut) for each piece of
  // what is new. What macros wrote is older than what the call will write.
  template <typename Tell>
  void enter(FILE* stream, Tell tell) {
    const std::uint64_t before = calls_.fetch_add(kOneCall, std::memory_order_acq_rel);
    if (under_way(before) != 0) return;
    const char* end = stream->_IO_write_ptr;
    const char* from = first_untold(stream, end);
    char copy[1024];
    for (std::size_t done = 0; from != nullptr && from < end;) {
      const auto left = static_cast<std::size_t>(end - from);
      const std::size_t size = left < sizeof(copy) ? left : sizeof(copy);
      std::memcpy(copy, from, size);
      const bool ends_line = end[-1] == '\n';
      // Whoever came meanwhile may have written into what was read, and tells of it.
      std::atomic_thread_fence(std::memory_order_acquire);
      if (calls_.load(std::memory_order_relaxed) != before + kOneCall) return;
      done += size;
      const bool is_last = done >= kBytesMax;
      tell(static_cast<const char*>(copy), size,
           is_last ? CutBytes{left - size, !ends_line} : CutBytes());
      if (is_last) return;
      from += size;
    }
  }

  // After the call, whose own text is told by the caller. Null: the stream's file is about to be
  // closed.
  void leave(FILE* stream) {
    std::uint64_t now = calls_.load(std::memory_order_acquire);
    do {
      if (under_way(now) == 0) return;  // of before a fork
      if (under_way(now) == 1) note_all_told(stream);
    } while (!calls_.compare_exchange_weak(now, now - 1, std::memory_order_acq_rel));
  }

  // In a child: what stands in the buffer is its parent's, whose other threads are not here. Null:
  // the stream is not known; what macros put into it before may be told by both.
  void forked(FILE* stream) {
    calls_.store(0, std::memory_order_relaxed);
    note_all_told(stream);
  }

  // Of another stream from now on.
  void begin() {
    calls_.store(0, std::memory_order_relaxed);
    told_.store(nullptr, std::memory_order_relaxed);
  }

 private:
  // The low half counts the calls under way, the high half all that there ever were.
  static constexpr std::uint64_t kOneCall = (std::uint64_t{1} << 32) | 1;
  static std::uint32_t under_way(std::uint64_t calls) { return static_cast<std::uint32_t>(calls); }

  void note_all_told(const FILE* stream) {
    const char* told = stream == nullptr ? nullptr : stream->_IO_write_ptr;
    told_.store(told, std::memory_order_relaxed);
  }

  // Outside of what is pending: the buffer was emptied since.
  const char* first_untold(FILE* stream, const char* end) const {
    const char* begin = stream->_IO_write_base;
    const char* told = told_.load(std::memory_order_relaxed);
    return told >= begin && told <= end ? told : begin;
  }

  std::atomic<std::uint64_t> calls_{0};
  std::atomic<const char*> told_{nullptr};
};

}  // namespace kolben::agent
