#include "agent/preload/agent.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "agent/preload/exec_environment.h"
#include "agent/preload/real.h"
#include "agent/target/script.h"

namespace kolben::agent {

constinit Agent agent_instance;
constinit thread_local ThreadState thread_state;

namespace {

// /proc/self/exe, read once: what a child would find is the same.
constinit char executable[1024] = {};
constinit std::uint32_t executable_size = 0;
constinit char script[kScriptNameBytesMax] = {};

// Whether the program is known to handle each event to its end before it looks at the next one,
// with nothing put off in between: nginx, and what goes on from it by another name.
bool works_event_by_event() {
  constexpr const char* kNames[] = {"nginx", "angie", "freenginx"};
  const char* const end = executable + executable_size;
  const char* name = end;
  while (name != executable && name[-1] != '/') --name;
  const auto size = static_cast<std::size_t>(end - name);
  for (const char* known : kNames) {
    if (size == std::strlen(known) && std::memcmp(name, known, size) == 0) return true;
  }
  return false;
}

bool allows(OwnCall call) {
  return agent_instance.filter.allows(call);
}

bool is_true(const char* value) {
  return value != nullptr && strcasecmp(value, "true") == 0;
}
bool is_word(const char* value, const char* word) {
  return value != nullptr && strcasecmp(value, word) == 0;
}

bool wants_logs() {
  return !is_word(getenv("OTEL_LOGS_EXPORTER"), "none");
}

bool captures_output() {
  return wants_logs() &&
         !is_word(getenv("OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED"), "false");
}

// FNV-1a: tells rings of agents within agents apart.
std::uint32_t ring_number(const char* ring_path) {
  constexpr std::uint32_t kPrime = 0x0100'0193;
  std::uint32_t hash = 0x811c'9dc5;
  for (; *ring_path != '\0'; ++ring_path) {
    hash = (hash ^ static_cast<std::uint8_t>(*ring_path)) * kPrime;
  }
  return hash;
}

// Registered before the program's own handlers, so that it runs as the last one.
void process_exits(int code, void* /*nothing*/) {
  ThreadGuard guard;
  if (guard) agent_instance.exits(guard.thread(), code);
}

void before_fork() {
  if (agent_instance.active()) agent_instance.process.before_fork();
}

void parent_after_fork() {
  if (agent_instance.active()) agent_instance.connections.has_forked();
}

void child_after_fork() {
  agent_instance.forked_child();
}

__attribute__((constructor(kConstructorOfAgent))) void library_starts(int argc, char** argv) {
  agent_instance.start(argc, argv);
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
  if (!allows(OwnCall::kGetpid)) return false;
  if (static_cast<std::uint32_t>(getpid()) != agent_instance.pid()) return false;
  thread.vfork_pending = 0;  // the child is gone, or runs another program
  return true;
}

// A handler on a stack of its own may be anywhere, and so may one that changes to another
// coroutine, whose code that was interrupted goes on later.
__attribute__((noinline, cold)) bool was_left_by_jump(ThreadState& thread, std::uintptr_t stack) {
  if (stack + kSignalFrameBytesMin <= thread.frame) return false;
  if (stack > thread.frame + kJumpBytesMax) return false;
  stack_t alternate = {};
  if (!allows(OwnCall::kSigaltstack) || sigaltstack(nullptr, &alternate) != 0 ||
      (alternate.ss_flags & SS_ONSTACK) != 0) {
    return false;
  }
  agent_instance.connections.give_back(thread, thread.frame);
  if (agent_instance.race_checker().is_there()) agent_instance.race_checker().own_code_ends();
  thread.frame = 0;
  return true;
}

void Agent::start(int argc, char* const* argv) {
  set_doors();
  const char* path = getenv("KOLBEN_AGENT_RING");
  if (path == nullptr || is_true(getenv("KOLBEN_AGENT_DISABLED"))) return;
  if (!race_checker_.find()) return;
  resolve_all();
  const int saved = errno;
  ring_ = map_ring(path);
  mark_process();
  errno = saved;
  if (ring_ == nullptr || fork_mark_ == nullptr) return;
  rlimit space = {};
  if (getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    memory.set_address_space(space.rlim_cur);
  }
  if (!memory.add(ring_, ring_bytes(ring_))) {
    count_untraced(ring_);
    unmap_ring(ring_);
    ring_ = nullptr;
    return;
  }
  // A configuration file counts in place of the variables.
  LibrarySettings told;
  const bool is_told = library_settings(ring_, &told);
  if (!is_told && is_true(getenv("OTEL_SDK_DISABLED"))) return;
  system_ = real_system(ring_);
  choose_seed();
  pid_ = static_cast<std::uint32_t>(getpid());
  is_elsewhere_ = !is_in_ring_namespace(ring_);
  sampler_.init(is_told ? told.sampler : getenv("OTEL_TRACES_SAMPLER"),
                is_told ? told.sampler_argument : getenv("OTEL_TRACES_SAMPLER_ARG"));
  if (sampler_.is_remote()) {
    sampler_.follow(sampling_table(sampling_memory(ring_), kSamplingBytes), system_.now);
  }
  const char* propagators = is_told ? told.propagators : getenv("OTEL_PROPAGATORS");
  formats_ = parse_trace_formats(propagators);
  connections.init(system_, ring_, sampler_, formats_);
  excluded_.init(is_told ? nullptr : getenv("OTEL_PYTHON_EXCLUDED_URLS"),
                 TextPatterns::Kind::kSearched);
  connections.exclude(excluded_);
  for (int i = 0; i < CapturedHeaders::kLists; ++i) {
    captured_.set(i, is_told ? told.captured_headers[i] : getenv(CapturedHeaders::kVariables[i]));
  }
  connections.capture(captured_);
  connections.forked(generation_, pid_);
  sessions.init(system_, ring_, connections);
  statements.init(system_, ring_, sampler_, connections);
  statements.forked(generation_, pid_);
  outputs.init(system_, ring_, is_told ? told.captures_output != 0 : captures_output(),
               is_told ? told.captures_output != 0 : wants_logs());
  outputs.set_connections(connections);
  telemetry.init(system_, ring_, sampler_, connections);
  outputs.forked(pid_);
  telemetry.forked(generation_, pid_);
  remember_environment();
  FileId loader;
  noted_loader(ring_, &loader.device, &loader.inode);
  remember_loader(loader);
  const ssize_t size = readlink("/proc/self/exe", executable, sizeof(executable));
  executable_size = size > 0 ? static_cast<std::uint32_t>(size) : 0;
  if (works_event_by_event()) connections.works_event_by_event();
  if (pthread_atfork(before_fork, parent_after_fork, child_after_fork) != 0) return;
  // A handler is told the exit code; without one the agent process asks the kernel for it.
  on_exit(process_exits, nullptr);
  active_.store(true, std::memory_order_relaxed);
  ThreadGuard guard;
  if (!guard) return;
  announce(guard.thread(), static_cast<std::uint32_t>(getppid()));
  start_process_context(guard.thread(), path, argc, argv);
}

void Agent::start_process_context(ThreadState& thread, const char* ring_path, int argc,
                                  char* const* argv) {
  const bool looks = (formats_ & kTraceContext) != 0;
  const int saved = errno;  // a program may find it 0 at its start
  const std::uint32_t script_size = find_script(executable, executable_size, argc, argv, script);
  errno = saved;
  process.init(system_, ring_, sampler_, thread,
               {.pid = pid_,
                .ring = ring_number(ring_path),
                .executable = executable,
                .executable_size = executable_size,
                .script = script,
                .script_size = script_size,
                .command_spans = getenv("KOLBEN_AGENT_COMMAND_SPANS"),
                .traceparent = looks ? getenv("TRACEPARENT") : nullptr,
                .continued = getenv("KOLBEN_AGENT_COMMAND")});
  connections.set_process(&process);
  outputs.set_process(&process);
  telemetry.set_process(&process);
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

void Agent::before_filter() {
  if (!active()) return;
  connections.reserve();
  ThreadGuard guard;
  if (guard) outputs.look_ahead();
}

void Agent::has_filter(const NewFilter& added) {
  filter.add(added.program);
  if (added.program != nullptr) return;
  // It holds for this thread and those that it makes, but nobody can tell these from the others.
  {
    ThreadGuard guard;
    if (guard || guard.is_nested()) connections.withdraw(thread_state);
  }
  active_.store(false, std::memory_order_relaxed);
}

void Agent::forked_child() {
  if (!active()) return;
  *fork_mark_ = 1;
  if (!allows(OwnCall::kGetpid)) {
    // A child that cannot say which one it is.
    active_.store(false, std::memory_order_relaxed);
    return;
  }
  const std::uint32_t parent = pid_;
  pid_ = static_cast<std::uint32_t>(getpid());
  // A fork can make such a one only in a new namespace.
  if (pid_ == kFirstProcess) is_elsewhere_ = true;
  choose_seed_of_child(pid_);
  ++generation_;
  ended_.store(false, std::memory_order_relaxed);
  connections.forked(generation_, pid_);
  // But what a signal handler's fork has interrupted goes on here.
  if (thread_state.frame == 0) connections.lose_held();
  connections.keeps(thread_state);
  statements.forked(generation_, pid_);
  outputs.forked(pid_);
  telemetry.forked(generation_, pid_);
  process.forked(pid_);
  // A child of a thread that serves goes on with the request; the last one is none of its business.
  thread_state.forked_request = {};
  if (Connections::serves(thread_state)) {
    thread_state.forked_request = thread_state.request;
  } else {
    thread_state.request_context = {};
  }
  thread_state.tid = 0;
  thread_state.frame = 0;
  thread_state.vfork_pending = 0;
  ThreadGuard guard;
  if (guard) announce(guard.thread(), parent);
}

void Agent::announce(ThreadState& thread, std::uint32_t parent) {
  // Of a fork's child as well what they were when its program began.
  const char* const service_name = remembered_value("OTEL_SERVICE_NAME=");
  const char* const resource_attributes = remembered_value("OTEL_RESOURCE_ATTRIBUTES=");
  ProcessStart fixed;
  fixed.time = system_.now();
  fixed.parent_pid = parent;
  fixed.executable_size = executable_size;
  fixed.is_elsewhere = is_elsewhere_ ? 1 : 0;
  fixed.service_name_size = static_cast<std::uint16_t>(strnlen(service_name, kServiceNameBytesMax));
  fixed.resource_attributes_size =
      static_cast<std::uint16_t>(strnlen(resource_attributes, kResourceAttributesBytesMax));
  const std::uint32_t texts =
      fixed.executable_size + fixed.service_name_size + fixed.resource_attributes_size;
  RecordWriter writer(ring_, RecordType::kProcessStart,
                      static_cast<std::uint32_t>(sizeof(fixed)) + texts, pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(executable, fixed.executable_size);
  writer.append(service_name, fixed.service_name_size);
  writer.append(resource_attributes, fixed.resource_attributes_size);
}

void Agent::end(ThreadState& thread) {
  if (ended_.exchange(true)) return;
  outputs.flush(thread);
  connections.process_ends(thread);
  const ProcessEnd fixed = {.time = system_.now()};
  RecordWriter writer(ring_, RecordType::kProcessEnd, sizeof(fixed), pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
}

void Agent::exits(ThreadState& thread, int code) {
  Exit fixed;
  fixed.time = system_.now();
  fixed.code = static_cast<std::uint32_t>(code) & 0xff;
  {
    RecordWriter writer(ring_, RecordType::kExit, sizeof(fixed), pid_, thread.tid);
    writer.append(&fixed, sizeof(fixed));
  }
  const bool may_wait = filter.allows(OwnCall::kStart);
  if (pid_ == kFirstProcess && !is_elsewhere_ && may_wait) wait_for_export();
}

// Else it would end with us, and what is not exported with it. Longer than the agent process takes.
void Agent::wait_for_export() {
  constexpr timespec kPause = {.tv_sec = 0, .tv_nsec = 1'000'000};
  constexpr std::uint64_t kLongest = 2'000'000'000;
  const std::uint64_t end = system_.now() + kLongest;
  ask_for_end(ring_);
  while (!is_end_done(ring_) && system_.now() < end) {
    const auto reader = static_cast<pid_t>(reader_of(ring_));
    if (reader != 0 && kill(reader, 0) != 0) return;
    nanosleep(&kPause, nullptr);
  }
}

void Agent::child_ended(ThreadState& thread, std::uint32_t pid, int signal, int code) {
  const ChildEnded fixed = {.time = system_.now(),
                            .pid = pid,
                            .signal = static_cast<std::uint16_t>(signal),
                            .code = static_cast<std::uint16_t>(code)};
  RecordWriter writer(ring_, RecordType::kChildEnded, sizeof(fixed), pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
}

void Agent::closes(ThreadState& thread, int file) {
  connections.closed(thread, file);
  outputs.replaced(thread, file);
}

void Agent::closes_range(ThreadState& thread, unsigned first, unsigned last) {
  connections.closed_range(thread, first, last);
  outputs.replaced_range(thread, first, last);
}

void Agent::becomes(ThreadState& thread) {
  outputs.flush(thread);
  RecordWriter writer(ring_, RecordType::kExec, 0, pid_, thread.tid);
}

}  // namespace kolben::agent
