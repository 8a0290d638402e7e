#include "agent/preload/race_checker.h"

#include <dlfcn.h>
#include <sys/auxv.h>

#include <cstring>

// Null in a program without ThreadSanitizer: GCC's shared one has the first two, clang's, which is
// linked into the program, the others. dlsym() would allocate where there is none.
#define KOLBEN_TSAN extern "C" __attribute__((weak))
KOLBEN_TSAN void __tsan_ignore_thread_begin();
KOLBEN_TSAN void __tsan_ignore_thread_end();
KOLBEN_TSAN void __tsan_init();
KOLBEN_TSAN void AnnotateIgnoreReadsBegin(const char* file, int line);
KOLBEN_TSAN void AnnotateIgnoreReadsEnd(const char* file, int line);
// Of the C library; no other sanitizer has its own.
KOLBEN_TSAN int pthread_barrier_wait(void* barrier);

namespace kolben::agent {
namespace {

void begin_of_clang() {
  AnnotateIgnoreReadsBegin(nullptr, 0);  // writes, too
}
void end_of_clang() {
  AnnotateIgnoreReadsEnd(nullptr, 0);
}

const void* module_of(const void* address) {
  Dl_info info = {};
  return address != nullptr && dladdr(address, &info) != 0 ? info.dli_fbase : nullptr;
}

// Who stands in the C library's place, if anybody does. Else a sanitizer has come too late, by one
// of the program's libraries, to see anything, and our threads are none that it knows.
bool takes_calls(const void* module) {
  return module != nullptr && module == module_of(reinterpret_cast<const void*>(memcpy)) &&
         module == module_of(reinterpret_cast<const void*>(pthread_barrier_wait));
}

bool takes_calls(void (*function)()) {
  return takes_calls(module_of(reinterpret_cast<const void*>(function)));
}

}  // namespace

bool RaceChecker::find() {
  if (__tsan_ignore_thread_begin != nullptr && __tsan_ignore_thread_end != nullptr) {
    if (!takes_calls(__tsan_ignore_thread_begin)) return true;
    begin_ = __tsan_ignore_thread_begin;
    end_ = __tsan_ignore_thread_end;
    return true;
  }
  if (__tsan_init == nullptr) {
    // What GCC links into the program (-static-libtsan) can be seen by nothing else.
    return !takes_calls(module_of(reinterpret_cast<const void*>(getauxval(AT_PHDR))));
  }
  if (!takes_calls(__tsan_init)) return true;
  if (AnnotateIgnoreReadsBegin == nullptr || AnnotateIgnoreReadsEnd == nullptr) return false;
  begin_ = begin_of_clang;
  end_ = end_of_clang;
  return true;
}

}  // namespace kolben::agent
