#include "agent/launcher/instrumentable.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent/target/target.h"

namespace kolben::agent {
namespace {

const char* why_not(ElfKind kind) {
  switch (kind) {
    case ElfKind::kStatic:
      return "statically linked";
    case ElfKind::kOtherClass:
      return "a 32-bit program";
    case ElfKind::kOtherMachine:
      return "a program for another processor";
    case ElfKind::kOtherLibc:
      return "linked with another C library (musl)";
    case ElfKind::kSanitized:
      return "built with the shared AddressSanitizer, which bears no library before it";
    case ElfKind::kNotElf:
    case ElfKind::kOrdinary:
      break;
  }
  return nullptr;
}

// The loader obeys no LD_PRELOAD then.
const char* why_not_trusted(const char* path) {
  struct stat status = {};
  if (stat(path, &status) != 0) return nullptr;
  const bool becomes_other = ((status.st_mode & S_ISUID) != 0 && status.st_uid != geteuid()) ||
                             ((status.st_mode & S_ISGID) != 0 && status.st_gid != getegid());
  if (becomes_other) return "set-user-ID";
  if (geteuid() != 0 && getxattr(path, "security.capability", nullptr, 0) > 0) {
    return "a program with file capabilities";
  }
  return nullptr;
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

const char* why_not_instrumented(const char* path) {
  char interpreter[kPathBytesMax];
  for (int depth = 0; depth <= kScriptsMax; ++depth) {
    const char* reason = why_not_trusted(path);
    if (reason != nullptr) return reason;
    char line[kScriptLineBytesMax];
    const ElfKind kind = read_target(path, line);
    if (line[0] == '\0') return why_not(kind);
    if (!find_interpreter(line, interpreter)) return nullptr;
    path = interpreter;
  }
  return nullptr;
}

}  // namespace kolben::agent
