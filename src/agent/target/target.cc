#include "agent/target/target.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

namespace kolben::agent {
namespace {

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

// "DIRECTORY/COMMAND"; an empty directory is the current one. False: too long.
bool join(const char* directory, std::size_t size, const char* command, char* path) {
  if (size == 0) {
    directory = ".";
    size = 1;
  }
  const std::size_t command_size = std::strlen(command);
  if (size + 1 + command_size >= kPathBytesMax) return false;
  std::memcpy(path, directory, size);
  path[size] = '/';
  std::memcpy(path + size + 1, command, command_size + 1);
  return true;
}

}  // namespace

bool find_command(const char* command, char* path) {
  const std::size_t command_size = std::strlen(command);
  if (std::memchr(command, '/', command_size) != nullptr) {
    errno = ENAMETOOLONG;
    if (command_size >= kPathBytesMax) return false;
    std::memcpy(path, command, command_size + 1);
    return is_executable_file(path);
  }
  const char* directory = getenv("PATH");
  if (directory == nullptr) directory = "/bin:/usr/bin";
  int failure = ENOENT;
  for (;;) {
    const std::size_t size = std::strcspn(directory, ":");
    if (command_size > 0 && join(directory, size, command, path)) {
      if (is_executable_file(path)) return true;
      if (errno == EACCES) failure = EACCES;
    }
    if (directory[size] == '\0') break;
    directory += size + 1;
  }
  errno = failure;
  return false;
}

ElfKind read_target(const char* path, char* line, const Loader& loader) {
  line[0] = '\0';
  // A script may name a pipe or a terminal as its interpreter: neither waited for nor taken over.
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return ElfKind::kNotElf;
  const ElfKind kind = read_elf(file, loader);
  char start[2] = {};
  const bool script = kind == ElfKind::kNotElf && pread(file, start, 2, 0) == 2 &&
                      start[0] == '#' && start[1] == '!';
  if (script) {
    const ssize_t size = pread(file, line, kScriptLineBytesMax - 1, 2);
    line[size < 0 ? 0 : size] = '\0';
    line[std::strcspn(line, "\n")] = '\0';
  }
  close(file);
  return kind;
}

Rights rights_of(const char* path) {
  struct stat status = {};
  if (stat(path, &status) != 0) return Rights::kSame;
  const bool becomes_other = ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid()) ||
                             ((status.st_mode & S_ISGID) != 0 && status.st_gid != getegid());
  if (becomes_other) return Rights::kSetId;
  const bool has_capabilities =
      geteuid() != 0 && getxattr(path, "security.capability", nullptr, 0) > 0;
  return has_capabilities ? Rights::kCapabilities : Rights::kSame;
}

bool is_agent_program(const char* path) {
  const char* slash = std::strrchr(path, '/');
  const char* name = slash == nullptr ? path : slash + 1;
  if (std::strcmp(name, "opentelemetry-instrument") != 0 && std::strcmp(name, "kolben-agent") != 0)
    return false;
  char line[kScriptLineBytesMax];
  return read_target(path, line, {}) != ElfKind::kNotElf;
}

bool is_build_helper(const char* path) {
  // GCC's and binutils'; make, gcc and clang themselves are worth a span.
  constexpr const char* kNames[] = {"ar",       "as",      "cc1",         "cc1plus", "collect2",
                                    "ld",       "ld.bfd",  "ld.gold",     "ld.lld",  "ld.mold",
                                    "ldconfig", "lto1",    "lto-wrapper", "mold",    "nm",
                                    "objcopy",  "objdump", "ranlib",      "strip"};
  const char* slash = std::strrchr(path, '/');
  const char* name = slash == nullptr ? path : slash + 1;
  for (const char* helper : kNames) {
    if (std::strcmp(name, helper) == 0) return true;
  }
  return false;
}

bool is_harmed_by_preload(const char* path, const Loader& loader) {
  char lines[2][kScriptLineBytesMax];
  for (int depth = 0; depth <= kScriptsMax; ++depth) {
    char* line = lines[depth % 2];
    const ElfKind kind = read_target(path, line, loader);
    if (kind != ElfKind::kNotElf) {
      return kind != ElfKind::kOrdinary && kind != ElfKind::kStatic && kind != ElfKind::kIsLoader;
    }
    line += std::strspn(line, " \t");
    line[std::strcspn(line, " \t\r")] = '\0';
    if (line[0] == '\0') return false;
    path = line;
  }
  return false;
}

}  // namespace kolben::agent
