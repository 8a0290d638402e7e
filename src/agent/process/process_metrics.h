// ProcessMetrics: processor time, memory, disk, threads, files, faults of the programs that run, as
// /proc tells them, at each export of metrics. Nothing is kept of a process that has ended. One
// thread. Source: semantic-conventions 1.44, process-metrics.md; proc_pid_stat(5),
// proc_pid_status(5), proc_pid_io(5).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "model/batch.h"

namespace kolben::agent {

// What went to the disk, and from it: not what the cache had.
struct DiskBytes {
  std::int64_t read = 0, written = 0;
};
// From the text of /proc/PID/io.
std::optional<DiskBytes> parse_disk_bytes(std::string_view io);

// What is known of a process at a moment; counters since its begin.
struct ProcessNumbers {
  std::uint64_t start_time = 0;  // nanoseconds since 1970
  double user_seconds = 0, system_seconds = 0;
  std::int64_t minor_faults = 0, major_faults = 0;
  std::int64_t memory_bytes = 0, virtual_bytes = 0;
  std::int64_t threads = 0;
  std::int64_t voluntary_switches = 0, involuntary_switches = 0;
  // Nothing: another user's process.
  std::optional<std::int64_t> files;
  std::optional<DiskBytes> disk;
};

// From the texts of /proc/PID/stat and /proc/PID/status; nothing where they are no such.
// `boot_time`: when the machine began, nanoseconds since 1970.
std::optional<ProcessNumbers> parse_process(std::string_view stat, std::string_view status,
                                            std::uint64_t boot_time);

class ProcessMetrics {
 public:
  // A fork's children all have their points: of so many at once, those that run the longest.
  static constexpr std::size_t kProcessesMax = 64;

  explicit ProcessMetrics(Temporality counters) : temporality_(counters) {}

  // `pids`: that run now, the oldest first. Appends a scope, or nothing.
  void collect(const std::vector<std::uint32_t>& pids, ResourceMetrics& resource, Arena& arena,
               std::uint64_t now);

 private:
  struct Told {
    ProcessNumbers numbers;
    std::uint64_t time = 0;
  };
  struct Process {
    std::uint32_t pid = 0;
    ProcessNumbers numbers;
    ProcessNumbers last;      // what was told; zeros for cumulative counters
    std::uint64_t since = 0;  // what counters count from
    // Of the processors that it may use, since the last time; nothing: no time has gone by.
    struct Shares {
      double user = 0, system = 0;
    };
    std::optional<Shares> shares;
  };
  static std::optional<Process::Shares> shares_of(const Process& process, const Told& before,
                                                  std::uint64_t now);
  template <typename Writer>
  static void add_shares(const std::vector<Process>& all, Writer& writer);
  template <typename Writer>
  static void add_disk(const std::vector<Process>& all, Writer& writer);
  std::vector<Process> read(const std::vector<std::uint32_t>& pids, std::uint64_t now);

  const Temporality temporality_;
  std::uint64_t boot_time_ = 0;                   // 0: not known yet
  std::unordered_map<std::uint32_t, Told> told_;  // the last time
};

}  // namespace kolben::agent
