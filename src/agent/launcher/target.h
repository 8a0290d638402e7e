// The program that is to run: where it is, and whether the dynamic loader can put a library into
// it.
#pragma once

#include <cstddef>

namespace kolben::agent {

inline constexpr std::size_t kPathBytesMax = 4096;

// As execvp() finds a command. False, with errno: EACCES where something of that name is there that
// may not be executed or is a directory, ENOENT where there is nothing.
bool find_command(const char* command, char* path);

// Null: the library will be loaded. Else why not, for the sentence "PATH is ...".
const char* why_not_instrumented(const char* path);

}  // namespace kolben::agent
