// CrashMarks: notes that the program died of a fault soon after its start, for the launcher's crash
// guard (agent/launcher/crash_guard.h); a program that lived longer, or ended otherwise, takes the
// marks away. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace kolben::agent {

class CrashMarks {
 public:
  // `path`: the file; empty: nothing is noted.
  CrashMarks(std::string path, std::uint64_t start_nanos)
      : path_(std::move(path)), start_nanos_(start_nanos) {}

  // The program has ended. `wait_status`: as of wait(2); nothing where it is not known.
  void ended(std::optional<int> wait_status, std::uint64_t now_nanos) const;

  // A program that lives longer works with the agent.
  static constexpr std::uint64_t kSoonNanos = 5'000'000'000;

 private:
  void add_mark() const;

  const std::string path_;
  const std::uint64_t start_nanos_;  // steady, as `now_nanos`
};

}  // namespace kolben::agent
