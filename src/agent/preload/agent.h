// The library's one object in a process, and the guard that every hook takes before it touches it.
#pragma once

#include <errno.h>
#include <sched.h>

#include <atomic>
#include <cstdint>

#include "agent/preload/call_filter.h"
#include "agent/preload/connections.h"
#include "agent/preload/outputs.h"
#include "agent/preload/own_memory.h"
#include "agent/preload/process_context.h"
#include "agent/preload/race_checker.h"
#include "agent/preload/sessions.h"
#include "agent/preload/stack_frame.h"
#include "agent/preload/statements.h"
#include "agent/preload/system.h"
#include "agent/preload/telemetry.h"
#include "agent/preload/thread_state.h"
#include "agent/protocols/sampler.h"
#include "agent/ring/ring.h"

namespace kolben::agent {

struct ChildContext;

// Where a program is to be started.
enum class Becomes : bool { kThisProcess, kAnother };

// real_system.cc: the operating system itself.
System real_system(const RingHeader* ring);
// What the threads' generators are seeded from, in System::random: at start and after each fork.
void choose_seed();
void choose_seed_of_child(std::uint32_t pid);

// In the constructor, in any program: whose error(), warn() and their like are called. See
// hooks_errors.cc.
void set_doors();

class Agent {
 public:
  // In the library's constructor: before main, and before the program can drop its rights.
  void start(int argc, char* const* argv);
  [[gnu::cold]] void forked_child();
  // Normal end: what is open is recorded. More calls do nothing.
  void end(ThreadState& thread);
  // The last word, with the exit code.
  void exits(ThreadState& thread, int code);
  // What its parent is told of a child's end; `signal` 0: none.
  void child_ended(ThreadState& thread, std::uint32_t pid, int signal, int code);
  // The file number is about to be somebody else's.
  void closes(ThreadState& thread, int file);
  void closes_range(ThreadState& thread, unsigned first, unsigned last);
  // The same where nothing is followed, be it for now or any more (has_filter()).
  void closes_unfollowed(int file) {
    if (!active()) connections.forget(file);
  }
  void closes_range_unfollowed(unsigned first, unsigned last) {
    if (!active()) connections.forget_range(first, last);
  }
  // The process becomes another program.
  void becomes(ThreadState& thread);
  // locking.cc: the program's mlockall(flags). What comes of `real_call` is what would have come
  // without us, as far as that can be.
  using LockAll = int (*)(int flags);
  int lock_all(int flags, LockAll real_call);
  // What the next program's environment says of the trace. Also in a vfork() child, whose thread is
  // its parent's.
  void context_for_child(ThreadState& thread, char* const* environment, Becomes becomes,
                         ChildContext* child);

  // Hooks do nothing but call the real function while this is false.
  bool active() const { return active_.load(std::memory_order_relaxed); }
  std::uint32_t pid() const { return pid_; }
  std::uint32_t generation() const { return generation_; }
  RingHeader* ring() const { return ring_; }
  const System& system() const { return system_; }
  const RaceChecker& race_checker() const { return race_checker_; }
  // False once in a child that was made behind the C library's back (clone, _Fork): its memory is a
  // copy, but nobody has called forked_child().
  bool knows_its_process() const { return *fork_mark_ != 0; }

  // The program is about to forbid itself what it does not use: what we need later is got now.
  void before_filter();
  // The kernel has taken it. Where nothing is left to us, the library is off from here on, but for
  // what has begun of ours on a connection (traced_send.h).
  void has_filter(const NewFilter& added);

  CallFilter filter;
  OwnMemory memory;
  Connections connections;
  Sessions sessions;
  Statements statements;
  Outputs outputs;
  Telemetry telemetry;
  ProcessContext process;

 private:
  static constexpr std::uint32_t kFirstProcess = 1;  // of a namespace
  void wait_for_export();
  bool trace_for_child(ThreadState& thread, char* const* environment, Becomes becomes,
                       ChildContext* child);
  void take_out_context(char* const* environment, ChildContext* child) const;
  void start_process_context(ThreadState& thread, const char* ring_path, int argc,
                             char* const* argv);
  static const Context* request_context(const ThreadState& thread);
  void announce(ThreadState& thread, std::uint32_t parent);
  void mark_process();

  System system_;
  Sampler sampler_;
  TextPatterns excluded_;
  CapturedHeaders captured_;
  RingHeader* ring_ = nullptr;
  // In a page that the kernel wipes in every child with memory of its own.
  volatile std::uint8_t* fork_mark_ = nullptr;
  std::uint32_t pid_ = 0;
  std::uint32_t generation_ = 1;
  std::uint8_t formats_ = 0;
  bool is_elsewhere_ = false;  // not in the agent process's namespace of process numbers
  RaceChecker race_checker_;
  std::atomic<bool> active_{false};
  std::atomic<bool> ended_{false};
};

// The order of the library's constructors, wherever the linker puts them: the others look whether
// the agent is active. Each has a number of its own, because those of one number may become one
// function, which hands them no arguments. Numbers below are the compiler's.
inline constexpr int kConstructorOfAgent = 101;
inline constexpr int kConstructorOfNode = 102;
inline constexpr int kConstructorOfPython = 103;

extern constinit Agent agent_instance;
extern constinit thread_local ThreadState thread_state;

// Whether these flags of clone() make a process that runs in our memory.
constexpr bool shares_memory(unsigned long flags) {
  return (flags & CLONE_VM) != 0 && (flags & CLONE_THREAD) == 0;
}
constexpr bool shares_memory(int flags) {
  return shares_memory(static_cast<unsigned long>(flags));
}

// False in a child that vfork() made and that still runs in its parent's memory.
[[gnu::cold]] bool owns_memory(ThreadState& thread);

// Whether our code in this thread, which has been entered and not left, is gone: a signal handler
// that interrupted it has jumped elsewhere (siglongjmp). What it held is then given back.
bool was_left_by_jump(ThreadState& thread, std::uintptr_t stack);

// Held while our code runs: hooks that are called below it (also from signal handlers) do nothing
// of their own. Never held while the real function runs, which may block, be cancelled or longjmp.
// Restores errno.
class ThreadGuard {
 public:
  // Inlined, for it is in each call that a program makes.
  __attribute__((always_inline)) ThreadGuard() : saved_errno_(errno) {
    if (!agent_instance.active()) return;
    if (!agent_instance.knows_its_process()) [[unlikely]] {
      agent_instance.forked_child();
    }
    ThreadState& thread = thread_state;
    const std::uintptr_t stack = stack_pointer();
    if (thread.frame != 0 && !was_left_by_jump(thread, stack)) [[unlikely]] {
      is_nested_ = true;
      return;
    }
    if (thread.vfork_pending != 0 && !owns_memory(thread)) [[unlikely]]
      return;
    thread.frame = stack;
    if (thread.tid == 0) thread.tid = number_of(thread);
    thread_ = &thread;
    if (agent_instance.race_checker().is_there()) [[unlikely]] {
      agent_instance.race_checker().own_code_begins();
    }
  }
  ThreadGuard(const ThreadGuard&) = delete;
  ThreadGuard& operator=(const ThreadGuard&) = delete;
  ~ThreadGuard() {
    if (thread_ == nullptr) return;
    if (agent_instance.race_checker().is_there()) [[unlikely]] {
      agent_instance.race_checker().own_code_ends();
    }
    thread_->frame = 0;
    errno = saved_errno_;
  }
  // False: bypass.
  explicit operator bool() const { return thread_ != nullptr; }
  ThreadState& thread() const { return *thread_; }
  // A signal handler has interrupted our code: what its calls do is not looked at.
  bool is_nested() const { return is_nested_; }
  // The hook fails with what errno is now.
  void keep_errno() { saved_errno_ = errno; }
  // Tells the threads of a process apart. The kernel's number would cost a system call a thread.
  static std::uint32_t number_of(const ThreadState& thread) {
    return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&thread) >> 6) | 1;
  }

 private:
  ThreadState* thread_ = nullptr;
  bool is_nested_ = false;
  int saved_errno_;
};

}  // namespace kolben::agent
