// What an executable file is, as far as the dynamic loader and our library care. Every size is
// checked against bounds: the file is a stranger's.
// Source: ELF-64 Object File Format; elf(5).
#pragma once

#include <cstdint>

namespace kolben::agent {

// Which file it is, by whatever path. Zero: not known.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  bool operator==(const FileId&) const = default;
};

// The loader that the library is loaded by.
struct Loader {
  FileId file;  // not known: all are taken for it
  // Where the process that asks has its own loader from, and in which root directory. What stands
  // there now is the library's as well: an update of the C library puts another file there.
  const char* path = nullptr;
  FileId root;
};

enum class ElfKind : std::uint8_t {
  kNotElf,        // a script, say
  kOrdinary,      // the library can be loaded into it
  kStatic,        // the loader is not asked
  kOtherClass,    // 32 bit: the loader would say that ours has the wrong class
  kOtherMachine,  // for another processor
  kOtherLibc,     // musl: what ours needs is not there, and the program would not start
  kOtherLoader,   // with a loader of its own (Nix, bundles): with it comes another glibc, and where
                  // ours needs a newer one the program would not start
  kIsOtherLoader,  // is such a loader, whose argument is the program
  kIsLoader,       // is the loader that the library is loaded by
  kSanitized,      // needs the shared AddressSanitizer, which aborts when a library is before it
};

// The file's position is left alone.
ElfKind read_elf(int file, const Loader& loader);

// Whether it is a loader itself, ours or another, whose argument is the program.
bool is_loader_itself(int file);

}  // namespace kolben::agent
