// The program that is to run: where it is, and what the preload library would do to it.
#pragma once

#include <cstddef>

#include "agent/target/elf.h"

namespace kolben::agent {

inline constexpr std::size_t kPathBytesMax = 4096;
// A script's interpreter may be a script; Linux follows as many.
inline constexpr int kScriptsMax = 4;
inline constexpr std::size_t kScriptLineBytesMax = 256;  // Linux reads no more

// As execvp() finds a command. False, with errno: EACCES where something of that name is there that
// may not be executed or is a directory, ENOENT where there is nothing.
bool find_command(const char* command, char* path);

// What the file is. kNotElf: a script, whose first line behind "#!" is in `line`
// (kScriptLineBytesMax), or something else, or a file that may not be read; then `line` is empty.
ElfKind read_target(const char* path, char* line, const Loader& loader);

// Whether the program runs with other rights than this process (set-user-ID, set-group-ID, file
// capabilities): the loader obeys no LD_PRELOAD then.
enum class Rights : unsigned char { kSame, kSetId, kCapabilities };
Rights rights_of(const char* path);
inline bool gains_rights(const char* path) {
  return rights_of(path) != Rights::kSame;
}

// One of the programs that a compiler or linker starts by the thousand, and that tell nothing which
// the one that starts them does not.
bool is_build_helper(const char* path);

// A launcher or an agent process of Kolben's, which is no part of what is observed. Python's
// launcher has the same name and is a script.
bool is_agent_program(const char* path);

// Whether the program would complain, or not start, with the library in LD_PRELOAD; for one that is
// just about to be executed. Follows a script to its interpreter, as the kernel does. `loader`: as
// for read_elf().
bool is_harmed_by_preload(const char* path, const Loader& loader);

}  // namespace kolben::agent
