// ProcessWatch: which of the watched programs still run (pidfd_open(2): no polling, no confusion by
// pids that are used again). One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kolben::agent {

class ProcessWatch {
 public:
  // A build of a big program starts and ends thousands of processes, but few live at once. Beyond,
  // a process is not waited for.
  static constexpr std::size_t kProcessesMax = 4096;

  // Leaves kSpareFiles of the files that this process may open to others.
  ProcessWatch();
  static constexpr int kSpareFiles = 64;
  ProcessWatch(const ProcessWatch&) = delete;
  ProcessWatch& operator=(const ProcessWatch&) = delete;
  ~ProcessWatch();

  // False: it has ended already. One that is watched is not watched twice.
  bool add(std::uint32_t pid);
  // The same for one whose pidfd somebody opened before; takes it over.
  void add(std::uint32_t pid, int file_descriptor);
  // The oldest first, about.
  std::vector<std::uint32_t> pids() const;
  bool all_ended() const { return processes_.empty(); }

  struct Ended {
    std::uint32_t pid = 0;
    // As of wait(2). Nothing where the kernel does not tell: before Linux 6.15 it is gone as soon
    // as the parent has asked.
    std::optional<int> wait_status;
  };
  // Waits until a process ends, a signal comes, or the time passed. Returns those that ended.
  std::vector<Ended> wait(std::chrono::milliseconds timeout);

 private:
  struct Process {
    std::uint32_t pid = 0;
    int file_descriptor = -1;  // -1: there was none to have, so it is asked for by its number
  };
  const int files_max_;
  std::vector<Process> processes_;
};

// Processes (this one not) that have `path` mapped: they may have begun without a word, or not have
// come to it yet. Reads /proc; a few milliseconds.
std::vector<std::uint32_t> processes_that_map(const std::string& path);

}  // namespace kolben::agent
