#include "agent/launcher/instrumentable.h"

#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/target/elf.h"
#include "agent/target/target.h"

namespace kolben::agent {
namespace {

bool is_loader(const char* path) {
  const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return false;
  const bool is = is_loader_itself(file);
  close(file);
  return is;
}

const char* why_not(ElfKind kind, const char* path) {
  const bool may_be_loader = kind == ElfKind::kStatic || kind == ElfKind::kOtherLoader;
  if (may_be_loader && is_loader(path)) {
    return "a loader: start the program itself under opentelemetry-instrument, with "
           "LD_LIBRARY_PATH in place of --library-path";
  }
  switch (kind) {
    case ElfKind::kStatic:
      return "statically linked";
    case ElfKind::kOtherClass:
      return "a 32-bit program";
    case ElfKind::kOtherMachine:
      return "a program for another processor";
    case ElfKind::kOtherLibc:
      return "linked with another C library (musl)";
    case ElfKind::kOtherLoader:
      return "a program with a loader of its own, whose C library may be too old for the agent";
    case ElfKind::kIsOtherLoader:
    case ElfKind::kIsLoader:
      return "a loader: start the program itself under opentelemetry-instrument, with "
             "LD_LIBRARY_PATH in place of --library-path";
    case ElfKind::kSanitized:
      return "built with the shared AddressSanitizer, which bears no library before it";
    case ElfKind::kNotElf:
    case ElfKind::kOrdinary:
      break;
  }
  return nullptr;
}

const char* why_not_trusted(const char* path) {
  switch (rights_of(path)) {
    case Rights::kSetId:
      return "set-user-ID or set-group-ID";
    case Rights::kCapabilities:
      return "a program with file capabilities";
    case Rights::kSame:
      break;
  }
  return nullptr;
}

// Of the first of the process's objects, which is the program.
int take_loader(dl_phdr_info* program, std::size_t /*size*/, void* path) {
  for (int i = 0; i < program->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = program->dlpi_phdr[i];
    if (segment.p_type != PT_INTERP) continue;
    *static_cast<std::uintptr_t*>(path) = program->dlpi_addr + segment.p_vaddr;
  }
  return 1;
}

// "/usr/bin/env -S python3 -u" is python3. False: nothing that can be followed.
bool find_interpreter(char* line, char* path) {
  char* rest = nullptr;
  char* word = strtok_r(line, " \t\r\n", &rest);
  if (word == nullptr) return false;
  const char* name = strrchr(word, '/');
  if (name != nullptr && strcmp(name, "/env") == 0) {
    do {
      word = strtok_r(nullptr, " \t\r\n", &rest);
    } while (word != nullptr && (word[0] == '-' || strchr(word, '=') != nullptr));
    if (word == nullptr) return false;
  }
  return find_command(word, path);
}

}  // namespace

FileId own_loader() {
  std::uintptr_t path = 0;
  dl_iterate_phdr(take_loader, &path);
  struct stat status = {};
  if (path == 0 || stat(reinterpret_cast<const char*>(path), &status) != 0) return {};
  return {status.st_dev, status.st_ino};
}

const char* why_not_instrumented(const char* path) {
  const Loader loader{.file = own_loader(), .path = nullptr, .root = {}};
  char interpreter[kPathBytesMax];
  for (int depth = 0; depth <= kScriptsMax; ++depth) {
    const char* reason = why_not_trusted(path);
    if (reason != nullptr) return reason;
    char line[kScriptLineBytesMax];
    const ElfKind kind = read_target(path, line, loader);
    if (line[0] == '\0') return why_not(kind, path);
    if (!find_interpreter(line, interpreter)) return nullptr;
    path = interpreter;
  }
  return nullptr;
}

}  // namespace kolben::agent
