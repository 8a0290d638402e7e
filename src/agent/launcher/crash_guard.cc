#include "agent/launcher/crash_guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <cstdint>

namespace kolben::agent {
namespace {

// FNV-1a, with the end zeros so that "a b" is not "ab".
std::uint64_t add_text(std::uint64_t hash, const char* text) {
  constexpr std::uint64_t kPrime = 0x100'0000'01b3;
  do {
    hash = (hash ^ static_cast<std::uint8_t>(*text)) * kPrime;
  } while (*text++ != '\0');
  return hash;
}

const char* variable(const char* name) {
  const char* value = getenv(name);
  return value != nullptr && *value == '/' ? value : nullptr;
}

}  // namespace

bool crash_marks_path(const char* program, char* const* arguments, char* path,
                      std::size_t capacity) {
  const char* state = variable("XDG_STATE_HOME");
  const char* home = variable("HOME");
  if (state == nullptr && home == nullptr) return false;
  constexpr std::uint64_t kBasis = 0xcbf2'9ce4'8422'2325;
  std::uint64_t hash = add_text(kBasis, program);
  for (; *arguments != nullptr; ++arguments) hash = add_text(hash, *arguments);
  const int size =
      snprintf(path, capacity, "%s%s/kolben/crashes/%016llx", state != nullptr ? state : home,
               state != nullptr ? "" : "/.local/state", static_cast<unsigned long long>(hash));
  return size > 0 && static_cast<std::size_t>(size) < capacity;
}

bool has_crashed_often(const char* path) {
  struct stat status = {};
  if (stat(path, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  return status.st_size >= kCrashesMax && time(nullptr) - status.st_mtime < kCrashMemorySeconds;
}

}  // namespace kolben::agent
