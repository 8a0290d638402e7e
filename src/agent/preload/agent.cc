#include "agent/preload/agent.h"

#include <pthread.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "agent/preload/exec_environment.h"
#include "agent/preload/real.h"

namespace kolben::agent {

constinit Agent agent_instance;
constinit thread_local ThreadState thread_state;

namespace {

std::uint64_t now_nanos() {
  timespec time = {};
  clock_gettime(CLOCK_REALTIME, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

void fill_random(void* bytes, std::size_t size) {
  if (getrandom(bytes, size, GRND_NONBLOCK) == static_cast<ssize_t>(size)) return;
  // No entropy this early after boot, or a filter of system calls: what differs between threads.
  std::uint64_t mix[] = {now_nanos(), reinterpret_cast<std::uint64_t>(bytes),
                         static_cast<std::uint64_t>(getpid()), 0x9e37'79b9'7f4a'7c15};
  std::memcpy(bytes, mix, size < sizeof(mix) ? size : sizeof(mix));
}

bool is_stream_socket(int file) {
  int type = 0;
  socklen_t size = sizeof(type);
  return getsockopt(file, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

void socket_names(int file, SocketNames* names) {
  sockaddr_storage storage = {};
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  socklen_t size = sizeof(storage);
  if (names->local_size == 0 && getsockname(file, address, &size) == 0) {
    format_address(address, size, names->local, &names->local_size, &names->local_port);
  }
  size = sizeof(storage);
  if (names->peer_size == 0 && getpeername(file, address, &size) == 0) {
    format_address(address, size, names->peer, &names->peer_size, &names->peer_port);
  }
}

void* allocate(std::size_t bytes) {
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

ssize_t send_message(int file, const msghdr* message, int flags) {
  return KOLBEN_REAL(sendmsg)(file, message, flags);
}

bool is_true(const char* value) {
  return value != nullptr && strcasecmp(value, "true") == 0;
}
bool is_word(const char* value, const char* word) {
  return value != nullptr && strcasecmp(value, word) == 0;
}

// Trace context is one of the propagators that are on where the variable is not set.
bool propagates() {
  const char* propagators = getenv("OTEL_PROPAGATORS");
  if (propagators == nullptr || *propagators == '\0') return true;
  return strstr(propagators, "tracecontext") != nullptr;
}

bool captures_output() {
  return !is_word(getenv("OTEL_LOGS_EXPORTER"), "none") &&
         !is_word(getenv("OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED"), "false");
}

void child_after_fork() {
  agent_instance.forked_child();
}

__attribute__((constructor)) void library_starts() {
  agent_instance.start();
}

__attribute__((destructor)) void library_ends() {
  ThreadGuard guard;
  if (guard) agent_instance.end(guard.thread());
}

}  // namespace

bool owns_memory(ThreadState& thread) {
  if (static_cast<std::uint32_t>(getpid()) != agent_instance.pid()) return false;
  thread.vfork_pending = 0;  // the child is gone, or runs another program
  return true;
}

void ThreadGuard::ask_tid(ThreadState& thread) {
  thread.tid = static_cast<std::uint32_t>(gettid());
}

void Agent::start() {
  resolve_all();
  const char* path = getenv("KOLBEN_AGENT_RING");
  if (path == nullptr || is_true(getenv("OTEL_SDK_DISABLED")) ||
      is_true(getenv("KOLBEN_AGENT_DISABLED"))) {
    return;
  }
  const int saved = errno;
  ring_ = map_ring(path);
  errno = saved;
  if (ring_ == nullptr) return;
  system_ = {.now = now_nanos,
             .random = fill_random,
             .is_stream_socket = is_stream_socket,
             .socket_names = socket_names,
             .allocate = allocate,
             .send_message = send_message};
  pid_ = static_cast<std::uint32_t>(getpid());
  connections.init(system_, ring_, propagates());
  connections.forked(generation_, pid_);
  outputs.init(system_, ring_, captures_output());
  telemetry.init(system_, ring_, connections);
  outputs.forked(pid_);
  telemetry.forked(generation_, pid_);
  remember_environment();
  if (pthread_atfork(nullptr, nullptr, child_after_fork) != 0) return;
  active_.store(true, std::memory_order_relaxed);
  ThreadGuard guard;
  if (guard) announce(guard.thread());
}

void Agent::forked_child() {
  if (!active()) return;
  pid_ = static_cast<std::uint32_t>(getpid());
  ++generation_;
  ended_.store(false, std::memory_order_relaxed);
  connections.forked(generation_, pid_);
  outputs.forked(pid_);
  telemetry.forked(generation_, pid_);
  thread_state.tid = 0;
  thread_state.depth = 0;
  thread_state.vfork_pending = 0;
  ThreadGuard guard;
  if (guard) announce(guard.thread());
}

void Agent::announce(ThreadState& thread) {
  char executable[1024];
  const ssize_t size = readlink("/proc/self/exe", executable, sizeof(executable));
  ProcessStart fixed;
  fixed.time = system_.now();
  fixed.parent_pid = static_cast<std::uint32_t>(getppid());
  fixed.executable_size = size > 0 ? static_cast<std::uint32_t>(size) : 0;
  RecordWriter writer(ring_, RecordType::kProcessStart,
                      static_cast<std::uint32_t>(sizeof(fixed)) + fixed.executable_size, pid_,
                      thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(executable, fixed.executable_size);
}

void Agent::end(ThreadState& thread) {
  if (ended_.exchange(true)) return;
  outputs.flush(thread);
  connections.process_ends(thread);
  const ProcessEnd fixed = {.time = system_.now()};
  RecordWriter writer(ring_, RecordType::kProcessEnd, sizeof(fixed), pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
}

void Agent::becomes(ThreadState& thread, const char*) {
  outputs.flush(thread);
  RecordWriter writer(ring_, RecordType::kExec, 0, pid_, thread.tid);
}

}  // namespace kolben::agent
