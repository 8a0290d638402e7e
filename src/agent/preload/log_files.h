// LogFiles: which of the process's file numbers are files that the configuration names.
//
// A number is looked at when the program has written to it for the first time: its path is the one
// that the kernel has (/proc/self/fd). So it does not matter who opened it, and how: the program,
// the C library within fopen(), a program before this one, dup(). It is looked at again once it was
// closed. Where nothing is named there is no memory, and nobody looks at anything.
//
// Any thread, ThreadGuard held. Bounds: numbers below kNumbersMax, kFilesMax named files open at a
// time in a process; what is beyond is not followed, and counted in the ring.
#pragma once

#include <atomic>
#include <cstdint>

#include "agent/preload/output_source.h"
#include "agent/preload/system.h"
#include "agent/ring/ring.h"

namespace kolben::agent {

class LogFiles {
 public:
  static constexpr int kNumbersMax = 65536;
  static constexpr int kFilesMax = 128;  // a server may have one for each of its sites

  void init(const System& system, RingHeader* ring);
  // Some are named.
  bool any() const { return table_ != nullptr; }

  // What the number stands for, which has been written to; null: no named file.
  OutputSource* find(int file);
  // Whether something is known of the number that has to be forgotten when it is closed.
  bool knows(int file) const;
  // It is no named file any more from now on. What was one, whose place the caller gives back by
  // release().
  OutputSource* forget(int file);
  static void release(OutputSource& source) { source.file.store(0, std::memory_order_release); }
  // Looks at all numbers that are open and below kLookedAheadMax: it may not be possible later.
  void look_ahead();

  // Calls `use(source)` for each that is open, and was written to.
  template <typename Use>
  void for_each(Use use) {
    const int count = table_ == nullptr ? 0 : table_->used.load(std::memory_order_acquire);
    for (int i = 0; i < count; ++i) {
      if (table_->files[i].file.load(std::memory_order_acquire) != 0) use(table_->files[i]);
    }
  }
  // The highest number of which something is known.
  int highest() const {
    return table_ == nullptr ? 0 : table_->highest.load(std::memory_order_relaxed);
  }

 private:
  // A number's state; from kFirstPlace on a place in `files`.
  static constexpr std::uint8_t kUnknown = 0;
  static constexpr std::uint8_t kOther = 1;
  static constexpr std::uint8_t kLooking = 2;
  static constexpr std::uint8_t kFirstPlace = 3;
  static_assert(kFirstPlace + kFilesMax <= 256);
  static constexpr int kLookedAheadMax = 1024;

  // Only touched pages cost.
  struct Table {
    char patterns[kLogFilesBytesMax];
    std::uint32_t patterns_size;
    std::atomic<int> used;  // of the files, at most
    std::atomic<int> highest;
    std::atomic<std::uint32_t> opened;  // of the numbers that sources have
    std::atomic<std::uint8_t> states[kNumbersMax];
    OutputSource files[kFilesMax];
  };

  std::uint8_t look(int file, std::uint8_t if_not_known);
  OutputSource* claim(int file, int* place);

  const System* system_ = nullptr;
  RingHeader* ring_ = nullptr;
  Table* table_ = nullptr;
};

}  // namespace kolben::agent
