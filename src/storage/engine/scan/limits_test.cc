// Budgets, cancellation, progress, and answers that threads do not change.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>

#include "storage/engine/part/memory_part.h"
#include "storage/engine/part/random_telemetry.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

// A clock that goes on by a second each time somebody looks.
class CountingClock final : public Clock {
 public:
  std::uint64_t unix_nanos() const override { return 0; }
  std::uint64_t steady_nanos() const override { return seconds_.fetch_add(1) * 1'000'000'000; }

 private:
  mutable std::atomic<std::uint64_t> seconds_ = 0;
};

class ScanLimits : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    part::RandomTelemetry random(7);
    for (std::uint64_t i = 0; i < 3; ++i) {
      Batch batch = random.spans(40'000, 4000);
      put_in_time(batch, i);
      snapshot_.spans.push_back({part::part_of(batch), nullptr});
    }
  }

  static void TearDownTestSuite() { snapshot_ = {}; }

  // A span each millisecond, ten of them a trace, a minute after the part before.
  static void put_in_time(Batch& batch, std::uint64_t part) {
    std::uint64_t number = part * 60'000;
    for (ResourceSpans& resource : batch.traces().resources) {
      for (ScopeSpans& scope : resource.scopes) {
        for (Span& span : scope.spans) {
          const std::uint64_t trace = number / 10;
          std::memcpy(span.trace_id.bytes.data(), &trace, sizeof trace);
          std::memcpy(span.span_id.bytes.data(), &number, sizeof number);
          span.start_time_unix_nano = 1'700'000'000'000'000'000 + number * 1'000'000;
          span.end_time_unix_nano = span.start_time_unix_nano + number % 1000 * 1000;
          ++number;
        }
      }
    }
  }

  Context context(const Clock& clock = system_clock(), ScanThreads* threads = nullptr) {
    return {snapshot_, threads == nullptr ? threads_ : *threads, clock};
  }

  static inline Snapshot snapshot_;
  const Filter all_{And{}};
  ScanThreads threads_{1};
};

TEST_F(ScanLimits, AQueryThatIsCancelledEnds) {
  const auto watch = std::make_shared<Watch>();
  watch->is_cancelled = true;
  Context now = context();
  const auto map = heat_map(now, {.filter = all_, .limits = {.watch = watch}});
  EXPECT_EQ(map.status().code(), StatusCode::kCancelled);
  const auto page = search(now, {.filter = all_, .limits = {.watch = watch}});
  EXPECT_EQ(page.status().code(), StatusCode::kCancelled);
}

TEST_F(ScanLimits, AQueryEndsWhenWhoeverAskedIsGone) {
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  const auto watch = std::make_shared<Watch>();
  watch->is_asker_gone = gone;
  Context now = context();
  EXPECT_TRUE(heat_map(now, {.filter = all_, .limits = {.watch = watch}}).has_value());
  *gone = true;
  const auto map = heat_map(now, {.filter = all_, .limits = {.watch = watch}});
  EXPECT_EQ(map.status().code(), StatusCode::kCancelled);
}

TEST_F(ScanLimits, AtTheEndOfItsTimeAQueryFails) {
  const CountingClock clock;
  Context now = context(clock);
  const auto map = heat_map(now, {.filter = all_, .limits = {.time_max = std::chrono::seconds(4)}});
  EXPECT_EQ(map.status().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(ScanLimits, APartialAnswerIsRightFromWhereItSays) {
  Context now = context();
  const HeatMapQuery query{.filter = all_, .buckets = 50};
  const auto whole = heat_map(now, query);
  HeatMapQuery short_query = query;
  short_query.limits = {.time_max = std::chrono::seconds(6), .partial = true};
  const CountingClock clock;
  Context hurried = context(clock);
  const auto part = heat_map(hurried, short_query);
  ASSERT_TRUE(part.has_value()) << part.status().to_string();
  EXPECT_FALSE(part->coverage.is_complete);
  EXPECT_LT(part->total, whole->total);
  int complete_buckets = 0;
  for (std::uint32_t bucket = 0; bucket < part->buckets; ++bucket) {
    const std::uint64_t begin = part->begin_unix_nano + bucket * part->bucket_nanos;
    if (begin < part->coverage.searched_back_to) continue;
    ++complete_buckets;
    for (std::uint32_t row = 0; row < HeatMap::kRows; ++row) {
      EXPECT_EQ(part->at(row, bucket), whole->at(row, bucket));
    }
  }
  EXPECT_GT(complete_buckets, 0);
}

TEST_F(ScanLimits, APartialSearchFindsTheNewestOnly) {
  // A filter that matches here and there, so that a page is not full after the first row groups.
  const Filter some{
      Compare{Attribute{AttributeScope::kSpan, "url.path"}, Operator::kEqual, std::string("GET")}};
  Context now = context();
  const auto whole = search(now, {.filter = some, .limit = 10'000});
  const CountingClock clock;
  Context hurried = context(clock);
  const auto part =
      search(hurried, {.filter = some,
                       .limit = 10'000,
                       .limits = {.time_max = std::chrono::seconds(3), .partial = true}});
  ASSERT_TRUE(part.has_value()) << part.status().to_string();
  ASSERT_FALSE(part->coverage.is_complete);
  EXPECT_GT(part->traces.size(), 0U);
  std::size_t i = 0;
  for (; i < part->traces.size(); ++i) {
    EXPECT_EQ(part->traces[i].trace_id, whole->traces[i].trace_id);
  }
  if (i < whole->traces.size()) {
    EXPECT_LT(whole->traces[i].start_unix_nano, part->coverage.searched_back_to);
  }
}

// What is found takes its time too: each trace of the page is looked into.
TEST_F(ScanLimits, ThePageOfASearchIsWithinItsTime) {
  const CountingClock clock;
  Context now = context(clock);
  const Limits limits{.time_max = std::chrono::seconds(1000)};
  const auto page = search(now, {.filter = all_, .limit = 10'000, .limits = limits});
  EXPECT_EQ(page.status().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(ScanLimits, AsManyTracesAsThereWasTimeForAreAPartialPage) {
  Context now = context();
  const auto whole = search(now, {.filter = all_, .limit = 10'000});
  const CountingClock clock;
  Context hurried = context(clock);
  const Limits limits{.time_max = std::chrono::seconds(1000), .partial = true};
  const auto part = search(hurried, {.filter = all_, .limit = 10'000, .limits = limits});
  ASSERT_TRUE(part.has_value()) << part.status().to_string();
  EXPECT_FALSE(part->coverage.is_complete);
  ASSERT_GT(part->traces.size(), 500U);
  ASSERT_LT(part->traces.size(), 1000U);
  for (std::size_t i = 0; i < part->traces.size(); ++i) {
    EXPECT_EQ(part->traces[i].trace_id, whole->traces[i].trace_id);
    EXPECT_GE(part->traces[i].start_unix_nano, part->coverage.searched_back_to);
  }
  EXPECT_LT(whole->traces[part->traces.size()].start_unix_nano, part->coverage.searched_back_to);
}

TEST_F(ScanLimits, LogRecordsAreReadWithinTheirTime) {
  part::RandomTelemetry random(8);
  Snapshot logs;
  logs.logs.push_back({part::part_of(random.logs(5000)), nullptr});
  const CountingClock clock;
  Context now{logs, threads_, clock};
  const Limits limits{.time_max = std::chrono::seconds(4)};
  const auto found = find_logs(now, {.filter = all_, .limit = 5000, .limits = limits});
  EXPECT_EQ(found.status().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(ScanLimits, LogRecordsKeepToTheirMemory) {
  part::RandomTelemetry random(8);
  Snapshot logs;
  logs.logs.push_back({part::part_of(random.logs(5000)), nullptr});
  Context now{logs, threads_, system_clock()};
  const auto found =
      find_logs(now, {.filter = all_, .limit = 5000, .limits = {.bytes_max = 10'000}});
  EXPECT_EQ(found.status().code(), StatusCode::kResourceExhausted);
  const auto counts = log_histogram(now, {.filter = all_, .limits = {.bytes_max = 10'000}});
  EXPECT_EQ(counts.status().code(), StatusCode::kResourceExhausted);
}

// Records of two services, in turn, and each service with a large resource.
Batch two_services_in_turn(std::string_view large) {
  Batch batch(Signal::kLogs);
  Arena& arena = batch.arena();
  for (const char* name : {"a", "b"}) {
    ResourceLogs& resource = batch.logs().resources.add(arena);
    set(resource.resource.attributes, arena, "service.name", Value::string(name));
    set(resource.resource.attributes, arena, "large", Value::string(large));
    auto& records = resource.scopes.add(arena).records;
    for (std::uint64_t i = 0; i < 500; ++i) {
      records.add(arena).time_unix_nano = 1000 + 2 * i + (*name == 'b' ? 1 : 0);
    }
  }
  batch.recount();
  return batch;
}

TEST_F(ScanLimits, ALogRecordDoesNotBringItsResourceAgain) {
  constexpr std::size_t kLarge = 100'000;
  const std::string large(kLarge, 'x');
  Snapshot logs;
  logs.logs.push_back({part::part_of(two_services_in_turn(large)), nullptr});
  Context now{logs, threads_, system_clock()};
  const auto found = find_logs(now, {.filter = all_, .limit = 1000});
  ASSERT_TRUE(found.has_value()) << found.status().to_string();
  EXPECT_EQ(found->items(), 1000U);
  ASSERT_EQ(found->logs().resources.size(), 1000U);
  EXPECT_EQ(find(found->logs().resources[999].resource.attributes, "large")->as_string(), large);
  EXPECT_EQ(service_name(found->logs().resources[999].resource), "b");
  EXPECT_LT(found->bytes(), 20 * kLarge);
  // Resources count as records do.
  const auto refused =
      find_logs(now, {.filter = all_, .limit = 1000, .limits = {.bytes_max = kLarge}});
  EXPECT_EQ(refused.status().code(), StatusCode::kResourceExhausted);
}

// The newest lines of a long time cost what the newest row groups do. Ten a second: a row group is
// 27 minutes, and rows are in the order of their minutes.
TEST_F(ScanLimits, TheNewestLogRecordsAreFoundWithoutReadingAll) {
  Snapshot logs;
  constexpr std::uint64_t kEach = 2 * part::kGroupRowsMax;
  for (std::uint64_t i = 0; i < 4; ++i) {
    part::RandomTelemetry random(i);
    Batch batch = random.logs(kEach);
    std::uint64_t number = i * kEach;
    for (ResourceLogs& resource : batch.logs().resources) {
      for (ScopeLogs& scope : resource.scopes) {
        for (LogRecord& record : scope.records)
          record.time_unix_nano = 1'000 + number++ * 100'000'000;
      }
    }
    logs.logs.push_back({part::part_of(batch), nullptr});
  }
  const auto watch = std::make_shared<Watch>();
  Context now{logs, threads_, system_clock()};
  const auto found = find_logs(
      now,
      {.filter = all_, .order = LogOrder::kNewestFirst, .limit = 200, .limits = {.watch = watch}});
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->items(), 200U);
  EXPECT_LE(watch->rows_scanned, part::kGroupRowsMax);
  const auto too_far = find_logs(now, {.order = LogOrder::kNewestFirst, .skip = kLogsMax});
  EXPECT_EQ(too_far.status().code(), StatusCode::kResourceExhausted);
  const auto too_many = find_logs(now, {.limit = kLogsMax + 1});
  EXPECT_EQ(too_many.status().code(), StatusCode::kResourceExhausted);
  // The last page that a query looks at is a whole one.
  const auto far = find_logs(
      now, {.filter = all_, .order = LogOrder::kNewestFirst, .skip = kLogsMax - 1, .limit = 200});
  ASSERT_TRUE(far.has_value()) << far.status().to_string();
  EXPECT_EQ(far->items(), 200U);
}

TEST_F(ScanLimits, AnAnswerThatTakesTooMuchMemoryIsRefused) {
  Context now = context();
  const auto top =
      top_values(now, {.filter = all_, .field = Intrinsic::kName, .limits = {.bytes_max = 10'000}});
  EXPECT_EQ(top.status().code(), StatusCode::kResourceExhausted);
}

// Quantiles of durations from nothing to a millisecond: pages of classes, not all classes between.
TEST_F(ScanLimits, MeasuringTakesOfTheBudgetWhatItHolds) {
  Context now = context();
  const auto histogram_within = [&](std::uint64_t bytes) {
    return histogram(now, {.filter = all_, .buckets = 4, .limits = {.bytes_max = bytes}}).status();
  };
  EXPECT_TRUE(histogram_within(512 << 10).is_ok());
  EXPECT_EQ(histogram_within(64 << 10).code(), StatusCode::kResourceExhausted);
  const auto aggregate_within = [&](std::uint64_t bytes) {
    return aggregate(now, {.filter = all_,
                           .buckets = 4,
                           .measured = Intrinsic::kDuration,
                           .quantiles = {0.5},
                           .limits = {.bytes_max = bytes}})
        .status();
  };
  EXPECT_TRUE(aggregate_within(512 << 10).is_ok());
  EXPECT_EQ(aggregate_within(64 << 10).code(), StatusCode::kResourceExhausted);
}

TEST_F(ScanLimits, ProgressIsSeen) {
  const auto watch = std::make_shared<Watch>();
  Context now = context();
  const auto map = heat_map(now, {.filter = all_, .limits = {.watch = watch}});
  EXPECT_EQ(watch->rows_scanned, watch->rows_total);
  EXPECT_EQ(watch->rows_scanned, map->spans_scanned);
  EXPECT_LT(watch->searched_back_to, UINT64_MAX);
}

TEST_F(ScanLimits, AnswersDoNotDependOnTheThreads) {
  const AggregateQuery query{.filter = all_,
                             .group_by = {Intrinsic::kServiceName, Intrinsic::kKind},
                             .measured = Attribute{AttributeScope::kSpan, "a"},
                             .quantiles = {0.5}};
  Context now = context();
  const auto want = aggregate(now, query);
  for (const std::size_t helpers : {std::size_t{0}, std::size_t{3}}) {
    ScanThreads threads(helpers);
    Context other = context(system_clock(), &threads);
    const auto got = aggregate(other, query);
    ASSERT_EQ(got->groups.size(), want->groups.size());
    for (std::size_t i = 0; i < want->groups.size(); ++i) {
      EXPECT_EQ(got->groups[i].values, want->groups[i].values);
      EXPECT_EQ(got->groups[i].buckets[0].sum, want->groups[i].buckets[0].sum);  // to the last bit
      EXPECT_EQ(got->groups[i].buckets[0].quantiles, want->groups[i].buckets[0].quantiles);
    }
  }
}

TEST_F(ScanLimits, WhatIsNoQueryIsRefused) {
  Context now = context();
  const Filter bad{Compare{Intrinsic::kName, Operator::kRegex, std::string("(")}};
  EXPECT_EQ(search(now, {.filter = bad}).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(search(now, {.filter = all_, .cursor = "x"}).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(aggregate(now, {.filter = all_, .group_by = std::vector<Field>(4, Intrinsic::kName)})
                .status()
                .code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(get_trace(now, TraceId()).status().code(), StatusCode::kNotFound);
}

}  // namespace
}  // namespace kolben::storage::scan
