// LogFileNames: names of log files as somebody wrote them -> the patterns that are noted in the
// ring (log_file_pattern.h), which are compared with paths as the kernel has them. A relative name
// belongs to the directory in which this process was started; links are resolved as far as there is
// something to resolve, but not to devices. For the launcher and the agent process; no heap.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/ring/ring_notes.h"

namespace kolben::agent {

class LogFileNames {
 public:
  // False: there is no room for it, or it is too long. A blank one is none.
  bool add(const char* name, std::size_t size);
  // Names with commas between; false as above, of any of them.
  bool add_list(const char* list);

  const char* patterns() const { return patterns_; }
  std::uint32_t size() const { return size_; }

 private:
  bool put(const char* begin, std::size_t begin_size, const char* rest);

  char patterns_[kLogFilesBytesMax] = {};
  std::uint32_t size_ = 0;
};

}  // namespace kolben::agent
