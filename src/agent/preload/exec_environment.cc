#include "agent/preload/exec_environment.h"

#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/auxv.h>
#include <sys/stat.h>
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
constinit Loader loader;
constinit char loader_path[256] = {};
// TRACEPARENT and its like; an environment.
constexpr std::size_t kCarriedMax = 3;
constinit char* carried[kCarriedMax + 1] = {};
constinit std::size_t carried_count = 0;

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

// The entry "NAME=..."; null: there is none.
const char* find_variable(char* const* environment, const char* name) {
  for (; *environment != nullptr; ++environment) {
    if (begins_with(*environment, name)) return *environment;
  }
  return nullptr;
}

bool has_text(const Replacements& replacements) {
  for (int i = 0; i < replacements.count; ++i) {
    if (replacements.variables[i].text != nullptr) return true;
  }
  return false;
}

bool is_replaced(const char* entry, const Replacements& replacements) {
  for (int i = 0; i < replacements.count; ++i) {
    if (begins_with(entry, replacements.variables[i].name)) return true;
  }
  return false;
}

void remember(const char* entry) {
  const auto kept = [entry](std::size_t count, std::size_t count_max) {
    return count < count_max ? keep(entry, std::strlen(entry)) : nullptr;
  };
  constexpr const char* kNames[kCarriedMax] = {kTraceparentName, kTracestateName, kBaggageName};
  for (const char* name : kNames) {
    if (!begins_with(entry, name)) continue;
    carried[carried_count] = kept(carried_count, kCarriedMax);
    if (carried[carried_count] != nullptr) ++carried_count;
  }
  const bool ours = begins_with(entry, "KOLBEN_") || begins_with(entry, "OTEL_");
  if (!ours || begins_with(entry, kCommandName)) return;
  char* variable = kept(variable_count, kVariablesMax);
  if (variable != nullptr) variables[variable_count++] = variable;
}

// By the kernel's word. Of a program that is an argument of its loader it knows the loader, which
// has none: then the path is not known.
void find_own_loader() {
  const auto headers = static_cast<std::uintptr_t>(getauxval(AT_PHDR));
  const auto* segments = reinterpret_cast<const ElfW(Phdr)*>(headers);
  const unsigned long count = segments == nullptr ? 0 : getauxval(AT_PHNUM);
  const ElfW(Phdr)* own = nullptr;  // of the headers themselves
  const ElfW(Phdr)* interpreter = nullptr;
  for (unsigned long i = 0; i < count; ++i) {
    if (segments[i].p_type == PT_PHDR) own = &segments[i];
    if (segments[i].p_type == PT_INTERP) interpreter = &segments[i];
  }
  const bool is_known = own != nullptr && interpreter != nullptr;
  if (!is_known || interpreter->p_memsz > sizeof(loader_path)) return;
  const std::uintptr_t path = headers - own->p_vaddr + interpreter->p_vaddr;
  std::memcpy(loader_path, reinterpret_cast<const char*>(path), interpreter->p_memsz);
  loader_path[sizeof(loader_path) - 1] = '\0';
  loader.path = loader_path;
}

}  // namespace

void remember_environment() {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    remember(*entry);
    std::size_t size = 0;
    if (begins_with(*entry, kPreload)) {
      const char* found = find_library(*entry + kPreloadSize, &size);
      if (found != nullptr && size < kPreloadBytesMax / 2) library = keep(found, size);
    }
  }
}

const char* remembered_value(const char* name) {
  for (std::size_t i = 0; i < variable_count; ++i) {
    if (begins_with(variables[i], name)) return variables[i] + std::strlen(name);
  }
  return "";
}

void remember_loader(const FileId& file) {
  loader.file = file;
  find_own_loader();
  struct stat root = {};
  if (stat("/", &root) == 0) loader.root = {root.st_dev, root.st_ino};
}

// Not inlined, for its stack.
__attribute__((noinline)) Library library_for(const char* path) {
  if (path == nullptr || library == nullptr) return Library::kHandDown;
  // Opened, not asked about: what counts is what the process may do now.
  const int file = open(library, O_RDONLY | O_CLOEXEC);
  if (file < 0) return Library::kTakeOut;
  close(file);
  // Of what stands in PATH it is a copy, for which the C library, too, has so much.
  const bool is_path = std::memchr(path, '/', std::strlen(path)) != nullptr;
  auto* copy = static_cast<char*>(__builtin_alloca(is_path ? 1 : kPathBytesMax));
  if (!is_path && !find_command(path, copy)) return Library::kHandDown;  // the exec will fail
  const char* found = is_path ? path : copy;
  const bool stays_out = is_build_helper(found) || is_agent_program(found) || gains_rights(found) ||
                         is_harmed_by_preload(found, loader);
  return stays_out ? Library::kTakeOut : Library::kHandDown;
}

const char* inherited_header(const char* variable) {
  const char* entry = find_variable(carried, variable);
  if (entry == nullptr) return nullptr;
  const char* value = entry + std::strlen(variable);
  for (const char* c = value; *c != '\0'; ++c) {
    if (*c < ' ' || *c > '~') return nullptr;  // RFC 9110, 5.5; what is beyond ASCII is encoded
  }
  return *value == '\0' ? nullptr : value;
}

bool sets_itself(char* const* environment, const char* name) {
  if (environment == nullptr) return false;
  const char* passed = find_variable(environment, name);
  const char* inherited = find_variable(carried, name);
  return passed != nullptr && (inherited == nullptr || std::strcmp(passed, inherited) != 0);
}

EnvironmentChange change_of(char* const* environment, Library what,
                            const Replacements& replacements) {
  if (environment == nullptr) environment = kEmpty;
  bool has_library = false;
  bool has_ring = false;
  bool replaces = has_text(replacements);
  std::size_t preload_bytes = kPreloadSize;
  // With a colon before it and the null at the end.
  const std::size_t library_bytes = (library == nullptr ? 0 : std::strlen(library)) + 2;
  std::size_t count = 0;
  for (; environment[count] != nullptr; ++count) {
    if (count == kEnvironmentMax) return {};
    const char* entry = environment[count];
    std::size_t size = 0;
    if (begins_with(entry, kPreload)) {
      has_library = find_library(entry + kPreloadSize, &size) != nullptr;
      // No room for it: rather without the agent than with a cut list.
      const std::size_t entry_size = std::strlen(entry);
      if (entry_size > kPreloadBytesMax / 2) return {};
      preload_bytes += entry_size;
    }
    has_ring = has_ring || begins_with(entry, kRing);
    replaces = replaces || is_replaced(entry, replacements);
  }
  EnvironmentChange change;
  change.completes = library != nullptr && what == Library::kHandDown && !(has_library && has_ring);
  const bool takes_out = what == Library::kTakeOut && has_library;
  if (!change.completes && !takes_out && !replaces) return {};
  // LD_PRELOAD and the null at the end
  change.preload_bytes = preload_bytes + library_bytes;
  change.size = count + variable_count + static_cast<std::size_t>(replacements.count) + 2;
  return change;
}

void change_environment(char* const* environment, Library what, const Replacements& replacements,
                        EnvironmentChange change, char** changed, char* preload) {
  if (environment == nullptr) environment = kEmpty;
  std::memcpy(preload, kPreload, kPreloadSize);
  char* end = preload + kPreloadSize;
  std::size_t count = 0;
  const std::size_t others = static_cast<std::size_t>(replacements.count) + 2;
  for (char* const* entry = environment; *entry != nullptr && count + others < change.size;
       ++entry) {
    if (begins_with(*entry, kPreload)) {
      end = copy_list(*entry + kPreloadSize, what, end);
    } else if (!is_replaced(*entry, replacements)) {
      changed[count++] = *entry;
    }
  }
  std::size_t listed = 0;
  *end = '\0';
  if (change.completes && find_library(preload + kPreloadSize, &listed) == nullptr) {
    if (end != preload + kPreloadSize) *end++ = ':';
    std::memcpy(end, library, std::strlen(library) + 1);
    end += std::strlen(library);
  }
  if (end != preload + kPreloadSize) changed[count++] = preload;
  for (int i = 0; i < replacements.count && count + 1 < change.size; ++i) {
    if (replacements.variables[i].text != nullptr) {
      changed[count++] = replacements.variables[i].text;
    }
  }
  for (std::size_t i = 0; change.completes && i < variable_count && count + 1 < change.size; ++i) {
    if (!is_set(environment, variables[i])) changed[count++] = variables[i];
  }
  changed[count] = nullptr;
}

}  // namespace kolben::agent
