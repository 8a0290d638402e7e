// Outputs: the bytes that the program writes to its stdout and stderr become records with the trace
// context of the thread that writes.
//
// Any thread, ThreadGuard held. What goes through stdio comes in small pieces (printf by printf)
// and is gathered up to the line's end first.
#pragma once

#include <stdio.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/pending_output.h"
#include "agent/preload/process_context.h"
#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"
#include "agent/ring/ring.h"

namespace kolben::agent {

// A write of more is cut: four records hold what a person would read of it.
inline constexpr std::uint32_t kOutputRecordsMax = 4;

class Outputs {
 public:
  void init(const System& system, RingHeader* ring, bool enabled) {
    system_ = &system;
    ring_ = ring;
    enabled_ = enabled;
  }
  // What is printed for no request belongs to this.
  void set_process(const ProcessContext* process) { process_ = process; }
  void forked(std::uint32_t pid);
  bool enabled() const { return enabled_; }

  // The program wrote to file 1 or 2.
  void written(ThreadState& thread, int file, const iovec* pieces, int count, std::size_t bytes);
  // The program printed to stdout or stderr, whose file number is `file`.
  void printed(ThreadState& thread, int file, const char* text, std::size_t size,
               std::size_t cut = 0);
  // The file number of a stream that is the program's stdout or stderr; -1: another stream, or
  // nobody wants to know.
  int file_of(FILE* stream) const;
  // Around each call into the stream of that file that we see (pending_output.h); null: it is gone.
  void enter(ThreadState& thread, FILE* stream, int file);
  void leave(FILE* stream, int file) { pending_[file - 1].leave(stream); }
  // From here on the stream may be gone, though stdout or stderr still point to it.
  void stream_closes(FILE* stream);
  // The C library is about to write out what its streams hold.
  void streams_end(ThreadState& thread);
  // What was printed without a line's end.
  void flush(ThreadState& thread);
  // The file number may be something else from now on.
  void replaced(ThreadState& thread, int file);

 private:
  struct Line {
    std::atomic<bool> busy{false};
    std::uint32_t size = 0;
    char bytes[4096] = {};  // as long as a line of a terminal may be
  };

  bool is_output(int file);
  bool is_closed(FILE* stream) const;
  void record(ThreadState& thread, int file, const iovec* pieces, int count, std::size_t skip,
              std::uint32_t size, std::uint64_t cut);
  void flush(ThreadState& thread, int file);
  void flush_line(ThreadState& thread, int file, Line& line);

  const System* system_ = nullptr;
  RingHeader* ring_ = nullptr;
  const ProcessContext* process_ = nullptr;
  bool enabled_ = false;
  std::uint32_t pid_ = 0;
  std::atomic<std::uint8_t> known_[2] = {};  // 0: look, 1: the program's output, 2: it is not
  Line lines_[2];
  PendingOutput pending_[2];
  std::atomic<FILE*> closed_[2] = {};  // the former stdout and stderr
};

}  // namespace kolben::agent
