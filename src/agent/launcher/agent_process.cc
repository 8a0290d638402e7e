#include "agent/launcher/agent_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "agent/launcher/exporter_names.h"
#include "agent/ring/ring.h"
#include "agent/target/target.h"

namespace kolben::agent {
namespace {

// Where the launcher itself is, links resolved; with the slash at the end.
bool own_directory(char* path) {
  const ssize_t size = readlink("/proc/self/exe", path, kPathBytesMax - 1);
  if (size <= 0) return false;
  path[size] = '\0';
  char* slash = std::strrchr(path, '/');
  if (slash == nullptr) return false;
  slash[1] = '\0';
  return true;
}

bool find_beside(const char* name, int mode, char* path) {
  char directory[kPathBytesMax];
  if (!own_directory(directory)) return false;
  const int size = std::snprintf(path, kPathBytesMax, "%s%s", directory, name);
  return size > 0 && static_cast<std::size_t>(size) < kPathBytesMax && access(path, mode) == 0;
}

bool take_variable(const char* variable, char* path) {
  const char* value = getenv(variable);
  if (value == nullptr || *value == '\0' || std::strlen(value) >= kPathBytesMax) return false;
  std::strcpy(path, value);
  return true;
}

void reset_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// The agent process needs some ten milliseconds of a processor to start, which are the program's
// while it starts itself. So it begins when the program has something to tell, has ended, or after
// this time.
constexpr int kStartPolls = 20;
constexpr int kStartPollMillis = 5;
// What every program tells at once: that it started.
constexpr std::uint64_t kFirstSlots = 1;

// The files of the agent process; all others are closed.
constexpr int kPidfd = 3;
constexpr int kReady = 4;  // where it says that it has read the configuration file
// Reading a file takes milliseconds; a machine that is busy needs longer to start a process.
constexpr int kReadyMillisMax = 10'000;
constexpr char kIsReady = 'y';

// The program has started already.
void make_ring_complete(const AgentStart& start) {
  signal(SIGXFSZ, SIG_IGN);  // as in main.cc: an error like any other
  if (!complete_ring(start.ring, start.ring_path)) {
    std::fprintf(stderr,
                 "opentelemetry-instrument: no shared memory for more than the first %u records: "
                 "%s\n",
                 kBegunSlots, std::strerror(errno));
  }
  signal(SIGXFSZ, SIG_DFL);
}

void wait_for_work(const RingHeader* ring, int pidfd) {
  pollfd ends = {pidfd, POLLIN, 0};
  for (int i = 0; i < kStartPolls && used_slots(ring) <= kFirstSlots; ++i) {
    if (poll(&ends, pidfd < 0 ? 0 : 1, kStartPollMillis) > 0) break;
  }
}

// `file` as `place`, to be kept; -1: none.
int keep_file(int file, int place) {
  if (file == place) {
    fcntl(place, F_SETFD, 0);
  } else if (file < 0 || dup2(file, place) < 0) {
    return -1;
  }
  return place;
}

// The program's pidfd, opened now, since it may end at any time, and the pipe; all other files but
// the standard streams are closed.
void keep_files(pid_t program, int* pidfd, int* ready) {
  const int above = *ready < 0 ? -1 : fcntl(*ready, F_DUPFD, kReady + 1);  // out of the way
  *pidfd = keep_file(static_cast<int>(syscall(SYS_pidfd_open, program, 0)), kPidfd);
  if (*pidfd < 0) close(kPidfd);
  *ready = keep_file(above, kReady);
  closefrom(*ready < 0 ? kReady : kReady + 1);
}

// The program's own variables stay as they are; its own SDK may have more exporters.
void leave_out_wrong_exporters() {
  for (const char* variable : kExporterVariables) {
    const char* list = getenv(variable);
    ExporterFault fault;
    if (list == nullptr || !find_exporter_fault(variable, list, &fault)) continue;
    char kept[1024];
    keep_known_exporters(variable, list, kept, sizeof(kept));
    setenv(variable, kept, 1);
  }
}

// Whose turn at the terminal is the program's, if stderr is its terminal; 0: it is not. The agent
// process has no terminal, and may begin when the program is gone.
struct Turn {
  pid_t group = 0;
  pid_t session = 0;
};

Turn turn_at_terminal() {
  if (tcgetpgrp(STDERR_FILENO) < 0) return {};
  return {getpgrp(), getsid(0)};
}

// `ready`: the pipe's end for writing; -1: nobody waits.
[[noreturn]] void become_agent(const AgentStart& start, pid_t program, Turn turn, int ready) {
  reset_signals();
  const int nothing = open("/dev/null", O_RDWR);
  if (nothing >= 0) {
    dup2(nothing, 0);
    if (nothing > 2) close(nothing);
  }
  int pidfd = -1;
  keep_files(program, &pidfd, &ready);
  // This process is not what is observed.
  unsetenv("LD_PRELOAD");
  leave_out_wrong_exporters();  // the launcher has said so
  make_ring_complete(start);
  if (ready < 0) wait_for_work(start.ring, pidfd);
  char pid[16];
  char pidfd_text[16];
  char ready_text[16];
  char group[16];
  char session[16];
  std::snprintf(pid, sizeof(pid), "%d", static_cast<int>(program));
  std::snprintf(pidfd_text, sizeof(pidfd_text), "%d", pidfd);
  std::snprintf(ready_text, sizeof(ready_text), "%d", ready);
  std::snprintf(group, sizeof(group), "%d", static_cast<int>(turn.group));
  std::snprintf(session, sizeof(session), "%d", static_cast<int>(turn.session));
  const char* arguments[16] = {start.binary, "--ring",  start.ring_path, "--pid",
                               pid,          "--pidfd", pidfd_text};
  std::size_t count = 7;
  const auto add = [&](const char* name, const char* value) {
    arguments[count++] = name;
    arguments[count++] = value;
  };
  if (ready >= 0) add("--ready", ready_text);
  if (start.crash_marks != nullptr) add("--crash-marks", start.crash_marks);
  if (turn.session != 0) {
    add("--group", group);
    add("--session", session);
  }
  execv(start.binary, const_cast<char* const*>(arguments));
  std::fprintf(stderr, "opentelemetry-instrument: cannot run %s: %s; there is no telemetry\n",
               start.binary, std::strerror(errno));
  unlink(start.ring_path);
  _exit(127);
}

}  // namespace

bool find_agent_binary(char* path) {
  return take_variable("KOLBEN_AGENT_BINARY", path) || find_beside("kolben-agent", X_OK, path) ||
         find_beside("../lib/kolben/kolben-agent", X_OK, path);
}

bool find_agent_library(char* path) {
  return take_variable("KOLBEN_AGENT_LIBRARY", path) ||
         find_beside("libkolben-agent.so", R_OK, path) ||
         find_beside("../lib/libkolben-agent.so", R_OK, path) ||
         find_beside("../lib/kolben/libkolben-agent.so", R_OK, path);
}

bool find_runtime_part(const char* name, char* path) {
  char place[kPathBytesMax];
  char beside[kPathBytesMax];
  char canonical[PATH_MAX];
  std::snprintf(place, sizeof(place), "../lib/kolben/%s", name);
  const bool is_there = find_beside(place, R_OK, beside) && realpath(beside, canonical) != nullptr;
  if (is_there) std::strcpy(path, canonical);
  return is_there;
}

namespace {

// What the agent process answers: kIsReady, another byte, or nothing.
AgentResult wait_for_answer(int file) {
  pollfd answer = {file, POLLIN, 0};
  char byte = 0;
  int events = 0;
  do {  // again after Ctrl-Z and fg
    events = poll(&answer, 1, kReadyMillisMax);
  } while (events < 0 && errno == EINTR);
  if (events <= 0 || read(file, &byte, 1) != 1) return AgentResult::kSilent;
  return byte == kIsReady ? AgentResult::kStarted : AgentResult::kRefused;
}

}  // namespace

AgentResult start_agent_process(const AgentStart& start) {
  const pid_t program = getpid();
  const Turn turn = turn_at_terminal();
  int ready[2] = {-1, -1};
  if (start.reads_file && pipe2(ready, O_CLOEXEC) != 0) return AgentResult::kFailed;
  const pid_t middle = fork();
  if (middle == 0) {
    // The session is new, so Ctrl-C of the terminal is not for the agent; the grandchild's parent
    // ends at once, so the program never sees a child that it did not make.
    setsid();
    const pid_t agent = fork();
    if (agent == 0) become_agent(start, program, turn, ready[1]);
    _exit(agent < 0 ? errno : 0);
  }
  if (start.reads_file) close(ready[1]);
  int status = 0;
  while (middle > 0 && waitpid(middle, &status, 0) < 0 && errno == EINTR) {
  }
  const bool is_made = middle > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (middle > 0 && WIFEXITED(status) && !is_made) errno = WEXITSTATUS(status);
  AgentResult result = is_made ? AgentResult::kStarted : AgentResult::kFailed;
  if (start.reads_file) {
    if (is_made) result = wait_for_answer(ready[0]);
    close(ready[0]);
  }
  return result;
}

}  // namespace kolben::agent
