// Progress: one line on stderr that says how far long work is, where a person is looking. One
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace kolben::app {

class Progress {
 public:
  // `work`: "exporting spans". Nothing is shown unless stderr is a terminal.
  explicit Progress(std::string work);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  // At most ten times a second.
  void show(std::uint64_t done, std::uint64_t all);
  // Takes the line away, before something else is printed.
  void clear();

 private:
  const std::string work_;
  const bool is_terminal_;
  bool is_shown_ = false;
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace kolben::app
