// What the library does when the program locks its memory (mlockall): ours is not locked, does not
// count, and where it would make the program's call fail it goes.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "agent/preload/agent.h"
#include "agent/preload/real.h"

// Of the C library from 2.32 on. Not zero: nobody else can be at our tables.
extern "C" __attribute__((weak)) char __libc_single_threaded;

namespace kolben::agent {
namespace {

// The first number in /proc/self/statm is what the kernel compares with the limit, in pages. 0: it
// is not known.
std::size_t mapped_bytes_of_process() {
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[32];
  const ssize_t size = pread(file, text, sizeof(text), 0);
  KOLBEN_REAL(close)(file);
  std::size_t pages = 0;
  for (ssize_t i = 0; i < size && text[i] >= '0' && text[i] <= '9'; ++i) {
    pages = pages * 10 + static_cast<std::size_t>(text[i] - '0');
  }
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// No handler may find our tables hidden.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

int Agent::lock_all(int flags, LockAll real_call) {
  const bool is_alone = &__libc_single_threaded != nullptr && __libc_single_threaded != 0;
  const bool is_later = (flags & MCL_FUTURE) != 0;
  bool manages = false;
  {
    ThreadGuard guard;
    manages = guard && filter.allows(OwnCall::kMemory);
    if (manages && is_later && (flags & MCL_CURRENT) == 0) connections.reserve();
    if (manages && is_alone) {
      // Held while the real function runs: nobody may touch what is hidden meanwhile.
      const int result = lock_alone(guard.thread(), flags, real_call);
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

// The kernel fills what it locks: not our tables.
int Agent::lock_hidden(int flags, LockAll real_call) {
  memory.hide();
  const int result = real_call(flags);
  const int error = errno;
  if (result == 0) memory.unlock();
  memory.show();
  errno = error;
  return result;
}

// No other thread is there.
int Agent::lock_alone(ThreadState& thread, int flags, LockAll real_call) {
  const BlockedSignals blocked;
  const int result = lock_hidden(flags, real_call);
  const bool is_too_much = result != 0 && (errno == ENOMEM || errno == EAGAIN);
  const bool would_do = is_too_much && (flags & MCL_CURRENT) != 0 && would_fit_without_us();
  return would_do ? lock_without_us(thread, flags, real_call) : result;
}

bool Agent::would_fit_without_us() {
  const int saved = errno;
  rlimit limit = {};
  const std::size_t all = mapped_bytes_of_process();
  const std::size_t ours = memory.bytes_of(connections.memory()) + memory.bytes_of(ring_);
  const bool fits = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && all > ours &&
                    all - ours <= limit.rlim_cur && limit.rlim_cur < all;
  errno = saved;
  return fits;
}

// First the tables of connections, which are followed no more; then the ring, which comes back if
// it may.
int Agent::lock_without_us(ThreadState& thread, int flags, LockAll real_call) {
  void* const tables = connections.memory();
  if (tables != nullptr) {
    const std::size_t bytes = memory.bytes_of(tables);
    connections.lose_memory(thread);
    memory.remove(tables);
    munmap(tables, bytes);
    const int result = lock_hidden(flags, real_call);
    if (result == 0 || (errno != ENOMEM && errno != EAGAIN)) return result;
  }
  const std::size_t bytes = memory.bytes_of(ring_);
  munmap(ring_, bytes);
  const int result = lock_hidden(flags, real_call);
  const int error = errno;
  const char* path = getenv("KOLBEN_AGENT_RING");
  if (path != nullptr && map_ring_again(ring_, path, bytes)) {
    munlock(ring_, bytes);
  } else {
    memory.remove(ring_);
    active_.store(false, std::memory_order_relaxed);
  }
  errno = error;
  return result;
}

}  // namespace kolben::agent
