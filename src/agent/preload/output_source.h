// OutputSource: what is kept of a file whose bytes become records: stdout, stderr, and each file
// that the configuration names and a number of the process stands for. Plain data, usable when all
// bytes are zero.
#pragma once

#include <atomic>
#include <cstdint>

#include "agent/preload/pending_output.h"
#include "agent/ring/record.h"
#include "agent/ring/ring_notes.h"

namespace kolben::agent {

struct OutputSource {
  // What was printed and has no end yet. `busy`: a thread is at it.
  struct Line {
    std::atomic<bool> busy{false};
    std::uint32_t size = 0;
    char bytes[4096] = {};  // as long as a line of a terminal may be
  };

  std::uint32_t number = 0;     // Output::file_descriptor
  std::atomic<int> file{0};     // of a named file; 0: nobody's
  std::uint16_t path_size = 0;  // 0: no named file
  char path[kLogPathBytesMax] = {};
  // The last byte that was told was no line's end.
  std::atomic<bool> line_is_open{false};
  PendingOutput pending;
  Line line;
};

}  // namespace kolben::agent
