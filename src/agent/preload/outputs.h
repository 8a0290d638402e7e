// Outputs: the bytes that the program writes to its stdout and stderr, and to files that the
// configuration names (log_files.h), become records with the trace context of the thread that
// writes.
//
// Any thread, ThreadGuard held. What goes through stdio comes in small pieces (printf by printf)
// and is gathered up to the line's end first.
#pragma once

#include <stdio.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/connections.h"
#include "agent/preload/log_files.h"
#include "agent/preload/output_source.h"
#include "agent/preload/process_context.h"
#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"
#include "agent/ring/ring.h"

namespace kolben::agent {

// A write of more is cut: four records hold what a person would read of it.
inline constexpr std::uint32_t kOutputRecordsMax = 4;

class Outputs {
 public:
  // What is wanted: what the program prints, the lines of files that are named.
  void init(const System& system, RingHeader* ring, bool prints, bool files);
  // What is printed for no request belongs to this.
  void set_process(const ProcessContext* process) { process_ = process; }
  // For which requests the threads work.
  void set_connections(const Connections& connections) { connections_ = &connections; }
  void forked(std::uint32_t pid);

  // Whether what is written to that number, or stream, may be of interest. Without a guard, and for
  // each write that the program makes: where no file is named, a comparison.
  bool may_have(int file) const { return static_cast<unsigned>(file - 1) < numbers_; }
  bool may_have(FILE* stream) const {
    return numbers_ > kOutputs || (numbers_ != 0 && (stream == stdout || stream == stderr));
  }
  // Whether something is known of the number that has to be forgotten when it is closed.
  bool knows(int file) const {
    return may_have(file) && (is_standard(file) || log_files_.knows(file));
  }

  // The program has written to that number.
  void written(ThreadState& thread, int file, const iovec* pieces, int count, std::size_t bytes);
  // What it printed is of interest where this is not null.
  OutputSource* source_of(int file);
  // `cut`: more was printed, which nobody has.
  void printed(ThreadState& thread, OutputSource& source, const char* text, std::size_t size,
               CutBytes cut = {});
  // Around each call into a stream that we see (pending_output.h). Null: nobody wants to know; else
  // leave() comes after the call, with a null where the stream is gone.
  OutputSource* enter(ThreadState& thread, FILE* stream);
  static void leave(OutputSource& source, FILE* stream) { source.pending.leave(stream); }
  // From here on the stream may be gone, though stdout or stderr still point to it.
  void stream_closes(FILE* stream);
  // The C library is about to write out what its streams hold.
  void streams_end(ThreadState& thread);
  // What the thread writes next, which it has told as a log record, is `size` bytes that begin so.
  void text_is_told(ThreadState& thread, const char* begin, std::size_t begin_size,
                    std::size_t size);
  // What was printed without a line's end.
  void flush(ThreadState& thread);
  // The file number may be something else from now on.
  void replaced(ThreadState& thread, int file);
  void replaced_range(ThreadState& thread, unsigned first, unsigned last);
  // Soon nobody may look any more what a number stands for.
  void look_ahead() { log_files_.look_ahead(); }

 private:
  static constexpr unsigned kOutputs = 2;  // 1 and 2
  static bool is_standard(int file) { return file == 1 || file == 2; }

  bool is_output(int file);
  std::uint32_t number_of(const OutputSource& source) const;
  Context context_of(const ThreadState& thread, const OutputSource& source) const;
  bool is_closed(FILE* stream) const;
  void tell(ThreadState& thread, OutputSource& source, const iovec* pieces, int count,
            std::size_t bytes, CutBytes cut = {});
  void record(ThreadState& thread, OutputSource& source, const iovec* pieces, int count,
              std::size_t skip, std::uint32_t size, CutBytes cut);
  void flush(ThreadState& thread, OutputSource& source);
  void flush_line(ThreadState& thread, OutputSource& source, CutBytes cut = {});

  // Beside what each hook looks at: numbers from 1 on up to this are looked at.
  unsigned numbers_ = 0;
  std::uint32_t pid_ = 0;
  const System* system_ = nullptr;
  RingHeader* ring_ = nullptr;
  const ProcessContext* process_ = nullptr;
  const Connections* connections_ = nullptr;
  bool prints_ = false;
  // Which of the launched program's outputs 1 and 2 are: 1, 2, or one of these.
  static constexpr std::uint8_t kUnknown = 0;
  static constexpr std::uint8_t kOther = 3;
  std::atomic<std::uint8_t> known_[2] = {};
  LogFiles log_files_;
  std::atomic<FILE*> closed_[2] = {};  // the former stdout and stderr
  OutputSource outputs_[2];
};

}  // namespace kolben::agent
