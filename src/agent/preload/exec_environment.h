// The environment that a program of ours gives to the next one: where the program passes one
// without the agent's variables (`env -i`, a cleaned environment), they are put back in. Where the
// library would harm the next one, or could not be read by it (another root directory, fewer
// rights), it is taken out of LD_PRELOAD.
//
// Never changes what the program passed, and allocates nothing: the new array is on the caller's
// stack, since the caller may be a vfork() child in its parent's memory.
#pragma once

#include <cstddef>

namespace kolben::agent {

// Remembers LD_PRELOAD's part that is ours and the variables KOLBEN_* and OTEL_*. Once, at start.
void remember_environment();

enum class Library : bool { kHandDown, kTakeOut };
// What is right for the program at `path`; null: unknown, the library goes with it.
Library library_for(const char* path);

// 0: pass `environment` as it is (there is nothing to change, or there are too many variables).
// Else the number of pointers that complete_environment() needs.
std::size_t completed_environment_size(char* const* environment, Library what);
// Fills `completed` (of that size). `preload` takes the text of LD_PRELOAD, kPreloadBytesMax long.
void complete_environment(char* const* environment, Library what, char** completed,
                          std::size_t size, char* preload);

inline constexpr std::size_t kPreloadBytesMax = 4096;

}  // namespace kolben::agent
