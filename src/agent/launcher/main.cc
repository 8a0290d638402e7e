// opentelemetry-instrument [FLAGS] CMD [ARGS]: runs a program under the agent.
//
// Sets the environment, makes the ring, starts the agent process and becomes the program: its PID,
// exit code, signals and files are as without. Whatever fails on the way costs telemetry and one
// sentence on stderr, never the program. Loads libc alone, so that it starts in a millisecond.
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "agent/launcher/agent_process.h"
#include "agent/launcher/crash_guard.h"
#include "agent/launcher/exporter_names.h"
#include "agent/launcher/flags.h"
#include "agent/launcher/help.h"
#include "agent/launcher/instrumentable.h"
#include "agent/launcher/said_settings.h"
#include "agent/ring/log_file_names.h"
#include "agent/ring/ring.h"
#include "agent/ring/ring_files.h"
#include "agent/target/target.h"

namespace {

using namespace kolben::agent;

// As Python's launcher for a wrong command line; as shells for a command that is not there or that
// cannot run, so that scripts see what they would see without the agent.
constexpr int kExitUsage = 2;
constexpr int kExitNotFound = 127;
constexpr int kExitCannotRun = 126;

__attribute__((format(printf, 1, 2))) void say(const char* format, ...) {
  std::fputs("opentelemetry-instrument: ", stderr);
  va_list list;
  va_start(list, format);
  std::vfprintf(stderr, format, list);
  va_end(list);
  std::fputc('\n', stderr);
}

bool is_true(const char* value) {
  return value != nullptr && strcasecmp(value, "true") == 0;
}

bool is_set(const char* variable) {
  const char* value = getenv(variable);
  return value != nullptr && *value != '\0';
}

void set_variables(const CommandLine& line) {
  for (std::size_t i = 0; i < line.setting_count; ++i) {
    setenv(line.settings[i].flag->variable, line.settings[i].value, 1);
  }
  // The singular is in many texts on the net, the launcher that it comes from ignores it.
  if (is_set("OTEL_LOG_EXPORTER") && !is_set("OTEL_LOGS_EXPORTER")) {
    say("the variable is called OTEL_LOGS_EXPORTER; OTEL_LOG_EXPORTER=%s is taken for it",
        getenv("OTEL_LOG_EXPORTER"));
    setenv("OTEL_LOGS_EXPORTER", getenv("OTEL_LOG_EXPORTER"), 1);
  }
}

// In which case the other variables do not count; the agent process reads it.
bool has_config_file() {
  return is_set("OTEL_CONFIG_FILE") || is_set("OTEL_EXPERIMENTAL_CONFIG_FILE");
}

// Wrong options are refused; a wrong variable must not keep a program from starting.
void say_wrong_exporters() {
  for (const char* variable : kExporterVariables) {
    const char* list = getenv(variable);
    ExporterFault fault;
    if (list == nullptr || !find_exporter_fault(variable, list, &fault)) continue;
    char sentence[512];
    describe(fault, sentence, sizeof(sentence));
    say("%s: %s; %s", variable, sentence, what_holds(variable, list));
  }
}

// A limit of the size of files (ulimit -f) ends a process that passes it by a signal: here it shall
// be an error like any other.
class NoSizeSignal {
 public:
  NoSizeSignal() : before_(signal(SIGXFSZ, SIG_IGN)) {}
  ~NoSizeSignal() { signal(SIGXFSZ, before_); }
  NoSizeSignal(const NoSizeSignal&) = delete;
  NoSizeSignal& operator=(const NoSizeSignal&) = delete;

 private:
  void (*const before_)(int);
};

// Memory first; a file on disk is only written to when the machine is short of memory.
RingHeader* make_ring(char* path) {
  const NoSizeSignal guard;
  std::uint64_t name = 0;
  if (getrandom(&name, sizeof(name), GRND_NONBLOCK) != sizeof(name)) {
    name = static_cast<std::uint64_t>(getpid()) << 32 ^ reinterpret_cast<std::uintptr_t>(path);
  }
  const char* directories[] = {"/dev/shm", getenv("XDG_RUNTIME_DIR"), "/tmp"};
  int failure = ENOENT;
  for (const char* directory : directories) {
    if (directory == nullptr || *directory != '/') continue;
    remove_abandoned_rings(directory);
    const int size = std::snprintf(path, kPathBytesMax, "%s/%s%016llx", directory, kRingFilePrefix,
                                   static_cast<unsigned long long>(name));
    if (size < 0 || static_cast<std::size_t>(size) >= kPathBytesMax) continue;
    RingHeader* ring = begin_ring(path, kDefaultSlots);
    if (ring != nullptr) {
      const FileId loader = own_loader();
      note_loader(ring, loader.device, loader.inode);
      note_outputs(ring);
      note_clock(ring);
      return ring;
    }
    failure = errno;
  }
  errno = failure;
  return nullptr;
}

// A configuration file names them itself.
void name_log_files(RingHeader* ring) {
  constexpr const char* kVariable = "KOLBEN_AGENT_LOG_FILES";
  if (!is_set(kVariable) || has_config_file()) return;
  LogFileNames names;
  names.add_list(getenv(kVariable), [](const char* name, std::size_t size, LogFileFault fault) {
    say("%s: %.*s %s", kVariable, static_cast<int>(size), name, describe(fault));
  });
  note_log_files(ring, names.patterns(), names.size());
}

bool is_own_library(const char* entry, std::size_t size) {
  constexpr char kName[] = "/libkolben-agent.so";
  constexpr std::size_t kNameSize = sizeof(kName) - 1;
  return size >= kNameSize && std::strncmp(entry + size - kNameSize, kName, kNameSize) == 0;
}

// LD_PRELOAD with the library at its end, once: that of another agent around this one, which may be
// of another version, is left out.
bool preload(const char* library) {
  const char* old = getenv("LD_PRELOAD");
  if (old == nullptr) old = "";
  const std::size_t capacity = std::strlen(old) + 1 + std::strlen(library) + 1;
  auto* list = static_cast<char*>(std::malloc(capacity));
  if (list == nullptr) return false;
  std::size_t used = 0;
  for (const char* entry = old + std::strspn(old, ": "); *entry != '\0';) {
    const std::size_t size = std::strcspn(entry, ": ");
    if (!is_own_library(entry, size)) {
      std::memcpy(list + used, entry, size);
      list[used + size] = ':';
      used += size + 1;
    }
    entry += size;
    entry += std::strspn(entry, ": ");
  }
  std::memcpy(list + used, library, std::strlen(library) + 1);
  return setenv("LD_PRELOAD", list, 1) == 0;
}

// What of us runs within Node, or Python. A variable that is set, also to nothing, is the user's
// own choice.
void offer_runtime_part(const char* runtime, const char* variable, const char* name) {
  char path[kPathBytesMax];
  if (getenv(variable) != nullptr) return;
  if (find_runtime_part(name, path)) {
    setenv(variable, path, 1);
  } else {
    say("../lib/kolben/%s is not there from this program: less is seen of %s (install again, or "
        "set "
        "%s to nothing)",
        name, runtime, variable);
  }
}

// Everything but the program itself. Says why where there will be no telemetry.
void set_up_agent(const char* path, char* const* arguments) {
  const char* reason = why_not_instrumented(path);
  if (reason != nullptr) return say("%s is %s; it runs without telemetry", path, reason);
  char marks[kPathBytesMax];
  const bool guarded = crash_marks_path(path, arguments, marks, sizeof(marks));
  if (guarded && has_crashed_often(marks)) {
    return say(
        "%s crashed at its start %ld times under the agent; it runs without telemetry for an "
        "hour (remove %s to try again)",
        path, kCrashesMax, marks);
  }
  char library[kPathBytesMax];
  if (!find_agent_library(library)) {
    return say(
        "libkolben-agent.so is neither beside this program nor in ../lib: install all of Kolben, "
        "or "
        "set KOLBEN_AGENT_LIBRARY to its path; %s runs without telemetry",
        path);
  }
  if (std::strpbrk(library, ": ") != nullptr) {
    return say("the loader cannot take %s (blank or colon in the path); there is no telemetry",
               library);
  }
  char binary[kPathBytesMax];
  if (!find_agent_binary(binary)) {
    return say(
        "kolben-agent is neither beside this program nor in ../lib/kolben: install all of Kolben, "
        "or set "
        "KOLBEN_AGENT_BINARY to its path; %s runs without telemetry",
        path);
  }
  char ring_path[kPathBytesMax];
  RingHeader* ring = make_ring(ring_path);
  if (ring == nullptr) {
    return say("no shared memory for the agent: %s; there is no telemetry", std::strerror(errno));
  }
  name_log_files(ring);
  unsetenv("KOLBEN_AGENT_RING");  // of an agent around this one
  unsetenv("KOLBEN_AGENT_COMMAND");
  const AgentResult result = start_agent_process({.binary = binary,
                                                  .ring_path = ring_path,
                                                  .ring = ring,
                                                  .crash_marks = guarded ? marks : nullptr,
                                                  .reads_file = has_config_file()});
  if (result != AgentResult::kStarted) unlink(ring_path);
  switch (result) {
    case AgentResult::kFailed:
      return say("no process for the agent: %s; there is no telemetry", std::strerror(errno));
    case AgentResult::kSilent:
      return say("the agent process did not read the configuration file; there is no telemetry");
    case AgentResult::kRefused:
      return;  // it has said why
    case AgentResult::kStarted:
      break;
  }
  if (!has_config_file()) say_settings();
  offer_runtime_part("Node", "KOLBEN_AGENT_NODE", "node/agent.cjs");
  offer_runtime_part("Python", "KOLBEN_AGENT_PYTHON", "python");
  if (!preload(library) || setenv("KOLBEN_AGENT_RING", ring_path, 1) != 0) {
    say("no memory for the environment; there is no telemetry");
  }
}

// The environment as it is, for when it has grown; null: no memory.
char** copy_environment() {
  std::size_t count = 1;
  for (char** variable = environ; *variable != nullptr; ++variable) ++count;
  auto** copy = static_cast<char**>(std::malloc(count * sizeof(char*)));
  if (copy != nullptr) std::memcpy(copy, environ, count * sizeof(char*));
  return copy;
}

}  // namespace

int main(int argc, char** argv) {
  char** const environment = copy_environment();
  CommandLine line;
  parse_command_line(argc, argv, &line);
  switch (line.result) {
    case CommandLineResult::kHelp:
      print_help(stdout);
      return std::fflush(stdout) == 0 ? 0 : 1;
    case CommandLineResult::kVersion:
      std::puts("opentelemetry-instrument " KOLBEN_VERSION);
      return std::fflush(stdout) == 0 ? 0 : 1;
    case CommandLineResult::kError:
      std::fprintf(stderr, "%sopentelemetry-instrument: error: %s\n", kUsage, line.error);
      return kExitUsage;
    case CommandLineResult::kRun:
      break;
  }
  set_variables(line);
  // Whoever wrote "--" knows where the command begins.
  const char* misplaced = line.has_separator ? nullptr : misplaced_flag(line.command);
  if (misplaced != nullptr) {
    say("--%s stands behind the command and is that one's; options of the agent come before it",
        misplaced);
  }
  char path[kPathBytesMax];
  if (!find_command(line.command[0], path)) {
    const int failure = errno;
    const bool is_there = failure != ENOENT;
    say(is_there ? "cannot run %s: %s%s" : "cannot find the command %s: %s%s", line.command[0],
        std::strerror(failure), line.hint);
    return is_there ? kExitCannotRun : kExitNotFound;
  }
  const bool reads_file = has_config_file();
  // Another launcher is the agent of what it starts; our options are its variables.
  if (is_agent_program(path)) {
    execv(path, line.command);
    say("cannot run %s: %s", path, std::strerror(errno));
    return kExitCannotRun;
  }
  if (reads_file || !is_true(getenv("OTEL_SDK_DISABLED"))) {
    if (!reads_file) say_wrong_exporters();
    set_up_agent(path, line.command);
  }
  execv(path, line.command);
  if (errno == E2BIG && environment != nullptr) {
    say("no room for the agent's variables beside the arguments and the environment of %s; it runs "
        "without telemetry",
        path);
    execve(path, line.command, environment);
    errno = E2BIG;
  }
  if (errno == ENOEXEC) {
    // A script without "#!", which execvp() gives to the shell.
    execvp(line.command[0], line.command);
  }
  const int failure = errno;
  say("cannot run %s: %s", path, std::strerror(failure));
  return failure == ENOENT ? kExitNotFound : kExitCannotRun;  // a script's interpreter, say
}
