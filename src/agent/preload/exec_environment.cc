#include "agent/preload/exec_environment.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstring>

#include "agent/target/target.h"

namespace kolben::agent {
namespace {

// Room for the texts of the agent's variables; more of them than this is a broken set-up, and what
// does not fit is not handed down.
constexpr std::size_t kTextBytesMax = 16 * 1024;
constexpr std::size_t kVariablesMax = 128;
// The new array is on the stack.
constexpr std::size_t kEnvironmentMax = 8192;
constexpr char kPreload[] = "LD_PRELOAD=";
constexpr std::size_t kPreloadSize = sizeof(kPreload) - 1;
constexpr char kRing[] = "KOLBEN_AGENT_RING=";
constexpr char kLibrary[] = "libkolben-agent.so";

char* const kEmpty[] = {nullptr};

constinit char texts[kTextBytesMax] = {};
constinit std::size_t texts_size = 0;
constinit char* variables[kVariablesMax] = {};
constinit std::size_t variable_count = 0;
constinit char* library = nullptr;  // our path, as LD_PRELOAD named it

bool begins_with(const char* text, const char* prefix) {
  return std::strncmp(text, prefix, std::strlen(prefix)) == 0;
}

// Null: there is no room.
char* keep(const char* text, std::size_t size) {
  if (size + 1 > kTextBytesMax - texts_size) return nullptr;
  char* kept = texts + texts_size;
  std::memcpy(kept, text, size);
  kept[size] = '\0';
  texts_size += size + 1;
  return kept;
}

// The entry of a list of libraries that is ours; its size.
const char* find_library(const char* list, std::size_t* size) {
  while (*list != '\0') {
    const std::size_t entry = std::strcspn(list, ": ");
    constexpr std::size_t kName = sizeof(kLibrary) - 1;
    if (entry >= kName && std::strncmp(list + entry - kName, kLibrary, kName) == 0) {
      *size = entry;
      return list;
    }
    list += entry;
    list += std::strspn(list, ": ");
  }
  return nullptr;
}

// The list, or the list without our library; the end of what was written.
char* copy_list(const char* list, Library what, char* to) {
  std::size_t ours = 0;
  const char* found = what == Library::kTakeOut ? find_library(list, &ours) : nullptr;
  const std::size_t size = std::strlen(list);
  if (found == nullptr) {
    std::memcpy(to, list, size);
    return to + size;
  }
  // With the separator behind it, or else the one before it.
  const auto before = static_cast<std::size_t>(found - list);
  const char* rest = found + ours;
  if (*rest != '\0') ++rest;
  std::memcpy(to, list, before);
  to += before;
  std::memcpy(to, rest, std::strlen(rest));
  to += std::strlen(rest);
  if (*rest == '\0' && before != 0) --to;
  return to;
}

bool has_name_of(const char* variable, const char* other) {
  const std::size_t name = std::strcspn(other, "=");
  return std::strncmp(variable, other, name) == 0 && variable[name] == '=';
}

bool is_set(char* const* environment, const char* variable) {
  for (; *environment != nullptr; ++environment) {
    if (has_name_of(*environment, variable)) return true;
  }
  return false;
}

}  // namespace

void remember_environment() {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const bool ours = begins_with(*entry, "KOLBEN_") || begins_with(*entry, "OTEL_");
    if (ours && variable_count < kVariablesMax) {
      char* kept = keep(*entry, std::strlen(*entry));
      if (kept != nullptr) variables[variable_count++] = kept;
    }
    std::size_t size = 0;
    if (begins_with(*entry, kPreload)) {
      const char* found = find_library(*entry + kPreloadSize, &size);
      if (found != nullptr && size < kPreloadBytesMax / 2) library = keep(found, size);
    }
  }
}

Library library_for(const char* path) {
  if (path == nullptr || library == nullptr) return Library::kHandDown;
  // Opened, not asked about: what counts is what the process may do now.
  const int file = open(library, O_RDONLY | O_CLOEXEC);
  if (file < 0) return Library::kTakeOut;
  close(file);
  char found[kPathBytesMax];
  if (!find_command(path, found)) return Library::kHandDown;  // the exec will fail
  return is_harmed_by_preload(found) ? Library::kTakeOut : Library::kHandDown;
}

std::size_t completed_environment_size(char* const* environment, Library what) {
  if (environment == nullptr) environment = kEmpty;
  if (library == nullptr) return 0;
  bool has_library = false;
  bool has_ring = false;
  std::size_t count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (count == kEnvironmentMax) return 0;
    std::size_t size = 0;
    if (begins_with(environment[count], kPreload)) {
      has_library = find_library(environment[count] + kPreloadSize, &size) != nullptr;
      // No room for it: rather without the agent than with a cut list.
      if (std::strlen(environment[count]) > kPreloadBytesMax / 2) return 0;
    }
    has_ring = has_ring || begins_with(environment[count], kRing);
  }
  if (what == Library::kTakeOut) return has_library ? count + 2 : 0;
  if (has_library && has_ring) return 0;
  return count + variable_count + 2;  // LD_PRELOAD and the null at the end
}

void complete_environment(char* const* environment, Library what, char** completed,
                          std::size_t size, char* preload) {
  if (environment == nullptr) environment = kEmpty;
  std::memcpy(preload, kPreload, kPreloadSize);
  char* end = preload + kPreloadSize;
  std::size_t count = 0;
  for (char* const* entry = environment; *entry != nullptr && count + 2 < size; ++entry) {
    if (begins_with(*entry, kPreload)) {
      end = copy_list(*entry + kPreloadSize, what, end);
    } else {
      completed[count++] = *entry;
    }
  }
  std::size_t listed = 0;
  *end = '\0';
  if (what == Library::kHandDown && find_library(preload + kPreloadSize, &listed) == nullptr) {
    if (end != preload + kPreloadSize) *end++ = ':';
    std::memcpy(end, library, std::strlen(library) + 1);
    end += std::strlen(library);
  }
  if (end != preload + kPreloadSize) completed[count++] = preload;
  for (std::size_t i = 0; what == Library::kHandDown && i < variable_count && count + 1 < size;
       ++i) {
    if (!is_set(environment, variables[i])) completed[count++] = variables[i];
  }
  completed[count] = nullptr;
}

}  // namespace kolben::agent
