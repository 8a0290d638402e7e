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

// The program's pidfd as the agent process gets it: opened now, since it may end at any time, and
// as file 3, all others being closed. -1: none.
int keep_pidfd(pid_t program) {
  constexpr int kPidfd = 3;
  const auto opened = static_cast<int>(syscall(SYS_pidfd_open, program, 0));
  if (opened < 0) {
    closefrom(kPidfd);
    return -1;
  }
  if (opened == kPidfd) {
    fcntl(kPidfd, F_SETFD, 0);
  } else if (dup2(opened, kPidfd) < 0) {
    return -1;
  }
  closefrom(kPidfd + 1);
  return kPidfd;
}

// The program's own variables stay as they are; its own SDK may have more exporters.
void leave_out_wrong_exporters() {
  for (const char* variable : kExporterVariables) {
    const char* list = getenv(variable);
    ExporterFault fault;
    if (list == nullptr || !find_exporter_fault(list, &fault)) continue;
    char kept[1024];
    keep_known_exporters(list, kept, sizeof(kept));
    setenv(variable, kept, 1);
  }
}

[[noreturn]] void become_agent(const AgentStart& start, pid_t program) {
  reset_signals();
  const int nothing = open("/dev/null", O_RDWR);
  if (nothing >= 0) {
    dup2(nothing, 0);
    if (nothing > 2) close(nothing);
  }
  const int pidfd = keep_pidfd(program);
  // This process is not what is observed.
  unsetenv("LD_PRELOAD");
  leave_out_wrong_exporters();  // the launcher has said so
  make_ring_complete(start);
  wait_for_work(start.ring, pidfd);
  char pid[16];
  char file[16];
  std::snprintf(pid, sizeof(pid), "%d", static_cast<int>(program));
  std::snprintf(file, sizeof(file), "%d", pidfd);
  execl(start.binary, start.binary, "--ring", start.ring_path, "--pid", pid, "--pidfd", file,
        start.crash_marks == nullptr ? nullptr : "--crash-marks", start.crash_marks,
        static_cast<char*>(nullptr));
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

bool start_agent_process(const AgentStart& start) {
  const pid_t program = getpid();
  const pid_t middle = fork();
  if (middle < 0) return false;
  if (middle == 0) {
    // The session is new, so Ctrl-C of the terminal is not for the agent; the grandchild's parent
    // ends at once, so the program never sees a child that it did not make.
    setsid();
    const pid_t agent = fork();
    if (agent == 0) become_agent(start, program);
    _exit(agent < 0 ? 1 : 0);
  }
  int status = 0;
  while (waitpid(middle, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace kolben::agent
