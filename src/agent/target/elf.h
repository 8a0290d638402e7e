// What an executable file is, as far as the dynamic loader and our library care. Every size is
// checked against bounds: the file is a stranger's.
// Source: ELF-64 Object File Format; elf(5).
#pragma once

#include <cstdint>

namespace kolben::agent {

enum class ElfKind : std::uint8_t {
  kNotElf,        // a script, say
  kOrdinary,      // the library can be loaded into it
  kStatic,        // the loader is not asked
  kOtherClass,    // 32 bit: the loader would say that ours has the wrong class
  kOtherMachine,  // for another processor
  kOtherLibc,     // musl: what ours needs is not there, and the program would not start
  kSanitized,     // needs the shared AddressSanitizer, which aborts when a library is before it
};

// The file's position is left alone.
ElfKind read_elf(int file);

}  // namespace kolben::agent
