// Executable files for tests.
#pragma once

#include <elf.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace kolben::agent::testing {

inline constexpr char kLoader[] = "/lib64/ld-linux-x86-64.so.2";

// The path of a new file; whoever asks for it removes it.
inline std::string write_executable(const std::string& bytes) {
  char path[] = "/tmp/kolben-elf-XXXXXX";
  const int file = mkstemp(path);
  const ssize_t written = write(file, bytes.data(), bytes.size());
  if (written != static_cast<ssize_t>(bytes.size()) || fchmod(file, 0755) != 0) abort();
  close(file);
  return path;
}

// An executable of a few hundred bytes: an interpreter (none where it is empty) and one needed
// library, behind so many `others` in both tables.
class ElfFile {
 public:
  ElfFile(const std::string& interpreter, const std::string& library, std::size_t others = 0)
      : segments_(others, {PT_NOTE, 0, 0, 0, 0, 0, 0, 1}), dynamic_(others, {DT_DEBUG, {0}}) {
    std::memcpy(header_.e_ident, ELFMAG, SELFMAG);
    header_.e_ident[EI_CLASS] = ELFCLASS64;
#if defined(__aarch64__)
    header_.e_machine = EM_AARCH64;
#else
    header_.e_machine = EM_X86_64;
#endif
    header_.e_phoff = sizeof(header_);
    header_.e_phnum = static_cast<Elf64_Half>(others + 3);
    texts_ = interpreter + '\0' + '\0' + library + '\0';
    const std::uint64_t dynamic = sizeof(header_) + (others + 3) * sizeof(Elf64_Phdr);
    const std::uint64_t dynamic_size = (others + 3) * sizeof(Elf64_Dyn);
    const std::uint64_t texts = dynamic + dynamic_size;
    segments_.push_back({interpreter.empty() ? Elf64_Word{PT_NULL} : Elf64_Word{PT_INTERP}, 0,
                         texts, texts, texts, interpreter.size() + 1, 0, 1});
    segments_.push_back({PT_LOAD, 0, 0, 0x10000, 0, texts + texts_.size(), 0, 1});
    segments_.push_back({PT_DYNAMIC, 0, dynamic, dynamic, dynamic, dynamic_size, 0, 1});
    dynamic_.push_back({DT_NEEDED, {1}});
    dynamic_.push_back({DT_STRTAB, {0x10000 + texts + interpreter.size() + 1}});
    dynamic_.push_back({DT_NULL, {0}});
  }
  ~ElfFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  ElfFile(const ElfFile&) = delete;
  ElfFile& operator=(const ElfFile&) = delete;

  Elf64_Ehdr& header() { return header_; }
  Elf64_Phdr& segment(std::size_t i) { return segments_[i]; }
  std::string bytes() const {
    std::string all(reinterpret_cast<const char*>(&header_), sizeof(header_));
    all.append(reinterpret_cast<const char*>(segments_.data()),
               segments_.size() * sizeof(Elf64_Phdr));
    all.append(reinterpret_cast<const char*>(dynamic_.data()), dynamic_.size() * sizeof(Elf64_Dyn));
    return all + texts_;
  }
  const std::string& path() {
    if (path_.empty()) path_ = write_executable(bytes());
    return path_;
  }

 private:
  Elf64_Ehdr header_ = {};
  std::vector<Elf64_Phdr> segments_;
  std::vector<Elf64_Dyn> dynamic_;
  std::string texts_;
  std::string path_;
};

}  // namespace kolben::agent::testing
