#include "agent/process/agent_loop.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

namespace kolben::agent {
namespace {

// After so many records somebody looks at the clock and at the processes.
constexpr std::uint32_t kRecordsPerRound = 2048;
// The ring holds 40 ms of a server of 100,000 requests a second; waking less often is cheaper.
constexpr std::chrono::milliseconds kBusyPause{2};
constexpr std::chrono::milliseconds kIdlePauseMax{20};
// A child of a program that has just ended may be on its way to announce itself.
constexpr std::uint64_t kQuietNanos = 60'000'000;
static_assert(kQuietNanos > kAbandonedNanos);  // what a killed writer left has been skipped

}  // namespace

AgentLoop::AgentLoop(RingHeader* ring, std::string ring_path, Recorder& recorder, Clock& clock,
                     const std::atomic<bool>& should_stop)
    : reader_(ring),
      ring_path_(std::move(ring_path)),
      recorder_(recorder),
      clock_(clock),
      should_stop_(should_stop),
      buffer_(std::make_unique<std::uint8_t[]>(kRecordBytesMax)) {}

std::uint32_t AgentLoop::drain() {
  std::uint32_t records = 0;
  const std::uint64_t now = clock_.unix_nanos();
  while (records < kRecordsPerRound) {
    const std::uint32_t size = reader_.next(buffer_.get(), now);
    if (size == 0) break;
    ++records;
    if (size >= sizeof(RecordHeader)) {
      RecordHeader header;
      std::memcpy(&header, buffer_.get(), sizeof header);
      if (header.type == RecordType::kProcessStart) watch_.add(header.pid);
    }
    recorder_.handle({reinterpret_cast<const char*>(buffer_.get()), size}, now);
  }
  return records;
}

void AgentLoop::flush_ended(const std::vector<std::uint32_t>& pids) {
  if (pids.empty()) return;
  // What they wrote last is in the ring.
  while (drain() > 0) {
  }
  for (const std::uint32_t pid : pids) recorder_.process_ended(pid);
}

bool AgentLoop::is_over(std::uint32_t records) {
  if (!watch_.all_ended() || records > 0) {
    quiet_since_ = 0;
    return false;
  }
  const std::uint64_t now = clock_.steady_nanos();
  if (quiet_since_ == 0) quiet_since_ = now;
  if (now - quiet_since_ < kQuietNanos) return false;
  for (const std::uint32_t pid : processes_that_map(ring_path_)) watch_.add(pid);
  return watch_.all_ended();
}

void AgentLoop::run(std::uint32_t pid) {
  watch_.add(pid);
  std::chrono::milliseconds pause = kBusyPause;
  while (!should_stop_) {
    const std::uint32_t records = drain();
    recorder_.tick(reader_.active_requests(), clock_.unix_nanos());
    if (is_over(records)) break;
    if (records >= kRecordsPerRound) continue;
    pause = records > 0 ? kBusyPause : std::min(pause + kBusyPause, kIdlePauseMax);
    flush_ended(watch_.wait(pause));
  }
  while (drain() > 0) {
  }
}

}  // namespace kolben::agent
