#include "agent/preload/memory_locking.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace kolben::agent {
namespace {

// The first number in /proc/self/statm is what the kernel compares with the limit, in pages. 0: it
// is not known.
std::size_t mapped_bytes_of_process() {
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[32];
  const ssize_t size = pread(file, text, sizeof(text), 0);
  close(file);  // our own hook, which does nothing below a ThreadGuard
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

// The kernel fills what it locks: not our tables.
int MemoryLocking::lock_hidden(int flags) {
  memory_.hide();
  const int result = real_call_(flags);
  const int error = errno;
  if (result == 0) memory_.unlock();
  memory_.show();
  errno = error;
  return result;
}

// No other thread is there.
int MemoryLocking::lock_alone(ThreadState& thread, int flags) {
  const BlockedSignals blocked;
  const int result = lock_hidden(flags);
  const bool is_too_much = result != 0 && (errno == ENOMEM || errno == EAGAIN);
  const bool would_do = is_too_much && (flags & MCL_CURRENT) != 0 && would_fit_without_us();
  return would_do ? lock_without_us(thread, flags) : result;
}

bool MemoryLocking::would_fit_without_us() {
  const int saved = errno;
  rlimit limit = {};
  const std::size_t all = mapped_bytes_of_process();
  const std::size_t ours = memory_.bytes_of(connections_.memory()) + memory_.bytes_of(ring_);
  const bool fits = getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && all > ours &&
                    all - ours <= limit.rlim_cur && limit.rlim_cur < all;
  errno = saved;
  return fits;
}

// First the tables of connections, which are followed no more; then the ring, which comes back if
// it may.
int MemoryLocking::lock_without_us(ThreadState& thread, int flags) {
  void* const tables = connections_.memory();
  if (tables != nullptr) {
    const std::size_t bytes = memory_.bytes_of(tables);
    connections_.lose_memory(thread);
    memory_.remove(tables);
    munmap(tables, bytes);
    const int result = lock_hidden(flags);
    if (result == 0 || (errno != ENOMEM && errno != EAGAIN)) return result;
  }
  const std::size_t bytes = memory_.bytes_of(ring_);
  munmap(ring_, bytes);
  const int result = lock_hidden(flags);
  const int error = errno;
  const char* path = getenv("KOLBEN_AGENT_RING");
  if (path != nullptr && map_ring_again(ring_, path, bytes)) {
    munlock(ring_, bytes);
  } else {
    memory_.remove(ring_);
    has_lost_ring_ = true;
  }
  errno = error;
  return result;
}

}  // namespace kolben::agent
