#include "agent/process/process_metrics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "agent/process/settings.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kScope = "kolben.agent.process";
constexpr std::uint64_t kNanos = 1'000'000'000;
// A server may have a million; counting them must not take a second.
constexpr std::int64_t kFilesMax = 100'000;

// stat, status and io are some hundred bytes.
std::string read_small_file(const std::string& path) {
  char buffer[4096];
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return {};
  const ssize_t size = ::read(file, buffer, sizeof buffer);
  ::close(file);
  return {buffer, static_cast<std::size_t>(size < 0 ? 0 : size)};
}

std::optional<std::int64_t> count_files(const std::string& process) {
  DIR* const directory = ::opendir((process + "/fd").c_str());
  if (directory == nullptr) return std::nullopt;
  std::int64_t count = 0;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.' && ++count == kFilesMax) break;
  }
  ::closedir(directory);
  return count;
}

// That it may run on; all where that cannot be asked.
double processors_of(std::uint32_t pid) {
  cpu_set_t set;
  CPU_ZERO(&set);
  const bool is_known = ::sched_getaffinity(static_cast<pid_t>(pid), sizeof set, &set) == 0;
  return static_cast<double>(is_known ? CPU_COUNT(&set) : ::sysconf(_SC_NPROCESSORS_ONLN));
}

std::uint64_t boot_time(std::uint64_t now) {
  timespec since_boot{};
  ::clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return now - static_cast<std::uint64_t>(since_boot.tv_sec) * kNanos -
         static_cast<std::uint64_t>(since_boot.tv_nsec);
}

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// The number behind "voluntary_ctxt_switches:", at the begin of a line.
std::int64_t line_number(std::string_view status, std::string_view name) {
  const std::size_t found = status.find("\n" + std::string(name));
  return found == std::string_view::npos ? 0 : number_of(status.substr(found + 1 + name.size()));
}

// Builds the points of one metric after another.
class Writer {
 public:
  Writer(ScopeMetrics& scope, Arena& arena, std::uint64_t now, Temporality counters)
      : scope_(scope), arena_(arena), now_(now), counters_(counters) {}

  void counter(std::string_view name, std::string_view unit, std::string_view description) {
    begin(name, unit, description, MetricKind::kSum, counters_, true);
  }
  void amount(std::string_view name, std::string_view unit, std::string_view description) {
    begin(name, unit, description, MetricKind::kSum, Temporality::kCumulative, false);
  }
  void gauge(std::string_view name, std::string_view unit, std::string_view description) {
    begin(name, unit, description, MetricKind::kGauge, Temporality::kUnspecified, false);
  }

  void point(std::uint32_t pid, std::uint64_t since, Number value, std::string_view key = {},
             std::string_view mode = {}) {
    NumberPoint& point = metric_->number_points.add(arena_);
    point.attributes.push_back(arena_, {"process.pid", Value::integer(pid)});
    if (!key.empty()) point.attributes.push_back(arena_, {key, Value::string(mode)});
    if (metric_->kind == MetricKind::kSum) point.start_time_unix_nano = since;
    point.time_unix_nano = now_;
    point.value = value;
  }

 private:
  void begin(std::string_view name, std::string_view unit, std::string_view description,
             MetricKind kind, Temporality temporality, bool is_monotonic) {
    metric_ = &scope_.metrics.add(arena_);
    metric_->name = name;
    metric_->unit = unit;
    metric_->description = description;
    metric_->kind = kind;
    metric_->temporality = temporality;
    metric_->is_monotonic = is_monotonic;
  }

  ScopeMetrics& scope_;
  Arena& arena_;
  const std::uint64_t now_;
  const Temporality counters_;
  Metric* metric_ = nullptr;
};

Number whole(std::int64_t value) {
  return {NumberType::kInt, value, 0};
}
Number real(double value) {
  return {NumberType::kDouble, 0, value};
}

}  // namespace

std::optional<ProcessNumbers> parse_process(std::string_view stat, std::string_view status,
                                            std::uint64_t boot_time) {
  // The name, in parentheses, may hold anything. What follows it is the third field.
  const std::size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  stat.remove_prefix(name_end + 2);
  constexpr std::size_t kFirst = 3;
  constexpr std::size_t kLast = 24;
  std::int64_t fields[kLast + 1] = {};
  for (std::size_t i = kFirst; i <= kLast; ++i) {
    if (stat.empty()) return std::nullopt;
    const std::size_t end = std::min(stat.find(' '), stat.size());
    fields[i] = number_of(stat.substr(0, end));
    stat.remove_prefix(std::min(end + 1, stat.size()));
  }
  static const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  static const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  ProcessNumbers numbers;
  numbers.minor_faults = fields[10];
  numbers.major_faults = fields[12];
  numbers.user_seconds = static_cast<double>(fields[14]) / ticks;
  numbers.system_seconds = static_cast<double>(fields[15]) / ticks;
  numbers.threads = fields[20];
  const double start_seconds = static_cast<double>(fields[22]) / ticks;
  numbers.start_time = boot_time + static_cast<std::uint64_t>(start_seconds * 1e9);
  numbers.virtual_bytes = fields[23];
  numbers.memory_bytes = fields[24] * page;
  numbers.voluntary_switches = line_number(status, "voluntary_ctxt_switches:");
  numbers.involuntary_switches = line_number(status, "nonvoluntary_ctxt_switches:");
  return numbers;
}

std::optional<DiskBytes> parse_disk_bytes(std::string_view io) {
  if (io.find("\nread_bytes:") == std::string_view::npos) return std::nullopt;
  return DiskBytes{line_number(io, "read_bytes:"), line_number(io, "write_bytes:")};
}

std::optional<ProcessMetrics::Process::Shares> ProcessMetrics::shares_of(const Process& process,
                                                                         const Told& before,
                                                                         std::uint64_t now) {
  if (now <= before.time) return std::nullopt;
  const double seconds = static_cast<double>(now - before.time) / 1e9 * processors_of(process.pid);
  return Process::Shares{
      (process.numbers.user_seconds - before.numbers.user_seconds) / seconds,
      (process.numbers.system_seconds - before.numbers.system_seconds) / seconds};
}

std::vector<ProcessMetrics::Process> ProcessMetrics::read(const std::vector<std::uint32_t>& pids,
                                                          std::uint64_t now) {
  std::vector<Process> result;
  std::unordered_map<std::uint32_t, Told> told;
  // Once: counters that begin anew at each export would count as reset.
  if (boot_time_ == 0) boot_time_ = boot_time(now);
  for (const std::uint32_t pid : pids) {
    if (result.size() == kProcessesMax) break;
    const std::string process = "/proc/" + std::to_string(pid);
    const std::string stat = read_small_file(process + "/stat");
    auto numbers = parse_process(stat, read_small_file(process + "/status"), boot_time_);
    if (!numbers) continue;
    numbers->files = count_files(process);
    numbers->disk = parse_disk_bytes(read_small_file(process + "/io"));
    Process& read = result.emplace_back(Process{pid, *numbers, {}, numbers->start_time, {}});
    Told before{{}, numbers->start_time};
    const auto last = told_.find(pid);
    // Another process may have got the number.
    if (last != told_.end() && last->second.numbers.start_time == numbers->start_time) {
      before = last->second;
    }
    read.shares = shares_of(read, before, now);
    told[pid] = {*numbers, now};
    if (temporality_ != Temporality::kDelta) continue;
    read.last = before.numbers;
    read.since = before.time;
  }
  told_ = std::move(told);
  return result;
}

template <typename Writer>
void ProcessMetrics::add_shares(const std::vector<Process>& all, Writer& writer) {
  writer.gauge("process.cpu.utilization", "1",
               "Difference in process.cpu.time since the last measurement, divided by the elapsed "
               "time and number of CPUs available to the process.");
  for (const Process& p : all) {
    if (!p.shares) continue;
    writer.point(p.pid, p.since, real(p.shares->user), "cpu.mode", "user");
    writer.point(p.pid, p.since, real(p.shares->system), "cpu.mode", "system");
  }
}

// Nothing at all where of no process it may be known.
template <typename Writer>
void ProcessMetrics::add_disk(const std::vector<Process>& all, Writer& writer) {
  const bool is_known = std::any_of(all.begin(), all.end(),
                                    [](const Process& p) { return p.numbers.disk.has_value(); });
  if (!is_known) return;
  writer.counter("process.disk.io", "By", "Disk bytes transferred.");
  for (const Process& p : all) {
    if (!p.numbers.disk) continue;
    const DiskBytes last = p.last.disk.value_or(DiskBytes{});
    writer.point(p.pid, p.since, whole(p.numbers.disk->read - last.read), "disk.io.direction",
                 "read");
    writer.point(p.pid, p.since, whole(p.numbers.disk->written - last.written), "disk.io.direction",
                 "write");
  }
}

void ProcessMetrics::collect(const std::vector<std::uint32_t>& pids, ResourceMetrics& resource,
                             Arena& arena, std::uint64_t now) {
  const std::vector<Process> all = read(pids, now);
  if (all.empty()) return;
  ScopeMetrics& scope = resource.scopes.add(arena);
  scope.scope.name = kScope;
  scope.scope.version = agent_version();
  Writer writer(scope, arena, now, temporality_);
  writer.counter("process.cpu.time", "s", "Total CPU seconds broken down by different CPU modes.");
  for (const auto& [pid, numbers, last, since, shares] : all) {
    writer.point(pid, since, real(numbers.user_seconds - last.user_seconds), "cpu.mode", "user");
    writer.point(pid, since, real(numbers.system_seconds - last.system_seconds), "cpu.mode",
                 "system");
  }
  add_shares(all, writer);
  writer.amount("process.memory.usage", "By", "The amount of physical memory in use.");
  for (const Process& p : all)
    writer.point(p.pid, p.numbers.start_time, whole(p.numbers.memory_bytes));
  writer.amount("process.memory.virtual", "By", "The amount of committed virtual memory.");
  for (const Process& p : all)
    writer.point(p.pid, p.numbers.start_time, whole(p.numbers.virtual_bytes));
  add_disk(all, writer);
  writer.amount("process.thread.count", "{thread}", "Process threads count.");
  for (const Process& p : all) writer.point(p.pid, p.numbers.start_time, whole(p.numbers.threads));
  writer.amount("process.unix.file_descriptor.count", "{file_descriptor}",
                "Number of UNIX file descriptors in use by the process.");
  for (const Process& p : all) {
    if (p.numbers.files) writer.point(p.pid, p.numbers.start_time, whole(*p.numbers.files));
  }
  writer.counter("process.context_switches", "{context_switch}",
                 "Number of times the process has been context switched.");
  constexpr std::string_view kSwitch = "process.context_switch.type";
  for (const auto& [pid, numbers, last, since, shares] : all) {
    writer.point(pid, since, whole(numbers.voluntary_switches - last.voluntary_switches), kSwitch,
                 "voluntary");
    writer.point(pid, since, whole(numbers.involuntary_switches - last.involuntary_switches),
                 kSwitch, "involuntary");
  }
  writer.counter("process.paging.faults", "{fault}", "Number of page faults the process has made.");
  constexpr std::string_view kFault = "system.paging.fault.type";
  for (const auto& [pid, numbers, last, since, shares] : all) {
    writer.point(pid, since, whole(numbers.major_faults - last.major_faults), kFault, "major");
    writer.point(pid, since, whole(numbers.minor_faults - last.minor_faults), kFault, "minor");
  }
  writer.gauge("process.uptime", "s", "The time the process has been running.");
  for (const Process& p : all) {
    const std::uint64_t start = std::min(p.numbers.start_time, now);
    writer.point(p.pid, p.since, real(static_cast<double>(now - start) / 1e9));
  }
}

}  // namespace kolben::agent
