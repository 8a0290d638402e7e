#include "agent/target/elf.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

namespace kolben::agent {
namespace {

// More program headers, segments and libraries than any linker writes.
constexpr int kProgramHeadersMax = 64;
constexpr std::uint64_t kDynamicMax = 1024;

template <typename T>
bool read_at(int file, std::uint64_t offset, T* to) {
  return pread(file, to, sizeof(*to), static_cast<off_t>(offset)) ==
         static_cast<ssize_t>(sizeof(*to));
}

// A text of the file, cut where the buffer ends.
template <std::size_t N>
void read_text(int file, std::uint64_t offset, std::uint64_t size, char (&text)[N]) {
  const std::size_t wanted = size < N - 1 ? static_cast<std::size_t>(size) : N - 1;
  const ssize_t got = pread(file, text, wanted, static_cast<off_t>(offset));
  text[got < 0 ? 0 : got] = '\0';
}

class Segments {
 public:
  Segments(int file, const Elf64_Ehdr& header)
      : file_(file),
        first_(header.e_phoff),
        count_(header.e_phnum < kProgramHeadersMax ? header.e_phnum : kProgramHeadersMax) {}

  bool find(std::uint32_t type, Elf64_Phdr* found) const {
    for (int i = 0; i < count_; ++i) {
      if (read(i, found) && found->p_type == type) return true;
    }
    return false;
  }
  // Where in the file the bytes of this address are; 0: nowhere.
  std::uint64_t offset_of(std::uint64_t address) const {
    Elf64_Phdr segment;
    for (int i = 0; i < count_; ++i) {
      const bool holds = read(i, &segment) && segment.p_type == PT_LOAD &&
                         address >= segment.p_vaddr && address - segment.p_vaddr < segment.p_filesz;
      if (holds) return segment.p_offset + (address - segment.p_vaddr);
    }
    return 0;
  }

 private:
  bool read(int index, Elf64_Phdr* segment) const {
    return read_at(file_, first_ + static_cast<std::uint64_t>(index) * sizeof(*segment), segment);
  }

  int file_;
  std::uint64_t first_;
  int count_;
};

// Whether one of the libraries that the program names begins with one of these names.
bool needs_sanitizer(int file, const Segments& segments) {
  Elf64_Phdr dynamic;
  if (!segments.find(PT_DYNAMIC, &dynamic)) return false;
  const std::uint64_t count = dynamic.p_filesz / sizeof(Elf64_Dyn);
  std::uint64_t texts = 0;
  // The table of texts may be named after the libraries: two rounds.
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < count && i < kDynamicMax; ++i) {
      Elf64_Dyn entry;
      if (!read_at(file, dynamic.p_offset + i * sizeof(entry), &entry)) return false;
      if (entry.d_tag == DT_NULL) break;
      if (round == 0 && entry.d_tag == DT_STRTAB) texts = segments.offset_of(entry.d_un.d_ptr);
      if (round == 0 || entry.d_tag != DT_NEEDED) continue;
      char name[32] = {};
      read_text(file, texts + entry.d_un.d_val, sizeof(name), name);
      if (strncmp(name, "libasan.so", 10) == 0) return true;
      if (strncmp(name, "libclang_rt.asan", 16) == 0) return true;
    }
    if (texts == 0) return false;
  }
  return false;
}

bool is_other_machine(const Elf64_Ehdr& header) {
#if defined(__x86_64__)
  return header.e_machine != EM_X86_64;
#elif defined(__aarch64__)
  return header.e_machine != EM_AARCH64;
#else
  return false;
#endif
}

}  // namespace

ElfKind read_elf(int file) {
  Elf64_Ehdr header;
  if (!read_at(file, 0, &header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return ElfKind::kNotElf;
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return ElfKind::kOtherClass;
  if (is_other_machine(header)) return ElfKind::kOtherMachine;
  const Segments segments(file, header);
  Elf64_Phdr interpreter;
  if (!segments.find(PT_INTERP, &interpreter)) return ElfKind::kStatic;
  char loader[256] = {};
  read_text(file, interpreter.p_offset, interpreter.p_filesz, loader);
  if (strstr(loader, "ld-musl") != nullptr) return ElfKind::kOtherLibc;
  return needs_sanitizer(file, segments) ? ElfKind::kSanitized : ElfKind::kOrdinary;
}

}  // namespace kolben::agent
