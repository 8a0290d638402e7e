// AgentLoop: reads the ring until the programs have ended, and lets the recorder do the rest.
// One thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/process/crash_marks.h"
#include "agent/process/process_watch.h"
#include "agent/process/recorder.h"
#include "agent/ring/open_table.h"
#include "agent/ring/ring.h"
#include "base/clock.h"

namespace kolben::agent {

class AgentLoop {
 public:
  // All outlive the loop. `should_stop` may be set by a signal handler.
  AgentLoop(RingHeader* ring, std::string ring_path, Recorder& recorder, Clock& clock,
            const std::atomic<bool>& should_stop);

  // Watches the program and every process that announces itself; returns when all have ended and
  // the ring is empty, or when it should stop. `pidfd`: of the program, opened before; -1: none.
  void run(std::uint32_t pid, int pidfd = -1);
  // Where the program's end is noted; null: nowhere.
  void set_crash_marks(const CrashMarks* marks) { marks_ = marks; }

  const RingReader& reader() const { return reader_; }
  ActiveRequests active_requests() const;

 private:
  std::uint32_t drain();
  void drain_lap();
  bool is_over(std::uint32_t records);
  void flush_ended(const std::vector<ProcessWatch::Ended>& processes);
  void reap(std::uint32_t pid, std::uint64_t before);
  void reap_all();
  std::optional<std::uint64_t> last_fork_of(std::uint32_t pid) const;
  void tell_unwatched();
  void release_outputs();
  void take_start(std::string_view record);

  // Of the processes that began last.
  struct Fork {
    std::uint32_t parent = 0;
    std::uint64_t time = 0;
  };
  static constexpr std::uint32_t kForksMax = 1024;

  RingReader reader_;
  OpenTable& open_;
  const std::string ring_path_;
  Recorder& recorder_;
  Clock& clock_;
  const std::atomic<bool>& should_stop_;
  ProcessWatch watch_;
  std::uint32_t program_ = 0;
  bool has_program_ended_ = false;
  bool has_outputs_ = true;
  std::uint64_t outputs_looked_at_ = 0;  // steady
  const CrashMarks* marks_ = nullptr;
  std::array<Fork, kForksMax> forks_ = {};
  std::uint32_t forks_next_ = 0;
  std::vector<std::uint32_t> unwatched_;  // had ended before they could be watched
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::uint64_t quiet_since_ = 0;  // steady; no process and no record
};

}  // namespace kolben::agent
