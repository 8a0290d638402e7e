#include "processors/memory_limiter/memory_limiter.h"

#include <malloc.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "config/reader.h"

namespace kolben::processors::memory_limiter {
namespace {

constexpr std::uint64_t kMib = 1 << 20;
constexpr std::uint64_t kDefaultSpikePercentage = 20;  // of the limit, as in the Collector

// One number in a small file; 0 where there is none ("max").
std::uint64_t read_number(const char* path) {
  std::FILE* file = std::fopen(path, "re");
  if (file == nullptr) return 0;
  unsigned long long number = 0;
  if (std::fscanf(file, "%llu", &number) != 1) number = 0;
  std::fclose(file);
  return number;
}

// What this process may have: the cgroup's limit where there is one, else the machine's memory.
std::uint64_t total_memory_bytes() {
  struct sysinfo machine{};
  std::uint64_t total = 0;
  if (sysinfo(&machine) == 0) total = std::uint64_t{machine.totalram} * machine.mem_unit;
  const std::uint64_t cgroup = read_number("/sys/fs/cgroup/memory.max");
  return cgroup != 0 ? std::min(total, cgroup) : total;
}

Settings read_settings(pipeline::CreateContext& context) {
  Settings settings;
  config::Reader reader(context.config, "processors::" + context.id, context.errors);
  reader.optional("check_interval", settings.check_interval);
  std::uint64_t limit_mib = 0;
  std::uint64_t spike_mib = 0;
  std::uint64_t limit_percentage = 0;
  std::uint64_t spike_percentage = 0;
  reader.optional("limit_mib", limit_mib);
  reader.optional("spike_limit_mib", spike_mib);
  reader.optional("limit_percentage", limit_percentage);
  reader.optional("spike_limit_percentage", spike_percentage);
  reader.ignored("min_gc_interval_when_soft_limited", "there is no garbage collector");
  reader.ignored("min_gc_interval_when_hard_limited", "there is no garbage collector");

  if (settings.check_interval.count() <= 0) {
    reader.error("check_interval", "must be greater than zero, for example 1s");
  }
  if (limit_percentage > 100 || spike_percentage > 100) {
    reader.error("limit_percentage", "percentages are between 1 and 100");
    return settings;
  }
  constexpr std::uint64_t kLimitMibMax = std::uint64_t{1} << 32;  // keeps the product in 64 bits
  if (limit_mib > kLimitMibMax || spike_mib > kLimitMibMax) {
    reader.error("limit_mib", "is more memory than any machine has");
    return settings;
  }
  settings.limit_bytes =
      limit_mib != 0 ? limit_mib * kMib : total_memory_bytes() / 100 * limit_percentage;
  settings.spike_bytes =
      spike_mib != 0 ? spike_mib * kMib : total_memory_bytes() / 100 * spike_percentage;
  if (settings.limit_bytes == 0) {
    reader.error("limit_mib", "limit_mib or limit_percentage must be greater than zero");
    return settings;
  }
  if (settings.spike_bytes == 0) {
    settings.spike_bytes = settings.limit_bytes / 100 * kDefaultSpikePercentage;
  }
  if (settings.spike_bytes >= settings.limit_bytes) {
    reader.error("spike_limit_mib", "must be smaller than limit_mib");
  }
  return settings;
}

std::size_t index_of(Signal signal) {
  return static_cast<std::size_t>(signal) - 1;
}

}  // namespace

std::uint64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  unsigned long long total_pages = 0;
  unsigned long long resident_pages = 0;
  if (std::fscanf(file, "%llu %llu", &total_pages, &resident_pages) != 2) resident_pages = 0;
  std::fclose(file);
  return resident_pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

void give_back_memory() {
  malloc_trim(0);
}

MemoryLimiter::MemoryLimiter(std::string id, Settings settings, pipeline::Consumer* next,
                             ReadMemory read_memory, GiveBack give_back)
    : id_(std::move(id)),
      settings_(settings),
      next_(next),
      read_memory_(std::move(read_memory)),
      give_back_(std::move(give_back)) {}

Status MemoryLimiter::start(pipeline::Host& host) {
  clock_ = &host.clock();
  for (const Signal signal : kAllSignals) {
    const std::string items(items_name(signal));
    const pipeline::Labels labels{{"processor", id_}};
    refused_[index_of(signal)] =
        &host.telemetry().counter("otelcol_processor_memory_limiter_refused_" + items,
                                  "Number of " + items + " refused for lack of memory", labels);
    accepted_[index_of(signal)] =
        &host.telemetry().counter("otelcol_processor_memory_limiter_accepted_" + items,
                                  "Number of " + items + " let through", labels);
  }
  return Status::ok();
}

Status MemoryLimiter::consume(pipeline::Delivery&& delivery) {
  const std::size_t signal = index_of(delivery.batch.signal());
  const std::uint64_t items = delivery.batch.items();
  const std::uint64_t bytes = delivery.batch.bytes();
  if (estimate() + bytes > settings_.soft_limit_bytes()) {
    refused_[signal]->add(items);
    return resource_exhausted("data refused due to high memory usage")
        .with_retry_after(
            std::chrono::duration_cast<std::chrono::milliseconds>(settings_.check_interval));
  }
  passed_since_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  Status status = next_->consume(std::move(delivery));
  if (status.is_ok()) accepted_[signal]->add(items);
  return status;
}

std::uint64_t MemoryLimiter::estimate() {
  if (clock_->steady_nanos() >= next_reading_nanos_.load(std::memory_order_relaxed) &&
      !is_reading_.exchange(true, std::memory_order_acquire)) {
    read_again();
    is_reading_.store(false, std::memory_order_release);
  }
  return last_reading_bytes_.load(std::memory_order_relaxed) +
         passed_since_bytes_.load(std::memory_order_relaxed);
}

void MemoryLimiter::read_again() {
  std::uint64_t bytes = read_memory_();
  // From where data is refused: what nobody uses, but the allocator keeps, would be a reason to
  // refuse for ever.
  if (bytes > settings_.soft_limit_bytes()) {
    give_back_();
    bytes = read_memory_();
  }
  passed_since_bytes_.store(0, std::memory_order_relaxed);
  last_reading_bytes_.store(bytes, std::memory_order_relaxed);
  next_reading_nanos_.store(
      clock_->steady_nanos() + static_cast<std::uint64_t>(settings_.check_interval.count()),
      std::memory_order_relaxed);
}

std::unique_ptr<pipeline::Processor> create(pipeline::CreateContext& context) {
  const Settings settings = read_settings(context);
  pipeline::Consumer* next = context.outputs.traces    ? context.outputs.traces
                             : context.outputs.metrics ? context.outputs.metrics
                                                       : context.outputs.logs;
  return std::make_unique<MemoryLimiter>(context.id, settings, next, &resident_bytes,
                                         &give_back_memory);
}

}  // namespace kolben::processors::memory_limiter
