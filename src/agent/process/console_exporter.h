// ConsoleExporter: prints batches on the standard output that the program has as well, one write a
// batch. A reader that is slow (a pager) is waited for at the end, as Python does; one that is gone
// ends the output silently.
//
// Threads: one that writes. Bound: kQueueBytesMax of text that waits; what comes after is dropped,
// counted, and said at the end.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "agent/process/console_format.h"
#include "agent/process/exporter.h"
#include "base/mutex.h"
#include "base/thread.h"

namespace kolben::agent {

// What is known of the output that program and agent share. Belongs to the thread that reads the
// ring.
struct SharedOutput {
  bool line_is_open = false;  // the last byte on file descriptor 1 was no newline
};

class ConsoleExporter final : public Exporter {
 public:
  static constexpr std::size_t kQueueBytesMax = 16 << 20;

  // One for all signals, so that their texts do not mix. `output` and `messages` outlive it.
  ConsoleExporter(int file_descriptor, ConsoleFormat format, SharedOutput& output,
                  Messages& messages);
  ~ConsoleExporter() override;

  void export_batch(const Batch& batch) override;
  bool is_idle() override;
  void shutdown(std::chrono::steady_clock::time_point deadline) override;

 private:
  struct Text {
    std::string bytes;
    std::uint64_t items = 0;
  };

  void run();
  // 0, or the error.
  int write_all(const std::string& text);
  void stop();

  const int file_descriptor_;
  const ConsoleFormat format_;
  SharedOutput& output_;
  Messages& messages_;
  std::uint64_t dropped_ = 0;  // items
  // Of the thread; read when it has ended.
  std::uint64_t unwritten_ = 0;  // items
  int write_error_ = 0;          // the first one that a person wants to know

  Mutex mutex_;
  CondVar changed_;
  std::deque<Text> queue_ KOLBEN_GUARDED_BY(mutex_);
  std::size_t queue_bytes_ KOLBEN_GUARDED_BY(mutex_) = 0;
  bool is_writing_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace kolben::agent
