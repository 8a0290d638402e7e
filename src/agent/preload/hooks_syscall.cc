// syscall(): what programs call behind the C library's back.
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/preload/agent.h"
#include "agent/preload/duplicated_file.h"
#include "agent/preload/real.h"

using kolben::agent::agent_instance;
using kolben::agent::NewFilter;
using kolben::agent::note_duplicated;
using kolben::agent::Real;
using kolben::agent::real;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

bool makes_child_in_our_memory(long number, const long* arguments) {
#if defined(SYS_vfork)
  if (number == SYS_vfork) return true;
#endif
  if (number == SYS_clone) {
    return kolben::agent::shares_memory(static_cast<unsigned long>(arguments[0]));
  }
  if (number != SYS_clone3 || arguments[0] == 0) return false;
  // The flags are the first member of clone_args.
  return kolben::agent::shares_memory(*reinterpret_cast<const unsigned long*>(arguments[0]));
}

// Closes what its second number was.
bool is_dup_onto(long number) {
#if defined(SYS_dup2)
  if (number == SYS_dup2) return true;
#endif
  return number == SYS_dup3;
}

bool makes_duplicate(long number, const long* arguments) {
  if (number == SYS_dup || is_dup_onto(number)) return true;
  return number == SYS_fcntl && (arguments[1] == F_DUPFD || arguments[1] == F_DUPFD_CLOEXEC);
}

void note_closed(int file) {
  ThreadGuard guard;
  if (!guard) return agent_instance.closes_unfollowed(file);
  agent_instance.closes(guard.thread(), file);
}

void note_closed_range(unsigned first, unsigned last) {
  ThreadGuard guard;
  if (!guard) return agent_instance.closes_range_unfollowed(first, last);
  agent_instance.closes_range(guard.thread(), first, last);
}

}  // namespace

extern "C" {

// libuv closes its files this way, and some make their children.
KOLBEN_EXPORT long syscall(long number, ...) noexcept {
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  if (number == SYS_mlockall) return mlockall(static_cast<int>(arguments[0]));
  if (number == SYS_close) note_closed(static_cast<int>(arguments[0]));
  if (is_dup_onto(number) && arguments[0] != arguments[1]) {
    note_closed(static_cast<int>(arguments[1]));
  }
  if (number == SYS_close_range && (arguments[2] & CLOSE_RANGE_CLOEXEC) == 0) {
    note_closed_range(static_cast<unsigned>(arguments[0]), static_cast<unsigned>(arguments[1]));
  }
  if (makes_child_in_our_memory(number, arguments)) kolben::agent::thread_state.vfork_pending = 1;
  const NewFilter added = kolben::agent::filter_of_syscall(number, arguments);
  if (added.is_one) agent_instance.before_filter();
  const long result = KOLBEN_REAL(syscall)(number, arguments[0], arguments[1], arguments[2],
                                           arguments[3], arguments[4], arguments[5]);
  if (added.is_one && result >= 0) agent_instance.has_filter(added);
  if (makes_duplicate(number, arguments)) {
    note_duplicated(static_cast<int>(arguments[0]), static_cast<int>(result));
  }
  return result;
}

}  // extern "C"
