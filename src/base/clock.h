// Clock: the only source of time. It comes in through constructors, so that tests own the time.
#pragma once

#include <atomic>
#include <cstdint>

namespace kolben {

class Clock {
 public:
  virtual ~Clock() = default;
  // Nanoseconds since 1970-01-01 UTC. May jump.
  virtual std::uint64_t unix_nanos() const = 0;
  // Nanoseconds since an arbitrary moment. Never goes back.
  virtual std::uint64_t steady_nanos() const = 0;
};

// The machine's clocks. Safe to call from any thread.
Clock& system_clock();

// A clock that stands still until it is told otherwise; for tests.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::uint64_t unix_nanos = 1'700'000'000'000'000'000) : now_(unix_nanos) {}
  std::uint64_t unix_nanos() const override { return now_.load(); }
  std::uint64_t steady_nanos() const override { return now_.load(); }
  void advance_nanos(std::uint64_t nanos) { now_ += nanos; }

 private:
  std::atomic<std::uint64_t> now_;
};

}  // namespace kolben
