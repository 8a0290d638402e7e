#include "agent/preload/libraries.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>

#include <atomic>
#include <cstdint>
#include <cstring>

// Of this module, by the linker.
extern "C" {
extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));
}

namespace kolben::agent {
namespace {

constexpr int kFunctions = static_cast<int>(InLibrary::kCount);
// Modules that call: a few. What is beyond looks its functions up each time.
constexpr int kModulesMax = 32;
// That are looked through for a function that nobody names.
constexpr int kLoadedMax = 1024;
constexpr std::size_t kPathBytesMax = 4096;

constexpr const char* kNames[kFunctions] = {
#define KOLBEN_LIBRARY_NAME(name) #name,
    KOLBEN_LIBRARY_FUNCTIONS(KOLBEN_LIBRARY_NAME)
#undef KOLBEN_LIBRARY_NAME
};

struct Module {
  std::atomic<std::uintptr_t> begin;  // 0: not in use
  std::uintptr_t end;
  std::atomic<void*> functions[kFunctions];
};

constinit Module modules[kModulesMax] = {};
constinit std::atomic<int> module_count{0};
constinit std::atomic<bool> adding{false};

// A module as dl_iterate_phdr() shows it: the one at an address, or the one of a number.
struct Search {
  std::uintptr_t address = 0;
  int number = -1;
  int seen = 0;
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
  char path[kPathBytesMax] = {};  // empty: the program
};

int look_at_module(dl_phdr_info* info, std::size_t, void* data) {
  auto* search = static_cast<Search*>(data);
  std::uintptr_t begin = ~std::uintptr_t{0};
  std::uintptr_t end = 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_LOAD) continue;
    const std::uintptr_t from = info->dlpi_addr + header.p_vaddr;
    if (from < begin) begin = from;
    if (from + header.p_memsz > end) end = from + header.p_memsz;
  }
  const bool is_it = search->number >= 0 ? search->seen == search->number
                                         : search->address >= begin && search->address < end;
  ++search->seen;
  if (!is_it) return 0;
  search->begin = begin;
  search->end = end;
  const std::size_t size = info->dlpi_name == nullptr ? 0 : std::strlen(info->dlpi_name);
  if (size < kPathBytesMax && size != 0) std::memcpy(search->path, info->dlpi_name, size);
  return 1;
}

// In the module of that path and what it links. That path is loaded already.
void* find_from(const char* path, const char* name) {
  if (path[0] == '\0') return nullptr;
  void* handle = dlopen(path, RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) return nullptr;
  void* found = dlsym(handle, name);
  dlclose(handle);
  return found;
}

bool is_ours(const void* address) {
  const auto value = reinterpret_cast<std::uintptr_t>(address);
  return value >= reinterpret_cast<std::uintptr_t>(__ehdr_start) &&
         value < reinterpret_cast<std::uintptr_t>(_end);
}

void* find_anywhere(const char* name) {
  for (int number = 0; number < kLoadedMax; ++number) {
    Search search;
    search.number = number;
    if (dl_iterate_phdr(look_at_module, &search) == 0) return nullptr;
    void* found = find_from(search.path, name);
    if (found != nullptr && !is_ours(found)) return found;
  }
  return nullptr;
}

// So that what we keep stays true.
void keep_loaded(const void* function) {
  Dl_info info = {};
  if (dladdr(function, &info) != 0 && info.dli_fname != nullptr && info.dli_fname[0] == '/') {
    (void)dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  }
}

// Not inlined, for its stack.
__attribute__((noinline)) void* look_up(const char* name, const char* path) {
  void* found = find_from(path, name);
  if (found == nullptr) found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) found = find_anywhere(name);
  return found;
}

// What stands for a function that no library has: it is looked for once.
void* missing() {
  return &module_count;
}

// Another thread that adds one at this moment is not waited for.
Module* add_module(const Search& search) {
  if (adding.exchange(true, std::memory_order_acquire)) return nullptr;
  const int count = module_count.load(std::memory_order_relaxed);
  Module* module = nullptr;
  for (int i = 0; i < count && module == nullptr; ++i) {
    if (modules[i].begin.load(std::memory_order_relaxed) == search.begin) module = &modules[i];
  }
  if (module == nullptr && count < kModulesMax && search.end != 0) {
    module = &modules[count];
    module->end = search.end;
    module->begin.store(search.begin, std::memory_order_release);
    module_count.store(count + 1, std::memory_order_release);
  }
  adding.store(false, std::memory_order_release);
  return module;
}

__attribute__((noinline)) void* look_up_for(int function, std::uintptr_t caller) {
  const int saved = errno;
  Search search;
  search.address = caller;
  dl_iterate_phdr(look_at_module, &search);
  void* found = look_up(kNames[function], search.path);
  Module* module = add_module(search);
  if (module != nullptr) {
    if (found != nullptr) keep_loaded(found);
    module->functions[function].store(found != nullptr ? found : missing(),
                                      std::memory_order_release);
  }
  errno = saved;
  return found;
}

}  // namespace

void* library_address(InLibrary function, const void* caller) {
  if (is_ours(caller)) caller = thread_state.called;
  const auto address = reinterpret_cast<std::uintptr_t>(caller);
  const int count = module_count.load(std::memory_order_acquire);
  for (int i = 0; i < count; ++i) {
    Module& module = modules[i];
    if (address < module.begin.load(std::memory_order_acquire) || address >= module.end) continue;
    void* found = module.functions[static_cast<int>(function)].load(std::memory_order_acquire);
    if (found != nullptr) return found != missing() ? found : nullptr;
    break;
  }
  return look_up_for(static_cast<int>(function), address);
}

}  // namespace kolben::agent
