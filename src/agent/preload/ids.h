// Random trace and span ids, a generator for each thread.
#pragma once

#include <cstdint>

#include "agent/preload/system.h"
#include "agent/preload/thread_state.h"

namespace kolben::agent {

// `generation` counts forks: a child must not repeat what its parent is going to draw. Never 0.
[[gnu::hot]] std::uint64_t random_bits(ThreadState& thread, const System& system,
                                       std::uint32_t generation);
[[gnu::hot]] void random_span_id(ThreadState& thread, const System& system,
                                 std::uint32_t generation, std::uint8_t* id);
[[gnu::hot]] void random_trace_id(ThreadState& thread, const System& system,
                                  std::uint32_t generation, std::uint8_t* id);

}  // namespace kolben::agent
