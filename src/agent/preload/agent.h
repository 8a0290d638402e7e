// The library's one object in a process, and the guard that every hook takes before it touches it.
#pragma once

#include <errno.h>

#include <atomic>
#include <cstdint>

#include "agent/preload/connections.h"
#include "agent/preload/outputs.h"
#include "agent/preload/system.h"
#include "agent/preload/telemetry.h"
#include "agent/preload/thread_state.h"
#include "agent/ring/ring.h"

namespace kolben::agent {

class Agent {
 public:
  // In the library's constructor: before main, and before the program can drop its rights.
  void start();
  void forked_child();
  // Normal end: what is open is recorded. More calls do nothing.
  void end(ThreadState& thread);
  // The process becomes another program.
  void becomes(ThreadState& thread, const char* path);

  // Hooks do nothing but call the real function while this is false.
  bool active() const { return active_.load(std::memory_order_relaxed); }
  std::uint32_t pid() const { return pid_; }
  std::uint32_t generation() const { return generation_; }
  RingHeader* ring() const { return ring_; }
  const System& system() const { return system_; }

  Connections connections;
  Outputs outputs;
  Telemetry telemetry;

 private:
  void announce(ThreadState& thread);

  System system_;
  RingHeader* ring_ = nullptr;
  std::uint32_t pid_ = 0;
  std::uint32_t generation_ = 1;
  std::atomic<bool> active_{false};
  std::atomic<bool> ended_{false};
};

extern constinit Agent agent_instance;
extern constinit thread_local ThreadState thread_state;

// False in a child that vfork() made and that still runs in its parent's memory.
bool owns_memory(ThreadState& thread);

// Held while our code runs: hooks that are called below it (also from signal handlers) do nothing
// of their own. Never held while the real function runs, which may block, be cancelled or longjmp.
// Restores errno.
class ThreadGuard {
 public:
  ThreadGuard() : saved_errno_(errno) {
    if (!agent_instance.active()) return;
    ThreadState& thread = thread_state;
    if (thread.depth != 0 || (thread.vfork_pending != 0 && !owns_memory(thread))) return;
    thread.depth = 1;
    if (thread.tid == 0) ask_tid(thread);
    thread_ = &thread;
  }
  ThreadGuard(const ThreadGuard&) = delete;
  ThreadGuard& operator=(const ThreadGuard&) = delete;
  ~ThreadGuard() {
    if (thread_ == nullptr) return;
    thread_->depth = 0;
    errno = saved_errno_;
  }
  // False: bypass.
  explicit operator bool() const { return thread_ != nullptr; }
  ThreadState& thread() const { return *thread_; }
  // The hook fails with what errno is now.
  void keep_errno() { saved_errno_ = errno; }

 private:
  static void ask_tid(ThreadState& thread);

  ThreadState* thread_ = nullptr;
  int saved_errno_;
};

}  // namespace kolben::agent
