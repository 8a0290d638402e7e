#include "agent/preload/python_path.h"

#include <cstring>

namespace kolben::agent {
namespace {

// Arguments that are looked at; the script comes long before.
constexpr int kArgumentsMax = 64;

}  // namespace

bool is_python_on_its_own(int argc, char* const* argv) {
  for (int i = 1; i < argc && i < kArgumentsMax; ++i) {
    const char* option = argv[i];
    if (option[0] != '-' || option[1] == '\0') return false;  // the script
    if (option[1] == '-') continue;
    for (++option; *option != '\0'; ++option) {
      if (*option == 'I' || *option == 'E' || *option == 'S') return true;
      if (*option == 'c' || *option == 'm') return false;  // the rest is the program's
      if (*option != 'W' && *option != 'X') continue;
      if (option[1] == '\0') ++i;  // its value is the next one
      break;
    }
  }
  return false;
}

bool has_other_agent(const char* list) {
  if (list == nullptr) return false;
  // As their launchers put them there: ddtrace-run, newrelic-admin, elasticapm-run, and Python's
  // own opentelemetry-instrument.
  constexpr const char* kOthers[] = {"ddtrace/bootstrap", "newrelic/bootstrap",
                                     "elasticapm/instrumentation", "opentelemetry/instrumentation"};
  for (const char* other : kOthers) {
    if (std::strstr(list, other) != nullptr) return true;
  }
  return false;
}

bool put_first(const char* folder, const char* list, char* result, std::size_t size) {
  const std::size_t folder_size = std::strlen(folder);
  std::size_t used = folder_size;
  if (used >= size) return false;
  std::memcpy(result, folder, folder_size + 1);
  // An empty variable is none; an empty entry is the working directory, and stays.
  for (const char* entry = list; entry != nullptr && *list != '\0';) {
    const std::size_t entry_size = std::strcspn(entry, ":");
    const bool is_ours = entry_size == folder_size && std::strncmp(entry, folder, folder_size) == 0;
    if (!is_ours) {
      if (used + 1 + entry_size >= size) return false;
      result[used++] = ':';
      std::memcpy(result + used, entry, entry_size);
      used += entry_size;
      result[used] = '\0';
    }
    entry = entry[entry_size] == ':' ? entry + entry_size + 1 : nullptr;
  }
  return true;
}

}  // namespace kolben::agent
