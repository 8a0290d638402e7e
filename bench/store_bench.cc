// The store on the reference data: how much it takes durably, what it needs on disk and in memory,
// how fast it opens, how fast a trace and a search come back. One process; the one that fills large
// stores is its child, so that memory is of the store alone. All of it computes on the first of the
// cores that it may use; questions are asked there with one thread, and once more with a thread on
// each of the cores, as the collector asks them. CPU seconds are of the whole process.
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/random.h"
#include "bench/cores.h"
#include "bench/generator.h"
#include "bench/measure.h"
#include "bench/signals.h"
#include "bench/store_fill.h"
#include "otlp/check.h"
#include "storage/engine/engine.h"
#include "storage/engine/part/span_group.h"
#include "storage/engine/scan/group_walk.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::engine {
namespace {

using bench::allowed_cores;
using bench::cpu_seconds;
using bench::first_of;
using bench::keep_to;
using bench::median;
using bench::resident_mib;
using bench::row;
using bench::timed;

// What goes through the log; the rest of a large store is written as parts before.
constexpr std::uint64_t kIngestMax = 2'000'000;
constexpr std::uint64_t kLogLines = 1'000'000;
constexpr std::uint64_t kPoints = 4'000'000;
// From here on a question is asked fewer times.
constexpr std::uint64_t kLargeSpans = 20'000'000;
// Left in the log by a process that ends without a word.
constexpr std::uint64_t kUnsealedSpans = 60'000;

Filter tag(const char* key, Operator op, Operand operand,
           AttributeScope scope = AttributeScope::kSpan) {
  return Filter{Compare{Attribute{scope, key}, op, std::move(operand)}};
}
Filter field(Intrinsic intrinsic, Operator op, Operand operand) {
  return Filter{Compare{intrinsic, op, std::move(operand)}};
}

Batch batch_of(Signal signal, std::string request) {
  const std::uint64_t items = *otlp::check(signal, request);
  std::vector<WirePiece> pieces(1);
  pieces.front().message = Bytes::from_string(std::move(request));
  return Batch::from_wire(signal, std::move(pieces), items);
}

class StoreBench {
 public:
  StoreBench(std::uint64_t spans, bench::SpanData data, std::string directory, std::string only)
      : spans_(spans),
        ingested_(std::min(spans, kIngestMax)),
        data_(data),
        directory_(std::move(directory)),
        only_(std::move(only)) {}

  void run() {
    keep_to(first_of(cores_));
    options_.path = directory_ + "/spans";
    if (spans_ > ingested_) fill();
    open();
    ingest_spans();
    if (only_.empty()) {
      reopen();
      replay();
    }
    row("resident, opened", resident_mib("VmRSS"), "MiB");
    traces();
    counts();
    questions();
    row("resident, the most of all above", resident_mib("VmHWM"), "MiB");
    KOLBEN_CHECK(engine_->close().is_ok());
    engine_.reset();
    if (only_.empty() || only_.starts_with("log lines")) {
      other_signal(
          "log line", "logs", Signal::kLogs, kLogLines,
          [generator = bench::LogGenerator()]() mutable { return generator.next_request(); },
          [this] { log_questions(); });
    }
    if (!only_.empty()) return;
    other_signal(
        "metric point", "points", Signal::kMetrics, kPoints,
        [generator = bench::PointGenerator()]() mutable { return generator.next_request(); },
        [] {});
    row("resident, the most of all", resident_mib("VmHWM"), "MiB");
  }

 private:
  void open() {
    auto opened = Engine::open(options_, system_file_system(), system_clock(),
                               [](const std::string& line) { fmt::print("{}\n", line); });
    if (!opened) {
      fmt::print("{}\n", opened.error().to_string());
      std::exit(1);
    }
    engine_ = std::move(*opened);
  }

  // Runs `work` in a child.
  static void aside(const std::function<void()>& work) {
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child == 0) {
      work();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    KOLBEN_CHECK(status == 0);
  }

  void fill() {
    const std::uint64_t spans = spans_ - ingested_;
    const double seconds =
        timed([&] { aside([&] { bench::fill_store(options_.path, spans, data_); }); });
    row(fmt::format("{:.0f} M spans written as parts", static_cast<double>(spans) / 1e6),
        static_cast<double>(spans) / seconds / 1e3, "k spans/s",
        "without the log; generating included");
  }

  // Rounds of requests made beforehand, so that making them is not measured.
  void ingest(const std::string& what, Signal signal, std::uint64_t wanted,
              const std::function<std::string()>& next) {
    constexpr std::uint64_t kRound = 200'000;
    double cpu = 0;
    std::uint64_t stored = 0;
    std::uint64_t bytes = 0;
    double wall = 0;
    while (stored < wanted) {
      std::vector<Batch> batches;
      std::uint64_t round = 0;
      while (round < std::min(kRound, wanted - stored)) {
        std::string request = next();
        bytes += request.size();
        batches.push_back(batch_of(signal, std::move(request)));
        round += batches.back().items();
      }
      const double cpu_before = cpu_seconds();
      wall += timed([&] { write_all(batches); });
      cpu += cpu_seconds() - cpu_before;
      stored += round;
    }
    // What is still to be built and merged is part of the price.
    const double cpu_before = cpu_seconds();
    wall += timed([&] {
      KOLBEN_CHECK(engine_->flush().is_ok());
      KOLBEN_CHECK(engine_->maintain().is_ok());
    });
    cpu += cpu_seconds() - cpu_before;
    row(fmt::format("durable ingest, {}, parts and merges in it", what),
        static_cast<double>(stored) / wall / 1e3, "k/s",
        fmt::format("{:.2f} us CPU each, {:.0f} bytes each on the wire",
                    cpu / static_cast<double>(stored) * 1e6,
                    static_cast<double>(bytes) / static_cast<double>(stored)));
    sent_ = stored;
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

  void ingest_spans() {
    bench::SpanGenerator generator(1, data_, bench::fill_end(spans_ - ingested_));
    ingest("spans", Signal::kTraces, ingested_, [&] { return generator.next_request(); });
    parts_row("span", [](const StoreStats& stats) { return stats.spans; });
  }

  template <typename Count>
  void parts_row(const char* what, Count count) {
    std::uint64_t bytes = 0;
    for (const StoredPart& stored : engine_->parts()) bytes += stored.facts.bytes;
    const StoreStats stats = engine_->stats();
    row(fmt::format("on disk, a {}", what),
        static_cast<double>(bytes) / static_cast<double>(count(stats)), "bytes",
        fmt::format("{} parts; the log beside them {:.0f} MiB", engine_->parts().size(),
                    static_cast<double>(stats.disk_bytes - bytes) / (1 << 20)));
  }

  void reopen() {
    std::vector<double> seconds;
    for (int i = 0; i < 5; ++i) {
      KOLBEN_CHECK(engine_->close().is_ok());
      engine_.reset();
      seconds.push_back(timed([&] { open(); }));
    }
    row("start after a graceful stop", median(seconds) * 1e3, "ms");
  }

  // A child takes spans and ends as if it was killed.
  void replay() {
    KOLBEN_CHECK(engine_->close().is_ok());
    engine_.reset();
    aside([&] {
      open();
      bench::SpanGenerator generator(3, data_, bench::fill_end(spans_));
      std::vector<Batch> batches;
      std::uint64_t spans = 0;
      while (spans < kUnsealedSpans) {
        batches.push_back(batch_of(Signal::kTraces, generator.next_request()));
        spans += batches.back().items();
      }
      write_all(batches);
    });
    const double seconds = timed([&] { open(); });
    row(fmt::format("start after a kill, {} k spans in the log", kUnsealedSpans / 1000),
        seconds * 1e3, "ms");
    KOLBEN_CHECK(engine_->flush().is_ok());
  }

  // Whole traces from all over the store.
  std::vector<TraceId> some_traces(std::size_t count) {
    constexpr std::uint32_t kSpansMin = 12;
    const Snapshot snapshot = *engine_->snapshot();
    Random random(7);
    std::vector<TraceId> ids;
    while (ids.size() < count) {
      const LivePart& live = snapshot.spans[random.below(snapshot.spans.size())];
      auto group = part::SpanGroup::open(live.part, random.below(live.part->groups()));
      const auto runs = group->traces();
      const part::TraceRun& run = (*runs)[random.below(runs->size())];
      if (run.rows >= kSpansMin) ids.push_back(run.id);
    }
    return ids;
  }

  void drop_from_page_cache() {
    for (const auto& file : std::filesystem::directory_iterator(options_.path + "/parts")) {
      const int descriptor = ::open(file.path().c_str(), O_RDONLY | O_CLOEXEC);
      ::posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
      ::close(descriptor);
    }
  }

  void traces() {
    if (!is_wanted("a trace by id")) return;
    constexpr std::size_t kCold = 40;
    const std::vector<TraceId> ids = some_traces(200);
    const auto ask = [&](const TraceId& id) {
      return timed([&] { KOLBEN_CHECK(engine_->get_trace(id)->items() > 0); });
    };
    std::vector<double> seconds;
    for (std::size_t i = 0; i < kCold; ++i) {
      drop_from_page_cache();
      seconds.push_back(ask(ids[i]));
    }
    const auto report = [&](const char* what) {
      row(what, median(seconds) * 1e3, "ms",
          fmt::format("worst of {}: {:.2f}", seconds.size(),
                      *std::max_element(seconds.begin(), seconds.end()) * 1e3));
    };
    report("a trace by id, files not in memory");
    for (const TraceId& id : ids) ask(id);
    seconds.clear();
    for (const TraceId& id : ids) seconds.push_back(ask(id));
    report("a trace by id, warm");
  }

  bool is_wanted(const std::string& what) const {
    return only_.empty() || what.find(only_) != std::string::npos;
  }

  template <typename Ask>
  void question(const char* what, Ask ask) {
    if (!is_wanted(what)) return;
    std::uint64_t answer = 0;
    const auto ask_now = [&](scan::Context& now) { answer = ask(now); };
    scan::ScanThreads alone(0);
    const double seconds = median_of(alone, ask_now);
    keep_to(cores_);
    const auto cores = static_cast<std::size_t>(CPU_COUNT(&cores_));
    scan::ScanThreads helpers(cores - 1);
    const double with_helpers = median_of(helpers, ask_now);
    keep_to(first_of(cores_));
    row(what, seconds * 1e3, "ms",
        fmt::format("{:.2f} on {} cores; {}", with_helpers * 1e3, cores, answer));
  }

  double median_of(scan::ScanThreads& threads, const std::function<void(scan::Context&)>& ask) {
    const int runs = spans_ > kLargeSpans ? 3 : 7;
    std::vector<double> seconds;
    for (int i = 0; i <= runs; ++i) {
      scan::Context now{*engine_->snapshot(), threads, system_clock()};
      now.time_max = std::chrono::minutes(5);
      seconds.push_back(timed([&] { ask(now); }));
    }
    seconds.erase(seconds.begin());  // it warmed up
    return median(seconds);
  }

  // Rows that match, all of them.
  void count(const char* what, const Filter& filter) {
    question(what, [&](scan::Context& now) {
      scan::Control control(now, Limits());
      const Filter* const filters[] = {&filter};
      const auto bound = scan::BoundQuery::bind(now.snapshot, filters, TimeRange());
      std::atomic<std::uint64_t> found{0};  // several threads look at once
      const auto done =
          scan::GroupWalk(now, control, **bound)
              .run([&](std::size_t, scan::GroupScan& scan, scan::Workplace& place) -> Status {
                KOLBEN_TRY(const scan::Selection rows, scan.select(0, place.judge));
                found += rows.count();
                return Status::ok();
              });
      KOLBEN_CHECK(done.has_value());
      return found.load();
    });
  }

  void counts() {
    count("= on an attribute, every fourth has it",
          tag("http.request.method", Operator::kEqual, "GET"));
    count("= on an attribute, one span in 95", tag("thread.name", Operator::kEqual, "worker-3"));
    count("= on an attribute, no such value", tag("http.request.method", Operator::kEqual, "NONE"));
    count("= on unique values", tag("url.path", Operator::kEqual, "/api/v1/carts/99"));
    count("= on an attribute anywhere",
          tag("server.address", Operator::kEqual, "shop.example.com", AttributeScope::kAny));
    count("= on a resource's attribute",
          tag("host.name", Operator::kEqual, "node-3", AttributeScope::kResource));
    count("= on an event's attribute", tag("exception.type", Operator::kEqual,
                                           "java.net.ConnectException", AttributeScope::kEvent));
    if (data_ == bench::SpanData::kWide) {
      count("= on UUIDs, no such value",
            tag("request.id", Operator::kEqual, "00000000-0000-4000-8000-000000000000"));
      count("= on a UUID of a thousand", tag("tenant.id", Operator::kEqual, tenant_of_one()));
    }
    count(">= on an integer attribute",
          tag("db.response.returned_rows", Operator::kGreaterOrEqual, std::int64_t{90}));
    count("> on a real attribute", tag("app.cost", Operator::kGreater, 0.99));
    count("> on the duration",
          field(Intrinsic::kDuration, Operator::kGreater, std::int64_t{20'000'000}));
    count("regex on an attribute", tag("rpc.service", Operator::kRegex, ".*checkout.*"));
    count("regex on unique values", tag("url.path", Operator::kRegex, ".*/carts/999.*"));
    count("regex on the name", field(Intrinsic::kName, Operator::kRegex, "SELECT .*"));
    count("service = and status = error",
          Filter{And{{field(Intrinsic::kServiceName, Operator::kEqual, "cart"),
                      field(Intrinsic::kStatus, Operator::kEqual, "error")}}});
  }

  // Some value of tenant.id.
  std::string tenant_of_one() {
    const auto values =
        engine_->values(Field{Attribute{AttributeScope::kSpan, "tenant.id"}}, "", 1);
    return values && !values->empty() ? values->front() : "";
  }

  void questions() {
    const Filter all{And{}};
    question("heat map of all", [&](auto& now) { return heat_map(now, {.filter = all})->total; });
    question("heat map of errors", [&](auto& now) {
      return heat_map(now, {.filter = field(Intrinsic::kStatus, Operator::kEqual, "error")})->total;
    });
    question("histogram of all", [&](auto& now) { return histogram(now, {.filter = all})->total; });
    question("p99 by service", [&](auto& now) {
      return aggregate(now, {.filter = all,
                             .group_by = {Intrinsic::kServiceName},
                             .measured = Intrinsic::kDuration,
                             .quantiles = {0.99}})
          ->groups.size();
    });
    question("newest 20 traces",
             [&](auto& now) { return search(now, {.filter = all})->traces.size(); });
    question("newest 20 traces of a service", [&](auto& now) {
      return search(now, {.filter = field(Intrinsic::kServiceName, Operator::kEqual, "cart")})
          ->traces.size();
    });
    if (spans_ > kLargeSpans) return;  // a question for a range of time
    question("who calls whom", [&](auto& now) { return dependencies(now, {})->size(); });
  }

  // As the page asks; the text is in one line of twelve.
  void log_questions() {
    const Filter all{And{}};
    const Filter text = field(Intrinsic::kBody, Operator::kRegex, "(?i)\\C*SIGNED\\ in\\C*");
    const Filter none = field(Intrinsic::kBody, Operator::kRegex, "(?i)\\C*no\\ such\\C*");
    const auto newest = [this](const char* what, const Filter& filter) {
      question(what, [&filter](auto& now) {
        const LogQuery query{.filter = filter, .order = LogOrder::kNewestFirst, .limit = 200};
        return find_logs(now, query)->items();
      });
    };
    newest("log lines: the newest 200", all);
    newest("log lines: the newest 200 with a text", text);
    newest("log lines: with a text that none has", none);
    question("log lines: counts over time",
             [&](auto& now) { return log_histogram(now, {.filter = all})->total; });
  }

  void other_signal(const char* what, const char* folder, Signal signal, std::uint64_t count,
                    const std::function<std::string()>& next, const std::function<void()>& ask) {
    options_.path = directory_ + "/" + folder;
    open();
    ingest(std::string(what) + "s", signal, count, next);
    const std::uint64_t sent = sent_;
    parts_row(what, [sent](const StoreStats&) { return sent; });
    ask();
    KOLBEN_CHECK(engine_->close().is_ok());
    engine_.reset();
    std::filesystem::remove_all(options_.path);
  }

  const std::uint64_t spans_, ingested_;
  const bench::SpanData data_;
  const std::string directory_, only_;
  const cpu_set_t cores_ = allowed_cores();
  Options options_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t sent_ = 0;
};

}  // namespace
}  // namespace kolben::storage::engine

// store_bench [SPANS [narrow|wide [DIRECTORY [ONLY]]]]: the directory is where the disk is that
// shall be measured; ONLY: a part of the names of the questions that are asked.
int main(int argc, char** argv) {
  using kolben::bench::SpanData;
  const std::uint64_t spans = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const bool is_wide = argc > 2 && std::strcmp(argv[2], "wide") == 0;
  std::string pattern = (argc > 3 ? std::string(argv[3]) : std::string("/tmp")) + "/store-XXXXXX";
  const std::string directory = ::mkdtemp(pattern.data());
  fmt::print("{} spans, {} data\n", spans, is_wide ? "wide" : "narrow");
  kolben::storage::engine::StoreBench(spans, is_wide ? SpanData::kWide : SpanData::kNarrow,
                                      directory, argc > 4 ? argv[4] : "")
      .run();
  std::filesystem::remove_all(directory);
  return 0;
}
