// Waiting for what another thread does in some microseconds.
#pragma once

#include <cstdint>

#include "agent/preload/system.h"

namespace kolben::agent {

// Lets the other thread have the cache line, and the core's other half.
inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Where the other thread does not run: it may wait for the processor that this one has. Not for
// long, for it may have been stopped, or be the one that this signal handler interrupts; but where
// there are more threads than processors a turn can take longer than all of that time.
template <typename Done>
[[gnu::noinline, gnu::cold]] bool wait_for_stopped(const System& system, Done done) {
  constexpr std::uint64_t kNanosMax = 2'000'000;
  constexpr int kTurnsMin = 20;
  constexpr int kTurnsMax = 5000;  // if the clock is set back meanwhile
  const std::uint64_t end = system.now() + kNanosMax;
  for (int i = 0; i < kTurnsMin || (i < kTurnsMax && system.now() < end); ++i) {
    system.yield();
    if (done()) return true;
  }
  return false;
}

// False: it is not done after some milliseconds.
template <typename Done>
bool wait_shortly(const System& system, Done done) {
  constexpr int kTurnsMax = 500;  // some microseconds, more than most of our sections take
  for (int i = 0; i < kTurnsMax; ++i) {
    if (done()) return true;
    relax();
  }
  return wait_for_stopped(system, done);
}

}  // namespace kolben::agent
