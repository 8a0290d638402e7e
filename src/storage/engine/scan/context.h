// What a question works with (Context), and how far it may go (Control).
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "base/status.h"
#include "storage/engine/scan/scan_threads.h"
#include "storage/engine/scan/snapshot.h"
#include "storage/plan.h"

namespace kolben::storage::scan {

using engine::LivePart;
using engine::Snapshot;

// Bounds of what one answer may hold, so that a query cannot take the memory of everything else.
inline constexpr std::uint32_t kTracesMax = 10'000;  // of a page
inline constexpr std::uint32_t kBucketsMax = 2'000;
inline constexpr std::uint32_t kLogsMax = 100'000;
inline constexpr std::uint32_t kValuesMax = 100'000;  // of a list of values or groups
inline constexpr std::uint64_t kAnswerBytesMax = std::uint64_t{512} << 20;

struct Context {
  Snapshot snapshot;
  ScanThreads& threads;
  const Clock& clock;
  // Where the query's own limits say nothing.
  std::chrono::nanoseconds time_max{std::chrono::seconds(20)};
  std::uint64_t bytes_max = std::uint64_t{256} << 20;
};

// The budget of one query, its cancellation and its progress. Any thread.
class Control {
 public:
  Control(const Context& context, const Limits& limits);

  // Asked before each row group: CANCELLED, DEADLINE_EXCEEDED, or the memory's RESOURCE_EXHAUSTED.
  Status check() const;
  // The memory alone.
  Status check_memory() const;
  // Whether the end of the time is no error.
  bool allows_partial() const { return limits_.partial; }

  // Memory that the answer grows by; check() fails when it is too much.
  void take(std::uint64_t bytes) { bytes_.fetch_add(bytes, std::memory_order_relaxed); }
  std::uint64_t bytes_left() const;
  void scanned(std::uint64_t rows);
  void expect(std::uint64_t rows);
  void searched_back_to(std::uint64_t time);
  std::uint64_t rows_scanned() const { return rows_.load(std::memory_order_relaxed); }

 private:
  const Clock& clock_;
  const Limits limits_;
  const std::uint64_t ends_;
  const std::uint64_t bytes_max_;
  std::atomic<std::uint64_t> bytes_ = 0;
  std::atomic<std::uint64_t> rows_ = 0;
};

}  // namespace kolben::storage::scan
