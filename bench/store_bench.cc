// The store on the reference data: how much it takes durably, how fast a trace and a search come
// back, how fast it opens, what it needs on disk and in memory. One process, the writer thread and
// one thread that hands over; CPU seconds are of the whole process.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/generator.h"
#include "otlp/check.h"
#include "storage/engine/engine.h"

namespace kolben::storage::engine {
namespace {

using Seconds = std::chrono::duration<double>;

double now_seconds() {
  return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double resident_mib() {
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr) return 0;
  long total = 0;
  long resident = 0;
  const int read = std::fscanf(file, "%ld %ld", &total, &resident);
  std::fclose(file);
  return read == 2 ? static_cast<double>(resident) * 4096 / (1 << 20) : 0;
}

class StoreBench {
 public:
  StoreBench(std::uint64_t spans, std::string directory)
      : spans_(spans), directory_(std::move(directory)) {
    options_.path = directory_ + "/data";
  }

  void run() {
    const double empty = timed([&] { open(); });
    fmt::print("open, empty store           {:8.1f} ms, {:.1f} MiB resident\n", empty * 1e3,
               resident_mib());
    ingest();
    queries("one process");
    const double closed = timed([&] { KOLBEN_CHECK(engine_->close().is_ok()); });
    fmt::print("close                       {:8.1f} ms\n", closed * 1e3);
    engine_.reset();
    const double reopened = timed([&] { open(); });
    fmt::print("open, {:4.1f} M spans          {:8.1f} ms, {:.1f} MiB resident\n",
               static_cast<double>(engine_->stats().spans) / 1e6, reopened * 1e3, resident_mib());
    queries("reopened");
  }

 private:
  template <typename Work>
  static double timed(Work work) {
    const double begin = now_seconds();
    work();
    return now_seconds() - begin;
  }

  void open() {
    auto opened = Engine::open(options_, system_file_system(), system_clock(),
                               [](const std::string& line) { fmt::print("{}\n", line); });
    if (!opened) {
      fmt::print("{}\n", opened.error().to_string());
      std::exit(1);
    }
    engine_ = std::move(*opened);
  }

  // Rounds of requests made beforehand, so that making them is not measured.
  void ingest() {
    constexpr std::uint64_t kRoundSpans = 200'000;
    bench::SpanGenerator generator(1);
    double wall = 0;
    double cpu = 0;
    std::uint64_t stored = 0;
    std::uint64_t bytes = 0;
    double resident = 0;
    while (stored < spans_) {
      std::vector<Batch> batches;
      std::uint64_t round = 0;
      while (round < std::min(kRoundSpans, spans_ - stored)) {
        std::string request = generator.next_request();
        const std::uint64_t items = *otlp::check(Signal::kTraces, request);
        bytes += request.size();
        round += items;
        WirePiece piece;
        piece.message = Bytes::from_string(std::move(request));
        std::vector<WirePiece> pieces;
        pieces.push_back(std::move(piece));
        batches.push_back(Batch::from_wire(Signal::kTraces, std::move(pieces), items));
      }
      const double cpu_before = cpu_seconds();
      wall += timed([&] { write_all(batches); });
      cpu += cpu_seconds() - cpu_before;
      stored += round;
      resident = std::max(resident, resident_mib());
    }
    fmt::print(
        "durable ingest              {:8.0f} k spans/s wall, {:.0f} k a CPU second "
        "({:.0f} MB/s), {:.0f} MiB resident\n",
        static_cast<double>(stored) / wall / 1e3, static_cast<double>(stored) / cpu / 1e3,
        static_cast<double>(bytes) / wall / 1e6, resident);
    KOLBEN_CHECK(engine_->flush().is_ok());
    KOLBEN_CHECK(engine_->maintain().is_ok());
    const StoreStats stats = engine_->stats();
    fmt::print("on disk                     {:8.1f} bytes a span (on the wire {:.1f})\n",
               static_cast<double>(stats.disk_bytes) / static_cast<double>(stats.spans),
               static_cast<double>(bytes) / static_cast<double>(stored));
  }

  void write_all(std::vector<Batch>& batches) {
    std::atomic<std::size_t> durable{0};
    for (Batch& batch : batches) {
      while (true) {
        const Status taken = engine_->write(std::move(batch), [&durable](Status status) {
          KOLBEN_CHECK(status.is_ok());
          durable.fetch_add(1);
        });
        if (taken) break;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    }
    while (durable.load() < batches.size()) {
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  }

  template <typename Query>
  void report(const char* name, const char* when, int times, Query query) {
    std::vector<double> seconds;
    std::string outcome;
    for (int i = 0; i < times; ++i) seconds.push_back(timed([&] { outcome = query(i); }));
    std::sort(seconds.begin(), seconds.end());
    fmt::print("{:28}{:8.2f} ms median, {:.2f} worst ({}; {})\n", name,
               seconds[seconds.size() / 2] * 1e3, seconds.back() * 1e3, outcome, when);
  }

  void queries(const char* when) {
    const Filter all{And{}};
    TracePage page = *engine_->search({.filter = all, .limit = 200});
    report("trace by id", when, 200, [&](int i) {
      const auto& trace = page.traces[static_cast<std::size_t>(i) % page.traces.size()];
      return fmt::format("{} spans", engine_->get_trace(trace.trace_id)->items());
    });
    report("search, newest 20", when, 10, [&](int) {
      return fmt::format("{} traces", engine_->search({.filter = all})->traces.size());
    });
    const auto tag = [](const char* key, const char* value) {
      return Filter{Compare{Attribute{AttributeScope::kAny, key}, Operator::kEqual, value}};
    };
    report("tag search, common", when, 10, [&](int) {
      return fmt::format(
          "{} traces",
          engine_->search({.filter = tag("http.request.method", "GET")})->traces.size());
    });
    report("tag search, no match", when, 3, [&](int) {
      const auto found = engine_->search({.filter = tag("http.request.method", "NONE")});
      return fmt::format("{} traces, {} spans looked at", found->traces.size(),
                         found->spans_scanned);
    });
    report("duration search", when, 5, [&](int) {
      const Filter slow{Compare{Intrinsic::kDuration, Operator::kGreater, std::int64_t{1} << 50}};
      return fmt::format("{} traces", engine_->search({.filter = slow})->traces.size());
    });
    report("histogram of all", when, 5, [&](int) {
      return fmt::format("{} spans", engine_->histogram({.filter = all})->total);
    });
    report("dependencies", when, 1,
           [&](int) { return fmt::format("{} links", engine_->dependencies({})->size()); });
  }

  const std::uint64_t spans_;
  const std::string directory_;
  Options options_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace
}  // namespace kolben::storage::engine

// store_bench [SPANS [DIRECTORY]]: the directory is where the disk is that shall be measured.
int main(int argc, char** argv) {
  const std::uint64_t spans = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  std::string pattern = (argc > 2 ? std::string(argv[2]) : std::string("/tmp")) + "/store-XXXXXX";
  const std::string directory = ::mkdtemp(pattern.data());
  kolben::storage::engine::StoreBench(spans, directory).run();
  std::filesystem::remove_all(directory);
  return 0;
}
