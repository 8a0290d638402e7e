#include "agent/launcher/instrumentable.h"

#include <string.h>

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

const char* why_not_trusted(const char* path) {
  switch (rights_of(path)) {
    case Rights::kSetId:
      return "set-user-ID";
    case Rights::kCapabilities:
      return "a program with file capabilities";
    case Rights::kSame:
      break;
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
