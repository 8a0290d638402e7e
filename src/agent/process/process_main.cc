#include "agent/process/process_main.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "agent/process/agent_loop.h"
#include "agent/process/config_file.h"
#include "agent/process/crash_marks.h"
#include "agent/process/endpoint.h"
#include "agent/process/exporter_set.h"
#include "agent/process/recorder.h"
#include "agent/process/remote_sampler.h"
#include "agent/process/secrets.h"
#include "agent/process/settings.h"
#include "agent/ring/log_file_names.h"
#include "agent/ring/ring.h"
#include "agent/ring/ring_files.h"
#include "base/clock.h"

namespace kolben::agent {
namespace {

// The promise is two seconds after the program's end: the watch needs a tenth, closing connections
// another.
constexpr std::chrono::milliseconds kFlushTime{1400};

struct Arguments {
  std::string ring;
  std::uint32_t pid = 0;
  int pidfd = -1;           // of `pid`
  int ready = -1;           // a pipe: the launcher waits until the configuration file is read
  std::string crash_marks;  // a file
  std::uint32_t group = 0;  // of the program whose terminal stderr is, with its session
  std::uint32_t session = 0;
};

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

bool parse_arguments(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (i + 1 >= argc) return false;
    const std::string_view value = argv[++i];
    if (name == "--ring") {
      arguments.ring = value;
    } else if (name == "--ready") {
      if (!parse_number(value, arguments.ready)) return false;
    } else if (name == "--crash-marks") {
      arguments.crash_marks = value;
    } else if (name == "--pid") {
      if (!parse_number(value, arguments.pid)) return false;
    } else if (name == "--group") {
      if (!parse_number(value, arguments.group)) return false;
    } else if (name == "--session") {
      if (!parse_number(value, arguments.session)) return false;
    } else if (name == "--pidfd") {
      if (!parse_number(value, arguments.pidfd)) return false;
    } else {
      return false;
    }
  }
  return !arguments.ring.empty() && arguments.pid != 0;
}

std::atomic<bool> should_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free);  // a signal handler sets it

// The exporters' threads hardly allocate: they need no heap each. What a batch took stays for the
// next one: to give it back and get it anew costs as much as to make the batch.
void set_heap() {
  constexpr int kKeptBytes = 3 << 20;  // a full batch, encoded and on its way
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  ::mallopt(M_MMAP_THRESHOLD, kKeptBytes);
}

// Ctrl-C is meant for the program; the agent ends after it.
void set_signals() {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  for (const int signal : {SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTOU}) {
    ::sigaction(signal, &ignore, nullptr);
  }
  struct sigaction stop{};
  stop.sa_handler = [](int) { should_stop = true; };
  ::sigaction(SIGTERM, &stop, nullptr);
}

// A file for each process that is watched; as many as the system allows.
void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void say_losses(const RingReader& reader, const Recorder::Counts& counts) {
  const auto say = [](std::uint64_t count, std::string_view what) {
    if (count == 0) return;
    stderr_messages().say("kolben agent: " + std::to_string(count) + " " + std::string(what));
  };
  say(reader.dropped(), "records were lost: the ring was full");
  say(reader.untraced(),
      "connections, spans, attributes or log files were too many, or too long, to follow");
  if (reader.is_without_rights()) {
    stderr_messages().say(
        "kolben agent: the program became another one with other rights, which is not seen "
        "(docs/agent.md)");
  }
  say(reader.abandoned(), "records were left unfinished by processes that were killed");
  say(counts.damaged, "records were damaged");
  say(counts.output_cut, "bytes of output were too much at once and were not captured");
  say(counts.streams_given_up,
      "connections to databases or over HTTP/2 were not followed to their end: encrypted, not "
      "understood, or with gaps (docs/agent.md)");
  say(counts.streams_made_room,
      "connections to databases or over HTTP/2 were not followed to their end: others took their "
      "place (docs/agent.md)");
  say(counts.commands_dropped, "commands have no span: too many ran at a time");
  say(counts.resources_refused,
      "programs with an OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES of their own were told of "
      "without it: too many, or the configuration file has mistakes with them (docs/agent.md)");
  say(counts.collectors_left_out,
      "spans and log records of programs that receive what agents export were left out: they would "
      "have come back to them without end (docs/agent.md)");
  say(counts.measurements_refused,
      "measurements were refused: no numbers, or too many instruments");
}

template <std::size_t kSize>
void copy_text(const std::string& text, char (&to)[kSize]) {
  // Names of samplers and propagators fit; of lists of headers that was looked at.
  to[text.copy(to, kSize - 1)] = '\0';
}

void note_log_files(RingHeader* ring, const Settings& settings) {
  LogFileNames names;
  for (const std::string& name : settings.log_files) {
    const LogFileFault fault = names.add(name.data(), name.size());
    if (fault == LogFileFault::kNone) continue;
    stderr_messages().warn("kolben agent: log_files: " + name + " " + describe(fault));
  }
  ::kolben::agent::note_log_files(ring, names.patterns(), names.size());
}

std::string_view sampler_argument(const Settings& settings) {
  if (settings.for_library) return settings.for_library->sampler_argument;
  const auto found = settings.environment.find("OTEL_TRACES_SAMPLER_ARG");
  return found == settings.environment.end() ? std::string_view() : found->second;
}

// Null: the sampler is none.
std::unique_ptr<RemoteSampler> start_remote_sampler(RingHeader* ring, Settings& settings) {
  static_assert(sizeof(SamplingTable) <= kSamplingBytes);
  SamplingTable* const table = sampling_table(sampling_memory(ring), kSamplingBytes);
  if (!settings.remote_sampling || table == nullptr) return nullptr;
  settings.sampler.follow(table, [] { return system_clock().unix_nanos(); });
  const RemoteSampling& remote = *settings.remote_sampling;
  try {
    return std::make_unique<RemoteSampler>(
        shown_endpoint(remote.peer.endpoint),
        RemoteSampler::Times{.interval = std::chrono::nanoseconds(remote.interval_nanos),
                             .initial_rate = describe_initial_rate(sampler_argument(settings))},
        make_sampling_source(remote, std::string(service_name_of(settings))), *table,
        stderr_messages(), Secrets(remote.peer));
  } catch (const std::system_error& error) {  // little memory, or as many threads as may be
    stderr_messages().warn(std::string("kolben agent: nobody asks for sampling strategies: ") +
                           error.code().message());
    return nullptr;
  }
}

// The detectors look at the program, which is still the launcher: not for long.
void wait_for_program(const RingHeader* ring) {
  constexpr int kPolls = 20;
  for (int i = 0; i < kPolls && used_slots(ring) == 0; ++i) ::usleep(5000);
}

// Says what is wrong with a configuration file, tells the library what it says, and lets the
// launcher go on. False: there is to be no telemetry.
bool tell_settings(RingHeader* ring, const Settings& settings, const Arguments& arguments) {
  for (const std::string& mistake : settings.mistakes) {
    stderr_messages().say("kolben agent: " + mistake);
  }
  if (!settings.mistakes.empty()) {
    stderr_messages().say("kolben agent: the program runs without telemetry");
  }
  const bool is_wanted = settings.mistakes.empty() && !settings.is_disabled;
  if (is_wanted && settings.for_library) {
    LibrarySettings told;
    copy_text(settings.for_library->sampler, told.sampler);
    copy_text(settings.for_library->sampler_argument, told.sampler_argument);
    copy_text(settings.for_library->propagators, told.propagators);
    for (int i = 0; i < CapturedHeaders::kLists; ++i) {
      copy_text(settings.for_library->captured_headers[i], told.captured_headers[i]);
    }
    told.captures_output = settings.captures_output ? 1 : 0;
    note_log_files(ring, settings);
    tell_library(ring, told);
  }
  if (arguments.ready < 0) return is_wanted;
  // The launcher may be gone: its program is, then.
  [[maybe_unused]] const ssize_t written = ::write(arguments.ready, is_wanted ? "y" : "n", 1);
  ::close(arguments.ready);
  if (is_wanted && !settings.resource_detectors.empty()) wait_for_program(ring);
  return is_wanted;
}

}  // namespace

int process_main(int argc, char** argv) {
  Arguments arguments;
  if (!parse_arguments(argc, argv, arguments)) {
    stderr_messages().say(
        "usage: kolben-agent --ring PATH --pid PID [--pidfd FILE_NUMBER] [--ready FILE_NUMBER] "
        "[--crash-marks PATH] [--group ID --session ID]");
    return 2;
  }
  set_heap();
  set_signals();
  set_terminal({STDERR_FILENO, arguments.pid, arguments.group, arguments.session});
  raise_file_limit();
  RingHeader* const ring = map_ring(arguments.ring.c_str());
  if (ring == nullptr) {
    stderr_messages().say("kolben agent: cannot map the ring " + arguments.ring);
    return 1;
  }
  hold_ring(arguments.ring.c_str());
  note_reader(ring, static_cast<std::uint32_t>(::getpid()));
  Settings settings = load_settings(process_environment());
  set_log_level(settings.log_level);
  // Of variables the launcher has said so, before the program began (said_settings.h).
  const bool was_file_read = arguments.ready >= 0;
  for (const std::string& warning : settings.warnings) {
    if (was_file_read) stderr_messages().warn("kolben agent: " + warning);
  }
  if (!tell_settings(ring, settings, arguments)) {
    ::unlink(arguments.ring.c_str());
    return settings.mistakes.empty() ? 0 : 1;
  }
  detect_resource(settings, arguments.pid);
  std::unique_ptr<RemoteSampler> remote_sampler = start_remote_sampler(ring, settings);
  Clock& clock = system_clock();
  SharedOutput output;
  ExporterSet exporters(settings, output, clock, stderr_messages());
  Recorder recorder(settings, exporters.by_signal(), output, clock.unix_nanos());
  recorder.set_messages(&stderr_messages());
  AgentLoop loop(ring, arguments.ring, recorder, clock, should_stop);
  const CrashMarks marks(arguments.crash_marks, clock.steady_nanos());
  loop.set_crash_marks(&marks);
  loop.run(arguments.pid, arguments.pidfd);
  recorder.finish(loop.active_requests(), clock.unix_nanos());
  say_losses(loop.reader(), recorder.counts());
  ::unlink(arguments.ring.c_str());
  remote_sampler.reset();
  exporters.shutdown(std::chrono::steady_clock::now() + kFlushTime);
  tell_end_is_done(ring);
  unmap_ring(ring);
  ::close(STDOUT_FILENO);
  return 0;
}

}  // namespace kolben::agent
