// The crash guard: a command that died of a fault within seconds of its start, again and again
// while it was under the agent, is left alone for a while, whoever is to blame.
//
// The agent process leaves a mark for each such death (agent/process/crash_marks.h), in a file
// named after the command line; the launcher counts them.
#pragma once

#include <cstddef>

namespace kolben::agent {

inline constexpr long kCrashesMax = 3;
// As old as this, marks are forgotten.
inline constexpr long kCrashMemorySeconds = 3600;

// The file of this command; false: there is no place for it (neither $XDG_STATE_HOME nor $HOME).
bool crash_marks_path(const char* program, char* const* arguments, char* path,
                      std::size_t capacity);
// Whether so many marks are in it, not long ago.
bool has_crashed_often(const char* path);

}  // namespace kolben::agent
