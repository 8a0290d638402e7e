#include "agent/target/elf.h"

#include <elf.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kolben::agent {
namespace {

// More program headers, segments and libraries than any linker writes.
constexpr std::uint64_t kProgramHeadersMax = 64;
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

// A table of the file, of which a piece is read at a time: a program that starts many others shall
// not make a call for each of their entries.
template <typename T>
class Table {
 public:
  Table(int file, std::uint64_t offset) : file_(file), offset_(offset) {}

  // Null: it cannot be read. Valid until the next call.
  const T* at(std::uint64_t index) {
    if (index < first_ || index - first_ >= count_) read_from(index);
    return count_ == 0 ? nullptr : &entries_[index - first_];
  }

 private:
  static constexpr std::size_t kAtATime = 1024 / sizeof(T);  // on the stack, maybe of a vfork()

  void read_from(std::uint64_t index) {
    const std::uint64_t offset = offset_ + index * sizeof(T);
    const ssize_t got = pread(file_, entries_, sizeof(entries_), static_cast<off_t>(offset));
    first_ = index;
    count_ = got < 0 ? 0 : static_cast<std::size_t>(got) / sizeof(T);
  }

  int file_;
  std::uint64_t offset_;
  std::uint64_t first_ = 0;
  std::size_t count_ = 0;
  T entries_[kAtATime];
};

class Segments {
 public:
  Segments(int file, const Elf64_Ehdr& header)
      : headers_(file, header.e_phoff),
        count_(header.e_phnum < kProgramHeadersMax ? header.e_phnum : kProgramHeadersMax) {}

  bool find(std::uint32_t type, Elf64_Phdr* found) {
    for (std::uint64_t i = 0; i < count_; ++i) {
      const Elf64_Phdr* segment = headers_.at(i);
      if (segment == nullptr) return false;
      if (segment->p_type != type) continue;
      *found = *segment;
      return true;
    }
    return false;
  }
  // Where in the file the bytes of this address are; 0: nowhere.
  std::uint64_t offset_of(std::uint64_t address) {
    for (std::uint64_t i = 0; i < count_; ++i) {
      const Elf64_Phdr* segment = headers_.at(i);
      if (segment == nullptr) return 0;
      const bool holds = segment->p_type == PT_LOAD && address >= segment->p_vaddr &&
                         address - segment->p_vaddr < segment->p_filesz;
      if (holds) return segment->p_offset + (address - segment->p_vaddr);
    }
    return 0;
  }

 private:
  Table<Elf64_Phdr> headers_;
  std::uint64_t count_;
};

// Whether one of the names that have this tag is such a one.
template <typename IsSuch>
bool names_such(int file, Segments& segments, std::int64_t tag, IsSuch is_such) {
  Elf64_Phdr dynamic;
  if (!segments.find(PT_DYNAMIC, &dynamic)) return false;
  const std::uint64_t count = dynamic.p_filesz / sizeof(Elf64_Dyn);
  Table<Elf64_Dyn> entries(file, dynamic.p_offset);
  std::uint64_t texts = 0;
  // The table of texts may be named after the libraries: two rounds.
  for (int round = 0; round < 2; ++round) {
    for (std::uint64_t i = 0; i < count && i < kDynamicMax; ++i) {
      const Elf64_Dyn* entry = entries.at(i);
      if (entry == nullptr) return false;
      if (entry->d_tag == DT_NULL) break;
      if (round == 0 && entry->d_tag == DT_STRTAB) texts = segments.offset_of(entry->d_un.d_ptr);
      if (round == 0 || entry->d_tag != tag) continue;
      char name[32] = {};
      read_text(file, texts + entry->d_un.d_val, sizeof(name), name);
      if (is_such(name)) return true;
    }
    if (texts == 0) return false;
  }
  return false;
}

bool needs_sanitizer(int file, Segments& segments) {
  return names_such(file, segments, DT_NEEDED, [](const char* name) {
    return strncmp(name, "libasan.so", 10) == 0 || strncmp(name, "libclang_rt.asan", 16) == 0;
  });
}

// Programs of bundles are arguments of their loader: "ld-linux-x86-64.so.2 --library-path ...".
bool is_loader(int file, Segments& segments) {
  return names_such(file, segments, DT_SONAME,
                    [](const char* name) { return strncmp(name, "ld-linux", 8) == 0; });
}

FileId id_of(const struct stat& status) {
  return {status.st_dev, status.st_ino};
}

// Whether this file is at the loader's path by now.
bool is_successor(const FileId& file, const Loader& loader) {
  if (loader.path == nullptr || *loader.path == '\0') return false;
  struct stat status = {};
  if (stat("/", &status) != 0 || id_of(status) != loader.root) return false;
  return stat(loader.path, &status) == 0 && id_of(status) == file;
}

bool is_other(const FileId& file, const Loader& loader) {
  return loader.file.inode != 0 && loader.file != file && !is_successor(file, loader);
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

ElfKind read_elf(int file, const Loader& loader) {
  Elf64_Ehdr header;
  if (!read_at(file, 0, &header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return ElfKind::kNotElf;
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return ElfKind::kOtherClass;
  if (is_other_machine(header)) return ElfKind::kOtherMachine;
  Segments segments(file, header);
  Elf64_Phdr interpreter;
  struct stat status = {};
  if (!segments.find(PT_INTERP, &interpreter)) {
    if (!is_loader(file, segments)) return ElfKind::kStatic;
    const bool harms = fstat(file, &status) == 0 && is_other(id_of(status), loader);
    return harms ? ElfKind::kIsOtherLoader : ElfKind::kIsLoader;
  }
  char path[256] = {};
  read_text(file, interpreter.p_offset, interpreter.p_filesz, path);
  if (strstr(path, "ld-musl") != nullptr) return ElfKind::kOtherLibc;
  // Where it is not there the program does not start at all.
  if (stat(path, &status) == 0 && is_other(id_of(status), loader)) return ElfKind::kOtherLoader;
  return needs_sanitizer(file, segments) ? ElfKind::kSanitized : ElfKind::kOrdinary;
}

bool is_loader_itself(int file) {
  Elf64_Ehdr header;
  if (!read_at(file, 0, &header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;
  Segments segments(file, header);
  return header.e_ident[EI_CLASS] == ELFCLASS64 && is_loader(file, segments);
}

}  // namespace kolben::agent
