#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

#include "pipeline/metrics_server.h"

namespace kolben::pipeline {
namespace {

double cpu_seconds() {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The second field of /proc/self/statm, in pages (proc(5)).
double resident_bytes() {
  const int descriptor = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0;
  char text[128];
  const ssize_t count = ::read(descriptor, text, sizeof text);
  ::close(descriptor);
  if (count <= 0) return 0;
  const char* end = text + count;
  const auto* space = static_cast<const char*>(memchr(text, ' ', static_cast<std::size_t>(count)));
  std::uint64_t pages = 0;
  if (space != nullptr) std::from_chars(space + 1, end, pages);
  return static_cast<double>(pages) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

std::vector<TelemetryRegistry::GaugeId> add_process_metrics(TelemetryRegistry& registry,
                                                            const Clock& clock) {
  const std::uint64_t started = clock.steady_nanos();
  return {
      registry.add_gauge(
          "otelcol_process_uptime", "Seconds since the start.", {},
          [&clock, started] { return static_cast<double>(clock.steady_nanos() - started) / 1e9; }),
      registry.add_gauge("otelcol_process_cpu_seconds", "CPU time, user and system, in seconds.",
                         {}, &cpu_seconds),
      registry.add_gauge("otelcol_process_memory_rss", "Resident memory, in bytes.", {},
                         &resident_bytes),
  };
}

}  // namespace kolben::pipeline
