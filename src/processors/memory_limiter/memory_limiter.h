// The processor `memory_limiter`: see README.md.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/unique_function.h"
#include "pipeline/component.h"

namespace kolben::processors::memory_limiter {

struct Settings {
  std::chrono::nanoseconds check_interval{0};
  std::uint64_t limit_bytes = 0;
  std::uint64_t spike_bytes = 0;

  // Refusing begins here.
  std::uint64_t soft_limit_bytes() const { return limit_bytes - spike_bytes; }
};

class MemoryLimiter final : public pipeline::Processor {
 public:
  // `read_memory` gives the bytes that the program uses, `give_back` returns to the system what the
  // allocator keeps; any thread.
  using ReadMemory = UniqueFunction<std::uint64_t()>;
  using GiveBack = UniqueFunction<void()>;
  MemoryLimiter(std::string id, Settings settings, pipeline::Consumer* next, ReadMemory read_memory,
                GiveBack give_back);

  Status start(pipeline::Host& host) override;
  void stop(pipeline::Deadline) override {}
  Status consume(pipeline::Delivery&& delivery) override;

 private:
  // The memory in use: the last reading and what has passed since.
  std::uint64_t estimate();
  void read_again();

  const std::string id_;
  const Settings settings_;
  pipeline::Consumer* const next_;
  ReadMemory read_memory_;  // called by one thread at a time: whoever set is_reading_
  GiveBack give_back_;      // likewise
  const Clock* clock_ = nullptr;
  pipeline::Counter* refused_[3] = {};
  pipeline::Counter* accepted_[3] = {};

  std::atomic<std::uint64_t> last_reading_bytes_{0};
  std::atomic<std::uint64_t> passed_since_bytes_{0};
  std::atomic<std::uint64_t> next_reading_nanos_{0};
  std::atomic<bool> is_reading_{false};
};

// Resident bytes of this process, from /proc/self/statm; 0 where that can't be read.
std::uint64_t resident_bytes();
void give_back_memory();

std::unique_ptr<pipeline::Processor> create(pipeline::CreateContext& context);

}  // namespace kolben::processors::memory_limiter
