#include "agent/process/process_metrics.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <unistd.h>

#include <map>

#include "base/clock.h"

namespace kolben::agent {
namespace {

constexpr char kStat[] =
    "17 (a) b (c) S 1 17 17 0 -1 4194304 1000 0 3 0 250 125 0 0 20 0 4 0 6000 8192000 500 1844\n";
constexpr char kStatus[] =
    "Name:\tx\nVmRSS:\t 1 kB\nvoluntary_ctxt_switches:\t70\nnonvoluntary_ctxt_switches:\t7\n";

TEST(ProcessMetrics, WhatProcTells) {
  const long ticks = ::sysconf(_SC_CLK_TCK);  // a second
  const auto numbers = parse_process(kStat, kStatus, 1'000'000'000);
  ASSERT_TRUE(numbers);
  EXPECT_EQ(numbers->start_time,
            1'000'000'000u + 6000 * (1'000'000'000u / static_cast<unsigned long>(ticks)));
  EXPECT_EQ(numbers->user_seconds, 250.0 / static_cast<double>(ticks));
  EXPECT_EQ(numbers->system_seconds, 125.0 / static_cast<double>(ticks));
  EXPECT_EQ(numbers->minor_faults, 1000);
  EXPECT_EQ(numbers->major_faults, 3);
  EXPECT_EQ(numbers->threads, 4);
  EXPECT_EQ(numbers->virtual_bytes, 8'192'000);
  EXPECT_EQ(numbers->memory_bytes, 500 * ::sysconf(_SC_PAGESIZE));
  EXPECT_EQ(numbers->voluntary_switches, 70);
  EXPECT_EQ(numbers->involuntary_switches, 7);
}

TEST(ProcessMetrics, WhatWentToTheDisk) {
  const auto disk = parse_disk_bytes(
      "rchar: 9\nwchar: 8\nsyscr: 7\nsyscw: 6\nread_bytes: 4096\nwrite_bytes: 8192\n"
      "cancelled_write_bytes: 5\n");
  ASSERT_TRUE(disk);
  EXPECT_EQ(disk->read, 4096);
  EXPECT_EQ(disk->written, 8192);
  EXPECT_FALSE(parse_disk_bytes("")) << "another user's process";
}

TEST(ProcessMetrics, WhatIsCutIsNoProcess) {
  EXPECT_FALSE(parse_process("", "", 0));
  EXPECT_FALSE(parse_process("17 (x", "", 0));
  EXPECT_FALSE(parse_process("17 (x) S 1 2 3", "", 0));
}

class Collected {
 public:
  Collected(ProcessMetrics& metrics, const std::vector<std::uint32_t>& pids) {
    ResourceMetrics& resource = batch_.metrics().resources.add(batch_.arena());
    metrics.collect(pids, resource, batch_.arena(), system_clock().unix_nanos());
    for (const ScopeMetrics& scope : resource.scopes) {
      for (const Metric& metric : scope.metrics) by_name_[std::string(metric.name)] = &metric;
    }
  }
  const std::map<std::string, const Metric*>& all() const { return by_name_; }
  const Metric& at(const std::string& name) const { return *by_name_.at(name); }

 private:
  Batch batch_{Signal::kMetrics};
  std::map<std::string, const Metric*> by_name_;
};

const std::vector<std::uint32_t> kThisProcess = {static_cast<std::uint32_t>(::getpid())};

// Another start would tell that the counters began anew.
TEST(ProcessMetrics, CumulativeCountersKeepTheirStart) {
  ProcessMetrics metrics(Temporality::kCumulative);
  const auto start = [&metrics] {
    const Collected collected(metrics, kThisProcess);
    return collected.at("process.cpu.time").number_points[0].start_time_unix_nano;
  };
  const std::uint64_t first = start();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(start(), first);
}

TEST(ProcessMetrics, OfThisProcess) {
  ProcessMetrics metrics(Temporality::kCumulative);
  const Collected collected(metrics, kThisProcess);
  const bool may_know_disk = access("/proc/self/io", R_OK) == 0;
  EXPECT_EQ(collected.all().size(), may_know_disk ? 10u : 9u);
  const Metric& memory = collected.at("process.memory.usage");
  EXPECT_EQ(memory.unit, "By");
  EXPECT_FALSE(memory.is_monotonic);
  ASSERT_EQ(memory.number_points.size(), 1u);
  EXPECT_GT(memory.number_points[0].value.integer, 100'000);
  EXPECT_EQ(find(memory.number_points[0].attributes, "process.pid")->as_int(), ::getpid());
  const Metric& time = collected.at("process.cpu.time");
  EXPECT_TRUE(time.is_monotonic);
  ASSERT_EQ(time.number_points.size(), 2u);
  EXPECT_EQ(find(time.number_points[1].attributes, "cpu.mode")->as_string(), "system");
  EXPECT_GE(collected.at("process.unix.file_descriptor.count").number_points[0].value.integer, 3);
  EXPECT_GE(collected.at("process.thread.count").number_points[0].value.integer, 1);
  const double uptime = collected.at("process.uptime").number_points[0].value.real;
  EXPECT_GT(uptime, 0);
  EXPECT_LT(uptime, 3600);
}

TEST(ProcessMetrics, DeltasCountFromTheLastTime) {
  ProcessMetrics metrics(Temporality::kDelta);
  const Collected first(metrics, kThisProcess);
  const std::int64_t before = first.at("process.paging.faults").number_points[1].value.integer;
  EXPECT_GT(before, 100);
  const Collected second(metrics, kThisProcess);
  EXPECT_LT(second.at("process.paging.faults").number_points[1].value.integer, before);
  EXPECT_EQ(second.at("process.cpu.time").temporality, Temporality::kDelta);
}

double sum_of(const Metric& metric) {
  double sum = 0;
  for (const NumberPoint& point : metric.number_points) sum += point.value.to_double();
  return sum;
}

TEST(ProcessMetrics, TheShareOfTheProcessorsIsOfTheTimeBetween) {
  ProcessMetrics metrics(Temporality::kCumulative);
  const Collected first(metrics, kThisProcess);
  const double before = sum_of(first.at("process.cpu.time"));
  const auto busy_until = system_clock().unix_nanos() + 60'000'000;
  while (system_clock().unix_nanos() < busy_until) {
  }
  const Collected second(metrics, kThisProcess);
  const Metric& share = second.at("process.cpu.utilization");
  EXPECT_EQ(share.kind, MetricKind::kGauge);
  EXPECT_EQ(share.unit, "1");
  ASSERT_EQ(share.number_points.size(), 2u);
  EXPECT_EQ(find(share.number_points[0].attributes, "cpu.mode")->as_string(), "user");
  cpu_set_t set;
  ASSERT_EQ(sched_getaffinity(0, sizeof set, &set), 0);
  const double seconds =
      static_cast<double>(share.number_points[0].time_unix_nano -
                          first.at("process.uptime").number_points[0].time_unix_nano) /
      1e9 * CPU_COUNT(&set);
  EXPECT_NEAR(sum_of(share) * seconds, sum_of(second.at("process.cpu.time")) - before, 1e-6);
}

TEST(ProcessMetrics, BytesOfTheDiskHaveADirection) {
  if (access("/proc/self/io", R_OK) != 0) GTEST_SKIP() << "nobody may know";
  ProcessMetrics metrics(Temporality::kDelta);
  const Collected first(metrics, kThisProcess);
  const Metric& disk = first.at("process.disk.io");
  EXPECT_TRUE(disk.is_monotonic);
  EXPECT_EQ(disk.unit, "By");
  ASSERT_EQ(disk.number_points.size(), 2u);
  EXPECT_EQ(find(disk.number_points[0].attributes, "disk.io.direction")->as_string(), "read");
  EXPECT_EQ(find(disk.number_points[1].attributes, "disk.io.direction")->as_string(), "write");
  const Collected second(metrics, kThisProcess);
  EXPECT_LE(second.at("process.disk.io").number_points[0].value.integer, 1 << 20);
}

TEST(ProcessMetrics, OfNobodyThereIsNothing) {
  ProcessMetrics metrics(Temporality::kCumulative);
  EXPECT_TRUE(Collected(metrics, {}).all().empty());
  EXPECT_TRUE(Collected(metrics, {0x3fffff}).all().empty());
}

}  // namespace
}  // namespace kolben::agent
