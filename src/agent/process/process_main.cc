#include "agent/process/process_main.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/process/agent_loop.h"
#include "agent/process/console_exporter.h"
#include "agent/process/crash_marks.h"
#include "agent/process/otlp_exporter.h"
#include "agent/process/otlp_losses.h"
#include "agent/process/otlp_transport.h"
#include "agent/process/recorder.h"
#include "agent/process/settings.h"
#include "agent/ring/ring.h"
#include "agent/ring/ring_files.h"
#include "base/clock.h"

namespace kolben::agent {
namespace {

// The promise is two seconds after the program's end: the watch needs a tenth, closing connections
// another.
constexpr std::chrono::milliseconds kFlushTime{1400};
constexpr std::chrono::milliseconds kForcedEnd{1700};

struct Arguments {
  std::string ring;
  std::uint32_t pid = 0;
  int pidfd = -1;           // of `pid`
  std::string crash_marks;  // a file
};

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

// The first argument may be the command's own name, "agent".
bool parse_arguments(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "agent") continue;
    if (i + 1 >= argc) return false;
    const std::string_view value = argv[++i];
    if (name == "--ring") {
      arguments.ring = value;
    } else if (name == "--crash-marks") {
      arguments.crash_marks = value;
    } else if (name == "--pid") {
      if (!parse_number(value, arguments.pid)) return false;
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

// Whatever hangs in a library, the process ends. Zero: called off.
void end_by_force_after(std::chrono::milliseconds time) {
  struct sigaction end{};
  end.sa_handler = [](int) { ::_exit(0); };
  ::sigaction(SIGALRM, &end, nullptr);
  itimerval timer{};
  timer.it_value.tv_sec = time.count() / 1000;
  timer.it_value.tv_usec = static_cast<suseconds_t>(time.count() % 1000 * 1000);
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

// All exporters of the settings; the recorder gets them by signal.
class ExporterSet {
 public:
  ExporterSet(const Settings& settings, SharedOutput& output) {
    for (const Signal signal : kAllSignals) {
      for (const ExporterSettings& exporter : settings.exporters(signal)) {
        add(settings, signal, exporter, output);
      }
    }
  }

  const Exporters& by_signal() const { return by_signal_; }

  void shutdown(std::chrono::steady_clock::time_point deadline) {
    end_by_force_after(kForcedEnd);
    std::vector<OtlpLoss> losses;
    for (const auto& exporter : network_) {
      exporter->shutdown(deadline);
      losses.push_back(exporter->loss());
    }
    for (const std::string& sentence : loss_sentences(losses)) stderr_messages().say(sentence);
    network_.clear();
    end_by_force_after(std::chrono::milliseconds(0));
    // A reader of the console, a pager say, may take its time: nothing is lost.
    if (console_) console_->shutdown(deadline);
  }

 private:
  std::vector<Exporter*>& list_of(Signal signal) {
    if (signal == Signal::kTraces) return by_signal_.traces;
    return signal == Signal::kMetrics ? by_signal_.metrics : by_signal_.logs;
  }

  void add(const Settings& settings, Signal signal, const ExporterSettings& exporter,
           SharedOutput& output) {
    if (exporter.kind == ExporterKind::kConsole) {
      if (!console_) {
        console_ = std::make_unique<ConsoleExporter>(STDOUT_FILENO, output, stderr_messages());
      }
      list_of(signal).push_back(console_.get());
      return;
    }
    OtlpExporterSettings otlp;
    otlp.signal = signal;
    otlp.as_json = exporter.kind == ExporterKind::kOtlpHttpJson;
    otlp.endpoint = exporter.otlp.endpoint;
    otlp.timeout = std::chrono::nanoseconds(exporter.otlp.timeout_nanos);
    if (signal == Signal::kTraces) otlp.queue_items_max = settings.span_batches.queue_items_max;
    if (signal == Signal::kLogs) otlp.queue_items_max = settings.log_batches.queue_items_max;
    network_.push_back(std::make_unique<OtlpExporter>(
        std::move(otlp), make_otlp_transport(signal, exporter.kind, exporter.otlp),
        stderr_messages()));
    list_of(signal).push_back(network_.back().get());
  }

  std::unique_ptr<ConsoleExporter> console_;
  std::vector<std::unique_ptr<OtlpExporter>> network_;
  Exporters by_signal_;
};

void say_losses(const RingReader& reader, const Recorder::Counts& counts) {
  const auto say = [](std::uint64_t count, std::string_view what) {
    if (count == 0) return;
    stderr_messages().say("kolben agent: " + std::to_string(count) + " " + std::string(what));
  };
  say(reader.dropped(), "records were lost: the ring was full");
  say(reader.untraced(), "connections, spans or attributes were too many, or too long, to follow");
  say(reader.abandoned(), "records were left unfinished by processes that were killed");
  say(counts.damaged, "records were damaged");
  say(counts.output_cut, "bytes of output were too much at once and were not captured");
  say(counts.streams_given_up,
      "connections to databases or over HTTP/2 were not followed to their end: encrypted, not "
      "understood, or with gaps (docs/agent.md)");
  say(counts.commands_dropped, "commands have no span: too many ran at a time");
  say(counts.measurements_refused,
      "measurements were refused: no numbers, or too many instruments");
}

}  // namespace

int process_main(int argc, char** argv) {
  Arguments arguments;
  if (!parse_arguments(argc, argv, arguments)) {
    stderr_messages().say(
        "usage: kolben agent --ring PATH --pid PID [--pidfd FILE_NUMBER] [--crash-marks PATH]");
    return 2;
  }
  // Ten threads, most of them grpc++'s, which hardly allocate: they need no heap each.
  ::mallopt(M_ARENA_MAX, 1);
  set_signals();
  RingHeader* const ring = map_ring(arguments.ring.c_str());
  if (ring == nullptr) {
    stderr_messages().say("kolben agent: cannot map the ring " + arguments.ring);
    return 1;
  }
  hold_ring(arguments.ring.c_str());
  Settings settings = read_settings(process_environment());
  detect_resource(settings, arguments.pid);
  for (const std::string& warning : settings.warnings) {
    stderr_messages().say("kolben agent: " + warning);
  }
  Clock& clock = system_clock();
  SharedOutput output;
  ExporterSet exporters(settings.is_disabled ? Settings() : settings, output);
  Recorder recorder(settings, exporters.by_signal(), output, clock.unix_nanos());
  AgentLoop loop(ring, arguments.ring, recorder, clock, should_stop);
  const CrashMarks marks(arguments.crash_marks, clock.steady_nanos());
  loop.set_crash_marks(&marks);
  loop.run(arguments.pid, arguments.pidfd);
  recorder.finish(loop.active_requests(), clock.unix_nanos());
  say_losses(loop.reader(), recorder.counts());
  ::unlink(arguments.ring.c_str());
  unmap_ring(ring);
  exporters.shutdown(std::chrono::steady_clock::now() + kFlushTime);
  ::close(STDOUT_FILENO);
  return 0;
}

}  // namespace kolben::agent
