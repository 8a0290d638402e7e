// Exporter: where finished batches go. Called by the one thread that reads the ring; what takes
// time happens on the exporter's own thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "model/batch.h"

namespace kolben::agent {

// Sentences for the person at the terminal; any thread.
class Messages {
 public:
  virtual ~Messages() = default;
  // One line, without its newline.
  virtual void say(std::string_view line) = 0;
};

// To file descriptor 2, one write a line.
Messages& stderr_messages();

class Exporter {
 public:
  virtual ~Exporter() = default;
  // Takes what it needs of the decoded batch before it returns; never waits. At its bound it drops
  // and counts.
  virtual void export_batch(const Batch& batch) = 0;
  // No more batches come: sends what is queued, until the deadline at the latest. Called once.
  virtual void shutdown(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace kolben::agent
