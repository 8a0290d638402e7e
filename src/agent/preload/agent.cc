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

// What the threads' generators are seeded from: a server may have a thread for each request, which
// must not cost a system call. Chosen at start and after each fork.
constinit std::uint64_t seed_key = 0;
constinit std::atomic<std::uint64_t> seed_count{0};

constexpr std::uint64_t kSeedStep = 0x9e37'79b9'7f4a'7c15;

// The finalizer of SplitMix64 (Steele, Lea and Flood).
std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58'476d'1ce4'e5b9;
  value = (value ^ (value >> 27)) * 0x94d0'49bb'1331'11eb;
  return value ^ (value >> 31);
}

void choose_seed() {
  if (getrandom(&seed_key, sizeof(seed_key), GRND_NONBLOCK) == sizeof(seed_key)) return;
  // No entropy this early after boot, or a filter of system calls: what differs between processes.
  seed_key = now_nanos() ^ reinterpret_cast<std::uint64_t>(&thread_state) ^
             static_cast<std::uint64_t>(getpid()) << 32;
}

// Without a system call: the program may have forbidden itself those that it does not use.
void choose_seed_of_child(std::uint32_t pid) {
  seed_key = mixed(seed_key + kSeedStep) ^ mixed(now_nanos() ^ std::uint64_t{pid} << 32);
}

// SplitMix64, whose steps are a count that the threads share.
void fill_random(void* bytes, std::size_t size) {
  auto* to = static_cast<std::uint8_t*>(bytes);
  for (std::size_t done = 0; done < size; done += sizeof(std::uint64_t)) {
    const std::uint64_t step = 1 + seed_count.fetch_add(1, std::memory_order_relaxed);
    const std::uint64_t word = mixed(seed_key + kSeedStep * step);
    const std::size_t left = size - done;
    std::memcpy(to + done, &word, left < sizeof(word) ? left : sizeof(word));
  }
}

// /proc/self/exe, read once: what a child would find is the same.
constinit char executable[1024] = {};
constinit std::uint32_t executable_size = 0;

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
  if (!guard) return;
  // Only here: _exit() and exec leave behind what the streams hold.
  agent_instance.outputs.streams_end(guard.thread());
  agent_instance.end(guard.thread());
}

}  // namespace

bool owns_memory(ThreadState& thread) {
  if (static_cast<std::uint32_t>(getpid()) != agent_instance.pid()) return false;
  thread.vfork_pending = 0;  // the child is gone, or runs another program
  return true;
}

void Agent::start() {
  const char* path = getenv("KOLBEN_AGENT_RING");
  if (path == nullptr || is_true(getenv("OTEL_SDK_DISABLED")) ||
      is_true(getenv("KOLBEN_AGENT_DISABLED"))) {
    return;
  }
  resolve_all();
  const int saved = errno;
  ring_ = map_ring(path);
  mark_process();
  errno = saved;
  if (ring_ == nullptr || fork_mark_ == nullptr) return;
  system_ = {.now = now_nanos,
             .random = fill_random,
             .is_stream_socket = is_stream_socket,
             .socket_names = socket_names,
             .allocate = allocate,
             .send_message = send_message};
  choose_seed();
  pid_ = static_cast<std::uint32_t>(getpid());
  sampler_.init(getenv("OTEL_TRACES_SAMPLER"), getenv("OTEL_TRACES_SAMPLER_ARG"));
  connections.init(system_, ring_, sampler_, parse_trace_formats(getenv("OTEL_PROPAGATORS")));
  connections.forked(generation_, pid_);
  sessions.init(system_, ring_, connections);
  statements.init(system_, ring_, sampler_);
  statements.forked(generation_, pid_);
  outputs.init(system_, ring_, captures_output());
  telemetry.init(system_, ring_, sampler_, connections);
  outputs.forked(pid_);
  telemetry.forked(generation_, pid_);
  remember_environment();
  const ssize_t size = readlink("/proc/self/exe", executable, sizeof(executable));
  executable_size = size > 0 ? static_cast<std::uint32_t>(size) : 0;
  if (pthread_atfork(nullptr, nullptr, child_after_fork) != 0) return;
  active_.store(true, std::memory_order_relaxed);
  ThreadGuard guard;
  if (guard) announce(guard.thread(), static_cast<std::uint32_t>(getppid()));
}

// A kernel without MADV_WIPEONFORK (before 4.14) only tells of children by fork().
void Agent::mark_process() {
  constexpr std::size_t kPage = 4096;
  void* page = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  madvise(page, kPage, MADV_WIPEONFORK);
  fork_mark_ = static_cast<volatile std::uint8_t*>(page);
  *fork_mark_ = 1;
}

void Agent::forked_child() {
  if (!active()) return;
  *fork_mark_ = 1;
  const std::uint32_t parent = pid_;
  pid_ = static_cast<std::uint32_t>(getpid());
  choose_seed_of_child(pid_);
  ++generation_;
  ended_.store(false, std::memory_order_relaxed);
  connections.forked(generation_, pid_);
  statements.forked(generation_, pid_);
  outputs.forked(pid_);
  telemetry.forked(generation_, pid_);
  thread_state.tid = 0;
  thread_state.depth = 0;
  thread_state.vfork_pending = 0;
  ThreadGuard guard;
  if (guard) announce(guard.thread(), parent);
}

void Agent::announce(ThreadState& thread, std::uint32_t parent) {
  ProcessStart fixed;
  fixed.time = system_.now();
  fixed.parent_pid = parent;
  fixed.executable_size = executable_size;
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
