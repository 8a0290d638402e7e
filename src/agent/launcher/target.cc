#include "agent/launcher/target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace kolben::agent {
namespace {

// A script's interpreter may be a script; Linux follows as many.
constexpr int kScriptsMax = 4;
// More program headers than any linker writes.
constexpr int kProgramHeadersMax = 64;

// Like a shell: EACCES for what is there and cannot run, else ENOENT.
bool is_executable_file(const char* path) {
  struct stat status = {};
  if (stat(path, &status) != 0) {
    errno = errno == EACCES ? EACCES : ENOENT;
    return false;
  }
  if (S_ISREG(status.st_mode) && access(path, X_OK) == 0) return true;
  errno = EACCES;
  return false;
}

bool read_at(int file, void* to, std::size_t size, std::uint64_t offset) {
  return pread(file, to, size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size);
}

const char* why_not_elf(int file, const Elf64_Ehdr& header) {
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return "a 32-bit program";
#if defined(__x86_64__)
  if (header.e_machine != EM_X86_64) return "a program for another processor";
#elif defined(__aarch64__)
  if (header.e_machine != EM_AARCH64) return "a program for another processor";
#endif
  for (int i = 0; i < header.e_phnum && i < kProgramHeadersMax; ++i) {
    Elf64_Phdr segment = {};
    const std::uint64_t offset = header.e_phoff + static_cast<std::uint64_t>(i) * sizeof(segment);
    if (!read_at(file, &segment, sizeof(segment), offset)) return nullptr;
    if (segment.p_type != PT_INTERP) continue;
    char loader[256] = {};
    const std::size_t size =
        segment.p_filesz < sizeof(loader) - 1 ? segment.p_filesz : sizeof(loader) - 1;
    if (!read_at(file, loader, size, segment.p_offset)) return nullptr;
    return std::strstr(loader, "ld-musl") != nullptr ? "linked with another C library (musl)"
                                                     : nullptr;
  }
  return "statically linked";
}

// "#! /usr/bin/env -S python3 -u" is python3. False: nothing that can be followed.
bool find_interpreter(char* line, char* path) {
  char* rest = nullptr;
  char* word = strtok_r(line + 2, " \t\r\n", &rest);
  if (word == nullptr) return false;
  const char* name = std::strrchr(word, '/');
  if (name != nullptr && std::strcmp(name, "/env") == 0) {
    do {
      word = strtok_r(nullptr, " \t\r\n", &rest);
    } while (word != nullptr && (word[0] == '-' || std::strchr(word, '=') != nullptr));
    if (word == nullptr) return false;
  }
  return find_command(word, path);
}

}  // namespace

bool find_command(const char* command, char* path) {
  if (std::strchr(command, '/') != nullptr) {
    errno = ENAMETOOLONG;
    if (std::strlen(command) >= kPathBytesMax) return false;
    std::strcpy(path, command);
    return is_executable_file(path);
  }
  const char* directory = getenv("PATH");
  if (directory == nullptr) directory = "/bin:/usr/bin";
  int failure = ENOENT;
  for (;;) {
    const std::size_t size = std::strcspn(directory, ":");
    const int printed = size == 0 ? std::snprintf(path, kPathBytesMax, "./%s", command)
                                  : std::snprintf(path, kPathBytesMax, "%.*s/%s",
                                                  static_cast<int>(size), directory, command);
    const bool fits = printed > 0 && static_cast<std::size_t>(printed) < kPathBytesMax;
    if (fits && *command != '\0') {
      if (is_executable_file(path)) return true;
      if (errno == EACCES) failure = EACCES;
    }
    if (directory[size] == '\0') break;
    directory += size + 1;
  }
  errno = failure;
  return false;
}

const char* why_not_instrumented(const char* path) {
  char interpreter[kPathBytesMax];
  for (int depth = 0; depth <= kScriptsMax; ++depth) {
    struct stat status = {};
    if (stat(path, &status) != 0) return nullptr;
    const bool becomes_other = ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid()) ||
                               ((status.st_mode & S_ISGID) != 0 && status.st_gid != getegid());
    if (becomes_other) return "set-user-ID";
    if (getxattr(path, "security.capability", nullptr, 0) > 0 && geteuid() != 0) {
      return "a program with file capabilities";
    }
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return nullptr;  // executable but not readable: the loader will tell
    union {
      Elf64_Ehdr header;
      char line[256];
    } start = {};
    const ssize_t size = pread(file, &start, sizeof(start) - 1, 0);
    const char* reason = nullptr;
    const bool elf = size >= static_cast<ssize_t>(sizeof(Elf64_Ehdr)) &&
                     std::memcmp(start.header.e_ident, ELFMAG, SELFMAG) == 0;
    if (elf) reason = why_not_elf(file, start.header);
    close(file);
    if (elf || size < 2 || std::memcmp(start.line, "#!", 2) != 0) return reason;
    start.line[std::strcspn(start.line, "\n")] = '\0';
    if (!find_interpreter(start.line, interpreter)) return nullptr;
    path = interpreter;
  }
  return nullptr;
}

}  // namespace kolben::agent
