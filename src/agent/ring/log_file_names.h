// LogFileNames: names of log files as somebody wrote them -> the patterns that are noted in the
// ring (log_file_pattern.h), which are compared with paths as the kernel has them. A relative name
// belongs to the directory in which this process was started; links are resolved as far as there is
// something to resolve, but not to devices. For the launcher and the agent process; no heap.
// Names that cannot be meant are left out, with a fault that says why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "agent/ring/ring_notes.h"

namespace kolben::agent {

enum class LogFileFault : std::uint8_t {
  kNone,
  kNoRoom,     // or it is too long
  kDirectory,  // which has no lines
  kHome,       // "~/x", of which a shell makes a path only where it begins a word
};
// What is wrong with a name, to stand behind it.
const char* describe(LogFileFault fault);

class LogFileNames {
 public:
  // A blank one is none.
  LogFileFault add(const char* name, std::size_t size);

  // Names with commas between. `say(name, size, fault)` is called for each that is left out.
  template <typename Say>
  void add_list(const char* list, Say say) {
    for (;;) {
      const std::size_t size = std::strcspn(list, ",");
      const LogFileFault fault = add(list, size);
      if (fault != LogFileFault::kNone) say(list, size, fault);
      if (list[size] == '\0') return;
      list += size + 1;
    }
  }

  const char* patterns() const { return patterns_; }
  std::uint32_t size() const { return size_; }

 private:
  bool put(const char* begin, std::size_t begin_size, const char* rest);

  char patterns_[kLogFilesBytesMax] = {};
  std::uint32_t size_ = 0;
};

}  // namespace kolben::agent
