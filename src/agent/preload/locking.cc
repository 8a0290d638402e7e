// What the library does when the program locks its memory (mlockall), see memory_locking.h.
#include <errno.h>
#include <sys/mman.h>

#include "agent/preload/agent.h"
#include "agent/preload/memory_locking.h"

// Of the C library from 2.32 on. Not zero: nobody else can be at our tables.
extern "C" __attribute__((weak)) char __libc_single_threaded;

namespace kolben::agent {

int Agent::lock_all(int flags, LockAll real_call) {
  const bool is_alone = &__libc_single_threaded != nullptr && __libc_single_threaded != 0;
  const bool is_later = (flags & MCL_FUTURE) != 0;
  bool manages = false;
  {
    ThreadGuard guard;
    manages = guard && filter.allows(OwnCall::kMemory);
    if (manages && is_later && (flags & MCL_CURRENT) == 0) connections.reserve();
    if (manages && is_alone) {
      MemoryLocking locking(memory, connections, ring_, real_call);
      const int result = locking.lock_alone(guard.thread(), flags);
      if (locking.has_lost_ring()) active_.store(false, std::memory_order_relaxed);
      if (result == 0 && is_later) memory.expect_locked();
      if (result != 0) guard.keep_errno();
      return result;
    }
  }
  const int result = real_call(flags);
  if (result != 0 || !manages) return result;
  ThreadGuard guard;
  if (!guard) return result;
  memory.unlock();
  if (is_later) memory.expect_locked();
  return result;
}

}  // namespace kolben::agent
