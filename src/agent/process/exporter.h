// Exporter: where finished batches go. Called by the one thread that reads the ring; what takes
// time happens on the exporter's own thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "agent/process/terminal.h"
#include "model/batch.h"

namespace kolben::agent {

// Sentences for the person at the terminal; any thread.
class Messages {
 public:
  virtual ~Messages() = default;
  // One line, without its newline. What was lost, or will not be there at all.
  virtual void say(std::string_view line) = 0;
  // What may be well all the same: said at the level "warn".
  virtual void warn(std::string_view line) { say(line); }
};

// OTEL_LOG_LEVEL: what is said of the agent itself.
enum class LogLevel : std::uint8_t { kAll, kErrors, kNothing };

// To file descriptor 2, one write a line; at a terminal where the program had it (terminal.h).
Messages& stderr_messages();
// Of stderr_messages(): whose terminal it is. Before there are threads.
void set_terminal(const Terminal& terminal);
// Of stderr_messages(); before there are threads.
void set_log_level(LogLevel level);

class Exporter {
 public:
  virtual ~Exporter() = default;
  // Takes what it needs of the decoded batch before it returns; never waits. At its bound it drops
  // and counts.
  virtual void export_batch(const Batch& batch) = 0;
  // Whether somebody waits for a batch now, who is asked for metrics instead of sending them.
  virtual bool wants_batch() const { return false; }
  // What it took is on its way out of this process, or it has no say in that.
  virtual bool is_idle() { return true; }
  // No more batches come: sends what is queued, until the deadline at the latest. Called once.
  virtual void shutdown(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace kolben::agent
