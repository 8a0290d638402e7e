#include "agent/process/agent_loop.h"

#include <chrono>
#include <optional>
#include <utility>

#include "agent/process/captured_outputs.h"
#include "agent/process/records.h"

namespace kolben::agent {
namespace {

// After so many records somebody looks at the clock and at the processes.
constexpr std::uint32_t kRecordsPerRound = 2048;
// The ring holds 80 ms of a server of 100,000 requests a second, so that even there a quarter of it
// is full after the pause; waking is what costs most where there is little to read.
constexpr std::chrono::milliseconds kPause{20};
// After a round with so many, somebody writes faster, or longer records.
constexpr std::uint32_t kManyRecords = 1024;
constexpr std::chrono::milliseconds kShortPause{5};
constexpr std::uint64_t kAnyTime = ~std::uint64_t{0};
// A child of a program that has just ended may be on its way to announce itself.
constexpr std::uint64_t kQuietNanos = 60'000'000;
// Between two looks at who has the program's output open.
constexpr std::uint64_t kLookNanos = 100'000'000;
static_assert(kQuietNanos > kAbandonedNanos);  // what a killed writer left has been skipped

}  // namespace

AgentLoop::AgentLoop(RingHeader* ring, std::string ring_path, Recorder& recorder, Clock& clock,
                     const std::atomic<bool>& should_stop)
    : reader_(ring),
      open_(*open_table(ring)),
      ring_path_(std::move(ring_path)),
      recorder_(recorder),
      clock_(clock),
      should_stop_(should_stop),
      buffer_(std::make_unique<std::uint8_t[]>(kRecordBytesMax)) {
  recorder_.set_refusals(refusal_table(ring));
}

ActiveRequests AgentLoop::active_requests() const {
  ActiveRequests requests;
  for_each_open_request(open_, [&](std::uint32_t pid, bool is_encrypted) {
    requests.add(recorder_.resources().of(pid), is_encrypted);
  });
  return requests;
}

std::uint32_t AgentLoop::drain() {
  std::uint32_t records = 0;
  const std::uint64_t now = clock_.unix_nanos();
  while (records < kRecordsPerRound) {
    const std::uint32_t size = reader_.next(buffer_.get(), now);
    if (size == 0) break;
    ++records;
    const std::string_view record(reinterpret_cast<const char*>(buffer_.get()), size);
    recorder_.handle(record, now);
    take_start(record);
  }
  return records;
}

// All that the ring holds now. Programs may go on to write as fast as it is read.
void AgentLoop::drain_lap() {
  const std::uint32_t rounds = reader_.slots() / kRecordsPerRound + 1;
  for (std::uint32_t i = 0; i < rounds && drain() > 0; ++i) {
  }
}

// A process that announces itself is watched. One that became another program (exec) does so again:
// what the former one was at is over.
void AgentLoop::take_start(std::string_view bytes) {
  const auto record = parse_record(bytes);
  if (!record || record->header.type != RecordType::kProcessStart) return;
  const auto start = parse_process_start(record->payload);
  if (!start) return;
  // One that is elsewhere is found by its memory at the end, see is_over().
  const bool is_here = start->fixed.is_elsewhere == 0;
  if (is_here && !watch_.add(record->header.pid)) unwatched_.push_back(record->header.pid);
  reap(record->header.pid, start->fixed.time);
  forks_[forks_next_++ % kForksMax] = {start->fixed.parent_pid, start->fixed.time};
}

// When the process made its youngest child that is known; nothing: none of those that came last.
// Nobody else runs: no child can tell of anything.
std::optional<std::uint64_t> AgentLoop::last_fork_of(std::uint32_t pid) const {
  std::optional<std::uint64_t> last;
  if (watch_.all_ended()) return last;
  for (const Fork& fork : forks_) {
    if (fork.parent == pid && (!last || fork.time > *last)) last = fork.time;
  }
  return last;
}

// Tells of the requests that the process had begun before `before` and will not complete.
void AgentLoop::reap(std::uint32_t pid, std::uint64_t before) {
  std::uint8_t record[sizeof(RecordHeader) + kOpenEntryBytes];
  const std::uint64_t now = clock_.unix_nanos();
  while (const std::uint32_t size = reap_open_request(open_, pid, before, now, record)) {
    recorder_.handle_unfinished({reinterpret_cast<const char*>(record), size}, last_fork_of(pid),
                                now);
  }
}

void AgentLoop::flush_ended(const std::vector<ProcessWatch::Ended>& processes) {
  if (processes.empty()) return;
  drain_lap();  // with what they wrote last
  for (const ProcessWatch::Ended& process : processes) {
    recorder_.process_gone(process.pid, process.wait_status, clock_.unix_nanos());
    reap(process.pid, kAnyTime);
    free_open_blocks(open_, process.pid);
    if (process.pid != program_) continue;
    has_program_ended_ = true;
    if (marks_ != nullptr) marks_->ended(process.wait_status, clock_.steady_nanos());
  }
}

// Whoever waits for the program's output has all of it once the program has ended.
void AgentLoop::release_outputs() {
  if (!has_program_ended_ || !has_outputs_ || watch_.all_ended()) return;
  const std::uint64_t now = clock_.steady_nanos();
  if (now - outputs_looked_at_ < kLookNanos) return;
  outputs_looked_at_ = now;
  if (recorder_.flush(clock_.unix_nanos())) has_outputs_ = !let_go_of_outputs(watch_.pids());
}

// Of processes that had ended before they could be watched, all that they told has been read.
void AgentLoop::tell_unwatched() {
  for (const std::uint32_t pid : unwatched_) {
    recorder_.process_gone(pid, std::nullopt, clock_.unix_nanos());
    reap(pid, kAnyTime);
    free_open_blocks(open_, pid);
  }
  unwatched_.clear();
}

// Of programs that had ended before they could be watched: they were faster than this process.
void AgentLoop::reap_all() {
  for (const auto& owner : open_.owners) {
    const std::uint32_t pid = owner.load(std::memory_order_relaxed);
    if (pid != 0) reap(pid, kAnyTime);
  }
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

void AgentLoop::run(std::uint32_t pid, int pidfd) {
  program_ = pid;
  if (pidfd >= 0) {
    watch_.add(pid, pidfd);
  } else {
    watch_.add(pid);
  }
  while (!should_stop_ && !reader_.is_asked_for_end()) {
    const std::uint32_t records = drain();
    const std::uint64_t now = clock_.unix_nanos();
    // Asked once: counting takes time, and whether somebody wants them may change meanwhile.
    std::optional<ActiveRequests> counted;
    if (recorder_.metrics_are_due(now)) {
      counted = active_requests();
      if (recorder_.wants_processes()) recorder_.set_processes(watch_.pids());
    }
    recorder_.tick(counted, now);
    if (is_over(records)) break;
    if (records >= kRecordsPerRound) continue;
    tell_unwatched();
    release_outputs();
    flush_ended(watch_.wait(records > kManyRecords ? kShortPause : kPause));
  }
  drain_lap();
  tell_unwatched();
  if (!should_stop_) reap_all();
}

}  // namespace kolben::agent
