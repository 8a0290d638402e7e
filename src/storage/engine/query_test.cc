// Answers against a plain evaluator that looks at every span.
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <thread>

#include "base/random.h"
#include "storage/engine/testing.h"
#include "storage/evaluate.h"

namespace kolben::storage::engine {
namespace {

using testing::ElementsAre;

class QueryTest : public EngineTest {
 protected:
  QueryTest() { options_.build_rows = 500; }  // so that there are several parts

  static Field tag(std::string key, AttributeScope scope = AttributeScope::kAny) {
    return Attribute{scope, std::move(key)};
  }

  // Random traces, scattered over batches and segments; remembered for the oracle.
  void fill(std::uint64_t seed, int batches) {
    Random random(seed);
    const std::vector<std::string> services = {"shop", "cart", "db", "mail"};
    for (int b = 0; b < batches; ++b) {
      std::vector<TestSpan> spans;
      for (int i = 0; i < 40; ++i) {
        TestSpan span;
        span.trace = 1 + random.below(150);
        span.id = next_id_++;
        span.parent = random.below(3) == 0 ? 0 : 1 + random.below(next_id_);
        span.service = services[random.below(services.size())];
        span.name = "op-" + std::to_string(random.below(12));
        // Traces of later numbers are younger, roughly.
        span.start = kNow + span.trace * 1'000'000 + random.below(5'000'000);
        span.duration = random.below(1'000'000);
        span.kind = static_cast<SpanKind>(random.below(6));
        span.status = static_cast<SpanStatusCode>(random.below(3));
        if (random.below(2) == 0) span.attributes = {{"user", std::to_string(random.below(9))}};
        if (random.below(2) == 0) {
          span.numbers = {{"code", 200 + static_cast<std::int64_t>(random.below(4)) * 100}};
        }
        spans.push_back(span);
      }
      std::sort(spans.begin(), spans.end(),
                [](const TestSpan& x, const TestSpan& y) { return x.service < y.service; });
      all_.insert(all_.end(), spans.begin(), spans.end());
      ASSERT_TRUE(store(*engine_, make_spans(spans)));
    }
  }

  bool oracle_matches(const CompiledFilter& filter, TimeRange range, const TestSpan& from) {
    Batch batch(Signal::kTraces);
    Resource resource;
    set(resource.attributes, batch.arena(), "service.name", Value::string(from.service));
    set(resource.attributes, batch.arena(), "host.name", Value::string("host-1"));
    Scope scope;
    scope.name = "test";
    scope.version = "1.0";
    Span span;
    fill_span(batch, from, span);
    TraceFacts facts;
    facts.duration = trace_duration(from.trace);
    return range.contains(from.start) && matches(filter, resource, scope, span, facts);
  }

  std::uint64_t trace_duration(std::uint64_t trace) {
    std::uint64_t start = UINT64_MAX;
    std::uint64_t end = 0;
    for (const TestSpan& span : all_) {
      if (span.trace != trace) continue;
      start = std::min(start, span.start);
      end = std::max(end, span.start + span.duration);
    }
    return end - start;
  }

  // The traces that match, newest first.
  std::vector<TraceId> oracle(const Filter& filter, TimeRange range) {
    const auto compiled = CompiledFilter::compile(filter);
    std::map<std::uint64_t, std::uint64_t> earliest;
    for (const TestSpan& span : all_) {
      const auto [entry, is_new] = earliest.try_emplace(span.trace, span.start);
      entry->second = std::min(entry->second, span.start);
    }
    std::set<std::uint64_t> matching;
    for (const TestSpan& span : all_) {
      if (matching.count(span.trace) == 0 && oracle_matches(*compiled, range, span)) {
        matching.insert(span.trace);
      }
    }
    std::vector<std::pair<std::uint64_t, TraceId>> places;
    for (const std::uint64_t trace : matching)
      places.emplace_back(earliest[trace], trace_id(trace));
    std::sort(places.begin(), places.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    std::vector<TraceId> ids;
    for (const auto& [start, id] : places) ids.push_back(id);
    return ids;
  }

  std::vector<TraceId> all_pages(const Filter& filter, TimeRange range, std::uint32_t limit) {
    std::vector<TraceId> ids;
    TraceQuery query{.range = range, .filter = filter, .limit = limit};
    do {
      const auto page = engine_->search(query);
      EXPECT_TRUE(page) << page.status().to_string();
      if (!page) break;
      EXPECT_LE(page->traces.size(), limit);
      for (const TraceSummary& trace : page->traces) ids.push_back(trace.trace_id);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty());
    return ids;
  }

  std::vector<Filter> filters() {
    using I = Intrinsic;
    using O = Operator;
    const auto equals_shop = compare(I::kServiceName, O::kEqual, "shop");
    const auto user_3 = compare(tag("user"), O::kEqual, "3");
    return {
        everything(),
        equals_shop,
        compare(I::kServiceName, O::kRegex, "sh.*|db"),
        compare(I::kName, O::kEqual, "op-3"),
        compare(I::kName, O::kNotEqual, "op-3"),
        compare(I::kKind, O::kEqual, "client"),
        compare(I::kStatus, O::kEqual, "error"),
        compare(I::kDuration, O::kGreater, std::int64_t{900'000}),
        compare(I::kIsRoot, O::kEqual, true),
        compare(I::kTraceDuration, O::kLess, std::int64_t{4'500'000}),
        compare(I::kScopeName, O::kEqual, "test"),
        user_3,
        compare(tag("user"), O::kNotEqual, "3"),
        compare(tag("user"), O::kExists, ""),
        compare(tag("code"), O::kGreaterOrEqual, std::int64_t{400}),
        compare(tag("code"), O::kEqual, "500"),
        compare(tag("host.name", AttributeScope::kResource), O::kEqual, "host-1"),
        compare(tag("host.name", AttributeScope::kSpan), O::kEqual, "host-1"),
        compare(tag("no such key"), O::kEqual, "x"),
        Filter{And{{equals_shop, user_3, compare(I::kStatus, O::kEqual, "ok")}}},
        Filter{Or{{user_3, compare(tag("code"), O::kEqual, std::int64_t{300})}}},
        Filter{Not{std::make_shared<const Filter>(equals_shop)}},
        Filter{And{{Filter{Or{{equals_shop, user_3}}}, compare(I::kName, O::kEqual, "op-1")}}},
    };
  }

  std::vector<TestSpan> all_;
  std::uint64_t next_id_ = 1;
};

TEST_F(QueryTest, SearchFindsWhatAPlainEvaluatorFindsInTheSameOrder) {
  ASSERT_EQ(open().to_string(), "OK");
  fill(1, 50);
  ASSERT_TRUE(engine_->flush());
  fill(2, 10);  // fewer rows than a part is made of: they stay in the tail
  EXPECT_EQ(engine_->parts().size(), 4U) << "three that were full, and what the flush ended";
  const std::vector<TimeRange> ranges = {
      {}, {kNow + 50'000'000, kNow + 90'000'000}, {kNow + 1, kNow + 2}};
  for (int round = 0; round < 2; ++round) {  // as it was written, and reopened: all in parts
    const std::vector<Filter> all_filters = filters();
    for (std::size_t i = 0; i < all_filters.size(); ++i) {
      for (const TimeRange range : ranges) {
        const std::vector<TraceId> want = oracle(all_filters[i], range);
        EXPECT_EQ(all_pages(all_filters[i], range, 1000), want) << "filter " << i;
        EXPECT_EQ(all_pages(all_filters[i], range, 7), want) << "filter " << i << ", in pages";
      }
    }
    ASSERT_TRUE(engine_->close());
    ASSERT_EQ(open().to_string(), "OK");
    EXPECT_EQ(engine_->parts().size(), 5U);
  }
}

TEST_F(QueryTest, SummariesCountTheWholeTrace) {
  ASSERT_EQ(open().to_string(), "OK");
  fill(2, 30);
  const auto page = engine_->search({.filter = everything(), .limit = 1000});
  ASSERT_TRUE(page);
  for (const TraceSummary& trace : page->traces) {
    std::uint32_t spans = 0;
    std::uint32_t errors = 0;
    std::set<std::uint64_t> ids;
    for (const TestSpan& span : all_) {
      if (trace_id(span.trace) != trace.trace_id) continue;
      ++spans;
      ids.insert(span.id);
      if (span.status == SpanStatusCode::kError) ++errors;
    }
    const auto orphans = std::count_if(all_.begin(), all_.end(), [&](const TestSpan& span) {
      return trace_id(span.trace) == trace.trace_id && span.parent != 0 &&
             ids.count(span.parent) == 0;
    });
    EXPECT_EQ(trace.spans, spans);
    EXPECT_EQ(trace.errors, errors);
    EXPECT_EQ(trace.orphans, static_cast<std::uint32_t>(orphans));
    EXPECT_EQ(engine_->get_trace(trace.trace_id)->items(), spans);
  }
}

TEST_F(QueryTest, HistogramCountsAndQuantilesAgreeWithThePlainOnes) {
  ASSERT_EQ(open().to_string(), "OK");
  fill(3, 40);
  const Filter filter = compare(Intrinsic::kServiceName, Operator::kEqual, "cart");
  const TimeRange range{kNow + 20'000'000, kNow + 120'000'000};
  const auto histogram = engine_->histogram({.range = range, .filter = filter, .buckets = 10});
  ASSERT_TRUE(histogram);
  ASSERT_EQ(histogram->buckets.size(), 10U);
  EXPECT_EQ(histogram->bucket_nanos, 10'000'000U);
  for (const HistogramBucket& bucket : histogram->buckets) {
    std::vector<std::uint64_t> durations;
    std::uint64_t errors = 0;
    for (const TestSpan& span : all_) {
      if (span.service != "cart" || span.start < bucket.start_unix_nano ||
          span.start >= bucket.start_unix_nano + histogram->bucket_nanos) {
        continue;
      }
      durations.push_back(span.duration);
      if (span.status == SpanStatusCode::kError) ++errors;
    }
    EXPECT_EQ(bucket.count, durations.size());
    EXPECT_EQ(bucket.errors, errors);
    if (durations.empty()) continue;
    std::sort(durations.begin(), durations.end());
    EXPECT_EQ(bucket.p50, static_cast<double>(durations[(durations.size() + 1) / 2 - 1]));
  }
}

TEST_F(QueryTest, LogsComeOldestFirstFilteredAndLimited) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_logs({{.time = kNow + 3, .body = "three", .trace = 1},
                                         {.time = kNow + 1, .body = "one", .trace = 1},
                                         {.time = kNow + 2, .body = "two", .service = "db"}})));
  const auto bodies = [&](const LogQuery& query) {
    std::vector<std::string> texts;
    const auto batch = engine_->logs(query);
    EXPECT_TRUE(batch) << batch.status().to_string();
    if (!batch) return texts;
    for (const ResourceLogs& resource : batch->logs().resources) {
      for (const ScopeLogs& scope : resource.scopes) {
        for (const LogRecord& record : scope.records) {
          texts.emplace_back(record.body.as_string());
        }
      }
    }
    return texts;
  };
  EXPECT_THAT(bodies({}), ElementsAre("one", "two", "three"));
  EXPECT_THAT(bodies({.trace_id = trace_id(1)}), ElementsAre("one", "three"));
  EXPECT_THAT(bodies({.limit = 2}), ElementsAre("one", "two"));
  EXPECT_THAT(bodies({.order = LogOrder::kNewestFirst, .limit = 2}), ElementsAre("three", "two"));
  EXPECT_THAT(bodies({.order = LogOrder::kNewestFirst, .skip = 1}), ElementsAre("two", "one"));
  EXPECT_THAT(bodies({.filter = compare(Intrinsic::kBody, Operator::kRegex, "t.*")}),
              ElementsAre("two", "three"));
  EXPECT_THAT(bodies({.filter = compare(Intrinsic::kServiceName, Operator::kEqual, "db")}),
              ElementsAre("two"));
  ASSERT_TRUE(engine_->close());
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(bodies({}), ElementsAre("one", "two", "three"));
}

TEST_F(QueryTest, LogsAreCountedAndTheirServicesAndKeysListed) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_logs({{.time = kNow + 3, .body = "three"},
                                         {.time = kNow + 1, .body = "one"},
                                         {.time = kNow + 25, .service = "db"}})));
  const auto counts =
      engine_->log_histogram({.range = {.begin = kNow, .end = kNow + 30}, .buckets = 3});
  ASSERT_TRUE(counts.has_value()) << counts.status().to_string();
  EXPECT_EQ(counts->total, 3U);
  EXPECT_EQ(counts->begin_unix_nano, kNow);
  EXPECT_EQ(counts->bucket_nanos, 10U);
  std::vector<std::uint64_t> by_bucket;
  for (const LogHistogram::Bucket& bucket : counts->buckets) {
    by_bucket.push_back(std::accumulate(bucket.begin(), bucket.end(), std::uint64_t{0}));
  }
  EXPECT_THAT(by_bucket, ElementsAre(2, 0, 1));
  EXPECT_THAT(*engine_->log_services(), ElementsAre("db", "shop"));
  const auto keys = *engine_->log_keys("service.", 10);
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].key, "service.name");
  EXPECT_EQ(keys[0].scope, AttributeScope::kResource);
}

TEST_F(QueryTest, CopiesOfLogAndMetricRequestsAreStoredOnce) {
  ASSERT_EQ(open().to_string(), "OK");
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(store(*engine_, make_logs({{}})));
    ASSERT_TRUE(store(*engine_, make_points(kNow, 5)));
    ASSERT_TRUE(
        store(*engine_, make_logs({{.time = 0, .body = "no time"}})));  // no copies: unknown
  }
  EXPECT_EQ(engine_->stats().log_records, 4U);
  EXPECT_EQ(engine_->stats().metric_points, 5U);
  EXPECT_EQ(engine_->stats().duplicates_dropped, 12U);
}

TEST_F(QueryTest, CataloguesOfWhatIsThere) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.id = 1, .name = "b", .attributes = {{"user", "ann"}}},
                                          {.id = 2, .name = "a", .attributes = {{"user", "bob"}}},
                                          {.id = 3,
                                           .parent = 2,
                                           .service = "db",
                                           .name = "q",
                                           .kind = SpanKind::kClient,
                                           .attributes = {{"user", "ann"}}}})));
  EXPECT_THAT(*engine_->services(), ElementsAre("db", "shop"));
  const auto operations = *engine_->operations("shop");
  ASSERT_EQ(operations.size(), 2U);
  EXPECT_EQ(operations[0].name, "a");
  EXPECT_EQ(engine_->operations("")->size(), 3U);
  const auto keys = *engine_->keys("us", 10);
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].count, 3U);
  EXPECT_THAT(*engine_->values(tag("user"), "", 10), ElementsAre("ann", "bob"));
  EXPECT_THAT(*engine_->values(tag("user"), "b", 10), ElementsAre("bob"));
  EXPECT_THAT(*engine_->values(Intrinsic::kServiceName, "", 10), ElementsAre("shop", "db"));
  const auto links = *engine_->dependencies({});
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].parent, "shop");
  EXPECT_EQ(links[0].child, "db");
  EXPECT_EQ(links[0].calls, 1U);
}

TEST_F(QueryTest, NoTimeIsTooLateForARangeWithoutAnEnd) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1, .start = UINT64_MAX, .duration = 0}})));
  ASSERT_TRUE(store(*engine_, make_logs({{.time = UINT64_MAX}})));
  ASSERT_TRUE(engine_->flush());
  const auto found = engine_->search({.filter = everything()});
  ASSERT_TRUE(found) << found.status().to_string();
  EXPECT_EQ(found->traces.size(), 1U);
  const auto deleted = engine_->delete_matching(everything(), TimeRange());
  ASSERT_TRUE(deleted) << deleted.status().to_string();
  EXPECT_EQ(deleted->spans, 1U);
  EXPECT_EQ(deleted->log_records, 1U);
}

TEST_F(QueryTest, NonsenseIsRefused) {
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_EQ(engine_->search({.cursor = "x"}).error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(engine_->search({.filter = compare(tag("a"), Operator::kRegex, "(")}).error().code(),
            StatusCode::kInvalidArgument);
}

TEST_F(QueryTest, ReadersAndWritersDoNotDisturbEachOther) {
  ASSERT_EQ(open().to_string(), "OK");
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> acknowledged{0};
  std::vector<std::thread> threads;
  for (std::uint64_t writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      for (std::uint64_t i = 1; i <= 150; ++i) {
        const std::uint64_t id = writer * 1000 + i;
        ASSERT_TRUE(
            store(*engine_, make_spans({{.trace = id,
                                         .id = id,
                                         .start = kNow + id,
                                         .attributes = {{"filler", std::string(900, 'x')}}}})));
        ASSERT_TRUE(engine_->get_trace(trace_id(id)));
        ++acknowledged;
      }
    });
  }
  for (int reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&] {
      while (!stop.load()) {
        const std::uint64_t before = acknowledged.load();
        EXPECT_GE(engine_->histogram({.filter = everything()})->total, before);
        EXPECT_TRUE(engine_->search({.filter = compare(tag("filler"), Operator::kExists, "")}));
        EXPECT_TRUE(engine_->dependencies({}));
        EXPECT_TRUE(engine_->values(tag("filler"), "", 5));
        static_cast<void>(engine_->stats());
      }
    });
  }
  threads[0].join();
  threads[1].join();
  stop = true;
  threads[2].join();
  threads[3].join();
  EXPECT_EQ(engine_->stats().spans, 300U);
}

// Nothing of an answer is kept for the next: its places and matches are of one snapshot.
TEST_F(QueryTest, SpansThatComeLaterChangeTheLongestAndItsMatch) {
  ASSERT_TRUE(open());
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1, .id = 1, .duration = 5'000'000},
                                          {.trace = 2, .id = 2, .duration = 3'000'000}})));
  const TraceQuery query{.filter = compare(Intrinsic::kName, Operator::kEqual, "GET /"),
                         .order = TraceOrder::kLongest,
                         .with_match = true};
  const auto before = engine_->search(query);
  ASSERT_EQ(before->traces.size(), 2U);
  EXPECT_EQ(before->traces[1].trace_id, trace_id(2));
  EXPECT_EQ(before->traces[1].match->duration, 3'000'000U);
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 2, .id = 3, .duration = 50'000'000}})));
  const auto after = engine_->search(query);
  ASSERT_EQ(after->traces.size(), 2U);
  EXPECT_EQ(after->traces[0].trace_id, trace_id(2));
  EXPECT_EQ(after->traces[0].match->duration, 50'000'000U);
  EXPECT_EQ(after->traces[0].match->spans, 2U);
}

TEST_F(QueryTest, EqualTracesAreOnOnePageEach) {
  ASSERT_TRUE(open());
  std::vector<TestSpan> spans;
  for (std::uint64_t i = 1; i <= 5; ++i) spans.push_back({.trace = i, .id = i});
  ASSERT_TRUE(store(*engine_, make_spans(spans)));
  for (const TraceOrder order : {TraceOrder::kNewest, TraceOrder::kLongest}) {
    std::vector<TraceId> found;
    TraceQuery query{.filter = everything(), .limit = 2, .order = order};
    do {
      const auto page = engine_->search(query);
      ASSERT_TRUE(page.has_value()) << page.status().to_string();
      for (const TraceSummary& trace : page->traces) found.push_back(trace.trace_id);
      query.cursor = page->next_cursor;
    } while (!query.cursor.empty() && found.size() < 10);
    EXPECT_THAT(found,
                ElementsAre(trace_id(1), trace_id(2), trace_id(3), trace_id(4), trace_id(5)));
  }
}

}  // namespace
}  // namespace kolben::storage::engine
