// Memory that is mapped when it is first needed, once in a process.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/preload/short_wait.h"
#include "agent/preload/system.h"

namespace kolben::agent {

// Usable when all bytes are zero; any thread, also in signal handlers.
class MapOnce {
 public:
  // True: there is memory, and `use` has had it. A thread that comes while another one is at it
  // waits for that, lest the first connection of a program be the one that is missing.
  template <typename Use>
  bool map(const System& system, std::size_t bytes, Use use) {
    State state = state_.load(std::memory_order_acquire);
    if (state == State::kMapped) return true;
    if (state == State::kNothing && state_.compare_exchange_strong(state, State::kUnderWay)) {
      void* memory = system.allocate(bytes);
      if (memory != nullptr) use(memory);
      state_.store(memory != nullptr ? State::kMapped : State::kRefused, std::memory_order_release);
      return memory != nullptr;
    }
    const bool is_decided = wait_shortly(system, [&] {
      state = state_.load(std::memory_order_acquire);
      return state != State::kUnderWay;
    });
    // It was stopped, or a fork has left it behind: nobody waits for it again.
    if (!is_decided) state_.compare_exchange_strong(state, State::kRefused);
    return state == State::kMapped;
  }

 private:
  enum class State : std::uint8_t { kNothing, kUnderWay, kMapped, kRefused };

  std::atomic<State> state_{State::kNothing};
};

}  // namespace kolben::agent
