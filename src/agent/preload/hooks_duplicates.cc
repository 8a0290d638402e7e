// dup() and fcntl(F_DUPFD); dup2() and dup3() are beside close(), for what they close.
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "agent/preload/duplicated_file.h"
#include "agent/preload/real.h"

using kolben::agent::note_duplicated;
using kolben::agent::Real;
using kolben::agent::real;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

int noted(int file, int command, int result) {
  const bool is_copy = command == F_DUPFD || command == F_DUPFD_CLOEXEC;
  return is_copy ? note_duplicated(file, result) : result;
}

}  // namespace

extern "C" {

KOLBEN_EXPORT int dup(int file) noexcept {
  return note_duplicated(file, KOLBEN_REAL(dup)(file));
}

// As the C library takes it: a number or an address, or nothing.
KOLBEN_EXPORT int fcntl(int file, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  return noted(file, command, KOLBEN_REAL(fcntl)(file, command, argument));
}

KOLBEN_EXPORT int fcntl64(int file, int command, ...) {
  va_list list;
  va_start(list, command);
  void* argument = va_arg(list, void*);
  va_end(list);
  return noted(file, command, KOLBEN_REAL(fcntl64)(file, command, argument));
}

}  // extern "C"
