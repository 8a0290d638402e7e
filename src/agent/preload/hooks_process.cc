// The calls by which a process ends or becomes another program.
//
// A child of vfork() runs here in its parent's memory: nothing of ours may change there, so the
// guard is refused to it (agent.h), and what an exec needs is on its stack.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/preload/agent.h"
#include "agent/preload/child_context.h"
#include "agent/preload/exec_environment.h"
#include "agent/preload/real.h"

using kolben::agent::agent_instance;
using kolben::agent::Becomes;
using kolben::agent::change_environment;
using kolben::agent::change_of;
using kolben::agent::ChildContext;
using kolben::agent::EnvironmentChange;
using kolben::agent::Library;
using kolben::agent::library_for;
using kolben::agent::NewFilter;
using kolben::agent::OwnCall;
using kolben::agent::Real;
using kolben::agent::real;
using kolben::agent::thread_state;
using kolben::agent::ThreadGuard;

#define KOLBEN_EXPORT __attribute__((visibility("default")))

namespace {

void note_end(int code) {
  ThreadGuard guard;
  if (!guard) return;
  agent_instance.end(guard.thread());
  agent_instance.exits(guard.thread(), code);
}

void note_child_ended(pid_t child, int signal, int code) {
  ThreadGuard guard;
  if (!guard) return;
  agent_instance.child_ended(guard.thread(), static_cast<std::uint32_t>(child), signal, code);
}

// `wait(status)` is one of the functions that wait for a child; the program may not want to know
// its status, but we do.
template <typename Wait>
pid_t traced_wait(int* status, Wait wait) {
  int own_status = 0;
  if (status == nullptr) status = &own_status;
  const pid_t child = wait(status);
  if (child > 0 && WIFSIGNALED(*status)) note_child_ended(child, WTERMSIG(*status), 0);
  if (child > 0 && WIFEXITED(*status)) note_child_ended(child, 0, WEXITSTATUS(*status));
  return child;
}

// The guard is released before the exec: on success nobody would come back to do it, and after
// vfork() the parent would find itself locked out.
void note_exec() {
  ThreadGuard guard;
  if (guard) agent_instance.becomes(guard.thread());
}

// The next program can open the ring only as its owner, or as root.
void note_rights(Becomes becomes) {
  if (becomes != Becomes::kThisProcess) return;
  const uid_t user = geteuid();
  if (user != 0 && user != owner_of(agent_instance.ring())) {
    note_without_rights(agent_instance.ring(), agent_instance.pid());
  }
}

// Calls `exec(environment)` with the agent's variables in it, as far as they are good for `path`,
// and with the trace's context.
template <typename Exec>
int with_environment(const char* path, char* const* environment, Becomes becomes, Exec exec) {
  if (!agent_instance.active()) return exec(environment);
  const int saved = errno;
  const bool may_start = agent_instance.filter.allows(OwnCall::kStart);
  const Library what = may_start ? library_for(path) : Library::kTakeOut;
  if (may_start) note_rights(becomes);
  ChildContext context;
  // Without the library no program goes on with the command's span.
  const Becomes next = what == Library::kTakeOut ? Becomes::kAnother : becomes;
  agent_instance.context_for_child(thread_state, environment, next, &context);
  errno = saved;
  const EnvironmentChange change = change_of(environment, what, context.variables);
  if (change.size == 0) return exec(environment);
  auto* preload = static_cast<char*>(__builtin_alloca(change.preload_bytes));
  auto** changed = static_cast<char**>(__builtin_alloca(change.size * sizeof(char*)));
  change_environment(environment, what, context.variables, change, changed, preload);
  const int result = exec(static_cast<char* const*>(changed));
  // Of exec the error is in errno, of posix_spawn it is the result. What fits without our variables
  // is to run.
  const bool is_too_long = result == E2BIG || (result == -1 && errno == E2BIG);
  return is_too_long ? exec(environment) : result;
}

int traced_execve(const char* path, char* const* arguments, char* const* environment) {
  note_exec();
  return with_environment(path, environment, Becomes::kThisProcess, [&](char* const* completed) {
    return KOLBEN_REAL(execve)(path, arguments, completed);
  });
}

int traced_execvpe(const char* file, char* const* arguments, char* const* environment) {
  note_exec();
  return with_environment(file, environment, Becomes::kThisProcess, [&](char* const* completed) {
    return KOLBEN_REAL(execvpe)(file, arguments, completed);
  });
}

// The arguments of execl() and its like; their number, the null at the end included.
std::size_t count_arguments(va_list list) {
  va_list again;
  va_copy(again, list);
  std::size_t count = 2;
  while (va_arg(again, const char*) != nullptr) ++count;
  va_end(again);
  return count;
}

// `with_environment`: the null is followed by an environment.
char* const* take_arguments(const char* first, va_list list, char** arguments, bool environment) {
  std::size_t count = 0;
  arguments[count++] = const_cast<char*>(first);
  do {
    arguments[count] = va_arg(list, char*);
  } while (arguments[count++] != nullptr);
  return environment ? va_arg(list, char* const*) : environ;
}

}  // namespace

// On the caller's stack: execl() must not allocate.
#define KOLBEN_TAKE_ARGUMENTS(first, has_environment)                                       \
  va_list list;                                                                             \
  va_start(list, first);                                                                    \
  const std::size_t argument_count = count_arguments(list);                                 \
  auto** arguments = static_cast<char**>(__builtin_alloca(argument_count * sizeof(char*))); \
  char* const* environment = take_arguments(first, list, arguments, has_environment);       \
  va_end(list)

extern "C" {

// The program forbids itself what it does not use.
KOLBEN_EXPORT int prctl(int option, ...) noexcept {
  va_list list;
  va_start(list, option);
  long arguments[4];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  const NewFilter added = kolben::agent::filter_of_prctl(option, arguments[0], arguments[1]);
  if (added.is_one) agent_instance.before_filter();
  const int result =
      KOLBEN_REAL(prctl)(option, arguments[0], arguments[1], arguments[2], arguments[3]);
  if (added.is_one && result == 0) agent_instance.has_filter(added);
  return result;
}

KOLBEN_EXPORT int execve(const char* path, char* const* arguments,
                         char* const* environment) noexcept {
  return traced_execve(path, arguments, environment);
}

KOLBEN_EXPORT int execv(const char* path, char* const* arguments) noexcept {
  return traced_execve(path, arguments, environ);
}

KOLBEN_EXPORT int execvp(const char* file, char* const* arguments) noexcept {
  return traced_execvpe(file, arguments, environ);
}

KOLBEN_EXPORT int execvpe(const char* file, char* const* arguments,
                          char* const* environment) noexcept {
  return traced_execvpe(file, arguments, environment);
}

KOLBEN_EXPORT int execl(const char* path, const char* first, ...) noexcept {
  KOLBEN_TAKE_ARGUMENTS(first, false);
  return traced_execve(path, arguments, environment);
}

KOLBEN_EXPORT int execlp(const char* file, const char* first, ...) noexcept {
  KOLBEN_TAKE_ARGUMENTS(first, false);
  return traced_execvpe(file, arguments, environment);
}

KOLBEN_EXPORT int execle(const char* path, const char* first, ...) noexcept {
  KOLBEN_TAKE_ARGUMENTS(first, true);
  return traced_execve(path, arguments, environment);
}

KOLBEN_EXPORT int fexecve(int file, char* const* arguments, char* const* environment) noexcept {
  note_exec();
  return with_environment(nullptr, environment, Becomes::kThisProcess, [&](char* const* completed) {
    return KOLBEN_REAL(fexecve)(file, arguments, completed);
  });
}

KOLBEN_EXPORT int execveat(int directory, const char* path, char* const* arguments,
                           char* const* environment, int flags) noexcept {
  note_exec();
  return with_environment(nullptr, environment, Becomes::kThisProcess, [&](char* const* completed) {
    return KOLBEN_REAL(execveat)(directory, path, arguments, completed, flags);
  });
}

KOLBEN_EXPORT int posix_spawn(pid_t* pid, const char* path,
                              const posix_spawn_file_actions_t* actions,
                              const posix_spawnattr_t* attributes, char* const* arguments,
                              char* const* environment) {
  return with_environment(path, environment, Becomes::kAnother, [&](char* const* completed) {
    return KOLBEN_REAL(posix_spawn)(pid, path, actions, attributes, arguments, completed);
  });
}

KOLBEN_EXPORT int posix_spawnp(pid_t* pid, const char* file,
                               const posix_spawn_file_actions_t* actions,
                               const posix_spawnattr_t* attributes, char* const* arguments,
                               char* const* environment) {
  return with_environment(file, environment, Becomes::kAnother, [&](char* const* completed) {
    return KOLBEN_REAL(posix_spawnp)(pid, file, actions, attributes, arguments, completed);
  });
}

KOLBEN_EXPORT pid_t wait(int* status) {
  return traced_wait(status, [](int* filled) { return KOLBEN_REAL(wait)(filled); });
}

KOLBEN_EXPORT pid_t waitpid(pid_t pid, int* status, int options) {
  return traced_wait(status,
                     [&](int* filled) { return KOLBEN_REAL(waitpid)(pid, filled, options); });
}

KOLBEN_EXPORT pid_t wait3(int* status, int options, rusage* usage) noexcept {
  return traced_wait(status,
                     [&](int* filled) { return KOLBEN_REAL(wait3)(filled, options, usage); });
}

KOLBEN_EXPORT pid_t wait4(pid_t pid, int* status, int options, rusage* usage) noexcept {
  return traced_wait(status,
                     [&](int* filled) { return KOLBEN_REAL(wait4)(pid, filled, options, usage); });
}

KOLBEN_EXPORT int waitid(idtype_t type, id_t id, siginfo_t* info, int options) {
  const int result = KOLBEN_REAL(waitid)(type, id, info, options);
  if (result != 0 || info == nullptr || info->si_pid == 0) return result;
  if (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED) {
    note_child_ended(info->si_pid, info->si_status, 0);
  } else if (info->si_code == CLD_EXITED) {
    note_child_ended(info->si_pid, 0, info->si_status);
  }
  return result;
}

// A child in our memory that is no thread, as of vfork(). On a stack of its own, but with the state
// of the thread that makes it.
KOLBEN_EXPORT int clone(int (*run)(void*), void* stack, int flags, void* argument, ...) noexcept {
  va_list list;
  va_start(list, argument);
  auto* parent_tid = va_arg(list, pid_t*);
  void* storage = va_arg(list, void*);
  auto* child_tid = va_arg(list, pid_t*);
  va_end(list);
  if (kolben::agent::shares_memory(flags)) thread_state.vfork_pending = 1;
  return KOLBEN_REAL(clone)(run, stack, flags, argument, parent_tid, storage, child_tid);
}

KOLBEN_EXPORT void _exit(int status) {
  note_end(status);
  KOLBEN_REAL(_exit)(status);
  __builtin_unreachable();
}

KOLBEN_EXPORT void _Exit(int status) noexcept {
  _exit(status);
}

KOLBEN_EXPORT void quick_exit(int status) noexcept {
  note_end(status);
  KOLBEN_REAL(quick_exit)(status);
  __builtin_unreachable();
}

#if defined(__x86_64__)

// vfork() returns twice on the same stack frame, so no C function can stand around it: this notes
// in the thread's state that a child may run in our memory, and jumps.
__attribute__((used, visibility("hidden"))) void* kolben_before_vfork() {
  thread_state.vfork_pending = 1;
  return kolben::agent::real_address(Real::k_vfork);
}

__asm__(
    ".text\n"
    ".globl vfork\n"
    ".type vfork, @function\n"
    "vfork:\n"
    "  subq $8, %rsp\n"
    "  call kolben_before_vfork\n"
    "  addq $8, %rsp\n"
    "  jmp *%rax\n"
    ".size vfork, .-vfork\n");

#else

// POSIX allows it: a child in memory of its own.
KOLBEN_EXPORT pid_t vfork() noexcept {
  return fork();
}

#endif

}  // extern "C"
