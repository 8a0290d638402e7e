// Questions over parts in memory: milliseconds each, microseconds a row group and thread, and what
// that is at 100 million spans. The reference data of generator.h, in parts of half a million
// spans.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "bench/generator.h"
#include "otlp/check.h"
#include "otlp/decode.h"
#include "storage/engine/part/span_part_writer.h"
#include "storage/engine/scan/group_walk.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

constexpr std::uint64_t kSpansPerPart = 500'000;

std::shared_ptr<const part::Part> make_part(bench::SpanGenerator& generator, std::uint64_t spans) {
  std::vector<Batch> batches;
  for (std::uint64_t made = 0; made < spans;) {
    std::string request = generator.next_request();
    WirePiece piece;
    const std::uint64_t items = *otlp::check(Signal::kTraces, request);
    piece.message = Bytes::from_string(std::move(request));
    std::vector<WirePiece> pieces;
    pieces.push_back(std::move(piece));
    batches.push_back(Batch::from_wire(Signal::kTraces, std::move(pieces), items));
    KOLBEN_CHECK(otlp::decode(batches.back()).is_ok());
    made += items;
  }
  std::string bytes;
  part::SpanPartWriter writer([&bytes](std::string_view more) {
    bytes += more;
    return Status::ok();
  });
  std::vector<part::SpanRow> rows;
  for (const Batch& batch : batches) {
    for (const ResourceSpans& resource : batch.traces().resources) {
      const std::uint32_t number = writer.part().resource(resource.resource, resource.schema_url);
      for (const ScopeSpans& scope : resource.scopes) {
        const std::uint32_t scope_number = writer.part().scope(scope.scope, scope.schema_url);
        for (const Span& span : scope.spans) rows.push_back({&span, number, scope_number, 0});
      }
    }
  }
  part::sort_rows(rows);
  writer.add(rows);
  KOLBEN_CHECK(writer.finish().is_ok());
  auto source = std::make_shared<part::MemorySource>(Bytes::from_string(std::move(bytes)));
  return *part::Part::open(std::move(source));
}

Filter tag(std::string key, Operator op, Operand operand,
           AttributeScope scope = AttributeScope::kSpan) {
  return Filter{Compare{Attribute{scope, std::move(key)}, op, std::move(operand)}};
}
Filter field(Intrinsic intrinsic, Operator op, Operand operand) {
  return Filter{Compare{intrinsic, op, std::move(operand)}};
}

class ScanBench {
 public:
  ScanBench(std::uint64_t spans, std::size_t threads) : threads_(threads - 1), running_(threads) {
    bench::SpanGenerator generator(1);
    std::uint64_t bytes = 0;
    while (spans_ < spans) {
      LivePart live;
      live.part = make_part(generator, std::min(kSpansPerPart, spans - spans_));
      spans_ += live.part->facts().rows;
      groups_ += live.part->groups();
      bytes += live.part->facts().bytes;
      snapshot_.spans.push_back(std::move(live));
    }
    fmt::print("{} spans, {} parts, {} row groups, {:.1f} bytes a span, {} threads\n", spans_,
               snapshot_.spans.size(), groups_,
               static_cast<double>(bytes) / static_cast<double>(spans_), running_);
    fmt::print("{:44} {:>9} {:>9} {:>12}\n", "", "ms", "us/group", "ms at 100 M");
  }

  void run() {
    const Filter all{And{}};
    count("everything", all);
    count("attribute =, every fourth span", tag("http.request.method", Operator::kEqual, "GET"));
    count("attribute =, one in 1,200 spans", tag("thread.name", Operator::kEqual, "worker-3"));
    count("attribute =, no match", tag("http.request.method", Operator::kEqual, "NONE"));
    count("attribute =, unique values", tag("url.path", Operator::kEqual, "/api/v1/carts/99"));
    count("attribute =, unique values, no match", tag("url.path", Operator::kEqual, "/none"));
    count("attribute =, no such key", tag("none", Operator::kEqual, "x"));
    count("attribute anywhere =",
          tag("server.address", Operator::kEqual, "shop.example.com", AttributeScope::kAny));
    count("resource attribute =",
          tag("host.name", Operator::kEqual, "node-3", AttributeScope::kResource));
    count("event attribute =", tag("exception.type", Operator::kEqual, "java.net.ConnectException",
                                   AttributeScope::kEvent));
    count("attribute >= number",
          tag("db.response.returned_rows", Operator::kGreaterOrEqual, std::int64_t{90}));
    count("attribute > real", tag("app.cost", Operator::kGreater, 0.99));
    count("duration >", field(Intrinsic::kDuration, Operator::kGreater, std::int64_t{20'000'000}));
    count("regex on an attribute", tag("rpc.service", Operator::kRegex, ".*checkout.*"));
    count("regex on unique values", tag("url.path", Operator::kRegex, ".*/carts/999.*"));
    count("regex on the name", field(Intrinsic::kName, Operator::kRegex, "SELECT .*"));
    count("service = and status = error",
          Filter{And{{field(Intrinsic::kServiceName, Operator::kEqual, "cart"),
                      field(Intrinsic::kStatus, Operator::kEqual, "error")}}});
    report("heat map of all", [&](Context& now) { return heat_map(now, {.filter = all})->total; });
    report("heat map of errors", [&](Context& now) {
      return heat_map(now, {.filter = field(Intrinsic::kStatus, Operator::kEqual, "error")})->total;
    });
    report("histogram of all",
           [&](Context& now) { return histogram(now, {.filter = all})->total; });
    report("aggregate: p99 by service", [&](Context& now) {
      return aggregate(now, {.filter = all,
                             .group_by = {Intrinsic::kServiceName},
                             .measured = Intrinsic::kDuration,
                             .quantiles = {0.99}})
          ->groups.size();
    });
    report("top values of an attribute", [&](Context& now) {
      return top_values(now,
                        {.filter = all, .field = Attribute{AttributeScope::kSpan, "rpc.method"}})
          ->different;
    });
    report("what differs: errors against all", [&](Context& now) {
      return difference(now, {.selected = field(Intrinsic::kStatus, Operator::kEqual, "error"),
                              .baseline = all})
          ->entries.size();
    });
    report("a failing child of a slow span", [&](Context& now) {
      const Filter failing = field(Intrinsic::kStatus, Operator::kEqual, "error");
      const Filter slow = field(Intrinsic::kDuration, Operator::kGreater, std::int64_t{20'000'000});
      const Filter both{
          And{{slow, Filter{Related{Relation::kChild, std::make_shared<const Filter>(failing)}}}}};
      return heat_map(now, {.filter = both})->total;
    });
    report("dependencies", [&](Context& now) { return dependencies(now, {})->size(); });
    report("newest 20 of a service", [&](Context& now) {
      return search(now, {.filter = field(Intrinsic::kServiceName, Operator::kEqual, "cart")})
          ->traces.size();
    });
    report("newest 20 of a service, with the match", [&](Context& now) {
      return search(now, {.filter = field(Intrinsic::kServiceName, Operator::kEqual, "cart"),
                          .with_match = true})
          ->traces.size();
    });
    report("longest 20 of a service", [&](Context& now) {
      return search(now, {.filter = field(Intrinsic::kServiceName, Operator::kEqual, "cart"),
                          .order = TraceOrder::kLongest})
          ->traces.size();
    });
    report("longest 20 of all", [&](Context& now) {
      return search(now, {.filter = all, .order = TraceOrder::kLongest})->traces.size();
    });
    report("a trace by id", [&](Context& now) { return get_trace(now, some_trace())->items(); });
  }

 private:
  TraceId some_trace() {
    auto group =
        part::SpanGroup::open(snapshot_.spans[next_ % snapshot_.spans.size()].part, next_ % 7);
    ++next_;
    return group->traces()->front().id;
  }

  // Row groups filtered, nothing else.
  void count(const char* what, const Filter& filter) {
    report(what, [&](Context& now) {
      Control control(now, Limits());
      const Filter* const filters[] = {&filter};
      const auto bound = BoundQuery::bind(now.snapshot, filters, TimeRange());
      std::atomic<std::uint64_t> found = 0;
      const auto done = GroupWalk(now, control, **bound)
                            .run([&](std::size_t, GroupScan& scan, Workplace& place) -> Status {
                              KOLBEN_TRY(const Selection rows, scan.select(0, place.judge));
                              found += rows.count();
                              return Status::ok();
                            });
      KOLBEN_CHECK(done.has_value());
      return found.load();
    });
  }

  template <typename Ask>
  void report(const char* what, Ask ask) {
    using Milliseconds = std::chrono::duration<double, std::milli>;
    constexpr int kRuns = 5;
    double best = 1e300;
    std::uint64_t answer = 0;
    for (int run = 0; run < kRuns; ++run) {
      Context now{snapshot_, threads_, system_clock()};
      const auto begin = std::chrono::steady_clock::now();
      answer = ask(now);
      best = std::min(best, Milliseconds(std::chrono::steady_clock::now() - begin).count());
    }
    fmt::print("{:44} {:9.2f} {:9.1f} {:12.0f}   {}\n", what, best,
               best * 1000 * static_cast<double>(running_) / static_cast<double>(groups_),
               best * 1e8 / static_cast<double>(spans_), answer);
  }

  ScanThreads threads_;
  const std::size_t running_;
  Snapshot snapshot_;
  std::uint64_t spans_ = 0;
  std::uint64_t groups_ = 0;
  std::uint64_t next_ = 0;
};

}  // namespace
}  // namespace kolben::storage::scan

// scan_bench [SPANS [THREADS]]
int main(int argc, char** argv) {
  const std::uint64_t spans = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  const std::uint64_t threads = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 2;
  kolben::storage::scan::ScanBench(spans, std::max<std::uint64_t>(threads, 1)).run();
  return 0;
}
