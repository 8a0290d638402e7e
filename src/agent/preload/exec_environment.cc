#include "agent/preload/exec_environment.h"

#include <stdlib.h>
#include <unistd.h>

#include <cstring>

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

std::size_t completed_environment_size(char* const* environment) {
  static char* const kEmpty[] = {nullptr};
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
  if (has_library && has_ring) return 0;
  return count + variable_count + 2;  // LD_PRELOAD and the null at the end
}

void complete_environment(char* const* environment, char** completed, std::size_t size,
                          char* preload) {
  static char* const kEmpty[] = {nullptr};
  if (environment == nullptr) environment = kEmpty;
  char* end = preload;
  std::memcpy(end, kPreload, kPreloadSize);
  end += kPreloadSize;
  std::size_t count = 0;
  bool listed = false;
  for (char* const* entry = environment; *entry != nullptr && count + 2 < size; ++entry) {
    if (!begins_with(*entry, kPreload)) {
      completed[count++] = *entry;
      continue;
    }
    const char* list = *entry + kPreloadSize;
    const std::size_t list_size = std::strlen(list);
    std::size_t found = 0;
    listed = find_library(list, &found) != nullptr;
    std::memcpy(end, list, list_size);
    end += list_size;
    if (list_size != 0 && !listed) *end++ = ':';
  }
  if (!listed) {
    std::memcpy(end, library, std::strlen(library));
    end += std::strlen(library);
  }
  *end = '\0';
  completed[count++] = preload;
  for (std::size_t i = 0; i < variable_count && count + 1 < size; ++i) {
    if (!is_set(environment, variables[i])) completed[count++] = variables[i];
  }
  completed[count] = nullptr;
}

}  // namespace kolben::agent
