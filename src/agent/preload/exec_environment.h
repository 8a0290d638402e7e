// The environment that a program of ours gives to the next one: where the program passes one
// without the agent's variables (`env -i`, a cleaned environment), they are put back in.
//
// Never changes what the program passed, and allocates nothing: the new array is on the caller's
// stack, since the caller may be a vfork() child in its parent's memory.
#pragma once

#include <cstddef>

namespace kolben::agent {

// Remembers LD_PRELOAD's part that is ours and the variables KOLBEN_* and OTEL_*. Once, at start.
void remember_environment();

// 0: pass `environment` as it is (it has all, or there are too many variables). Else the number of
// pointers that complete_environment() needs.
std::size_t completed_environment_size(char* const* environment);
// Fills `completed` (of that size). `preload` takes the text of LD_PRELOAD, kPreloadBytesMax long.
void complete_environment(char* const* environment, char** completed, std::size_t size,
                          char* preload);

inline constexpr std::size_t kPreloadBytesMax = 4096;

}  // namespace kolben::agent
