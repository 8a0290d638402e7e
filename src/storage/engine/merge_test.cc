// Parts that become one: traces made whole, copies and deleted rows left out, in the order of rows.
#include <gmock/gmock.h>

#include <map>
#include <set>

#include "base/random.h"
#include "storage/engine/export.h"
#include "storage/engine/merge_plan.h"
#include "storage/engine/testing.h"

namespace kolben::storage::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::uint64_t kDay = 86'400'000'000'000;

class MergeTest : public EngineTest {
 protected:
  // Every `flush_every` batches become a part.
  void fill(std::uint64_t seed, int batches, int flush_every) {
    Random random(seed);
    std::uint64_t id = 1;
    for (int b = 1; b <= batches; ++b) {
      std::vector<TestSpan> spans;
      for (int i = 0; i < 20; ++i) {
        const std::uint64_t trace = 1 + random.below(60);
        spans.push_back({.trace = trace,
                         .id = id++,
                         .parent = random.below(id),
                         .service = "service-" + std::to_string(random.below(4)),
                         .name = "op-" + std::to_string(random.below(9)),
                         .start = kNow + trace * 1000 + random.below(5000),
                         .attributes = {{"user", std::to_string(random.below(30))}}});
      }
      ASSERT_TRUE(store(*engine_, make_spans(spans)));
      if (b % flush_every == 0) {
        ASSERT_TRUE(engine_->flush());
      }
    }
  }
};

TEST_F(MergeTest, TracesAreReunitedAndNothingChanges) {
  ASSERT_EQ(open().to_string(), "OK");
  fill(3, 40, 4);
  std::vector<StoredSpan> before = spans();
  std::sort(before.begin(), before.end());
  EXPECT_THAT(engine_->parts(), SizeIs(10));
  ASSERT_TRUE(engine_->compact());
  ASSERT_THAT(engine_->parts(), SizeIs(1));
  std::vector<StoredSpan> after = spans();
  // Each trace in one run, by the start of the trace.
  std::map<TraceId, std::uint64_t> starts;
  for (const StoredSpan& span : after) {
    const auto [known, is_new] = starts.try_emplace(span.trace_id, span.start);
    known->second = std::min(known->second, span.start);
  }
  const auto order = [&](const StoredSpan& span) {
    return std::tuple(starts[span.trace_id], span.trace_id, span.start, span.span_id);
  };
  EXPECT_TRUE(std::is_sorted(
      after.begin(), after.end(),
      [&](const StoredSpan& a, const StoredSpan& b) { return order(a) < order(b); }));
  std::sort(after.begin(), after.end());
  EXPECT_EQ(after, before);
  ASSERT_TRUE(engine_->parts().front().part->check());
  ASSERT_TRUE(engine_->close());
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(spans(), SizeIs(before.size()));
}

// What the store holds of a signal, as OTLP.
std::vector<std::string> exported(Engine& engine, Signal signal) {
  std::vector<std::string> texts;
  const auto snapshot = engine.snapshot();
  EXPECT_TRUE(snapshot) << snapshot.status().to_string();
  const Status done =
      export_signal(*snapshot, signal, {}, [&](Batch&& batch, const ExportProgress&) {
        for (const ResourceLogs& resource :
             signal == Signal::kLogs ? batch.logs().resources : List<ResourceLogs>()) {
          for (const ScopeLogs& scope : resource.scopes) {
            for (const LogRecord& record : scope.records) {
              texts.push_back(std::to_string(record.time_unix_nano) + " " +
                              std::string(service_name(resource.resource)) + " " +
                              std::string(record.body.as_string()));
            }
          }
        }
        for (const ResourceMetrics& resource :
             signal == Signal::kMetrics ? batch.metrics().resources : List<ResourceMetrics>()) {
          for (const ScopeMetrics& scope : resource.scopes) {
            for (const Metric& metric : scope.metrics) {
              for (const NumberPoint& point : metric.number_points) {
                texts.push_back(std::string(metric.name) + " " +
                                std::to_string(point.time_unix_nano) + " " +
                                std::to_string(point.value.integer));
              }
            }
          }
        }
        return Status::ok();
      });
  EXPECT_TRUE(done) << done.to_string();
  return texts;
}

TEST_F(MergeTest, LogRecordsAreMergedIntoTheirOrder) {
  ASSERT_EQ(open().to_string(), "OK");
  Random random(9);
  std::vector<std::string> sent;
  for (int part = 0; part < 6; ++part) {
    std::vector<TestLog> logs;
    for (int i = 0; i < 200; ++i) {
      TestLog log;
      log.time = kNow + random.below(300) * 1'000'000'000;  // five minutes
      log.body = "line " + std::to_string(random.below(1000)) + " of " + std::to_string(part);
      log.service = "service-" + std::to_string(random.below(3));
      sent.push_back(std::to_string(log.time) + " " + log.service + " " + log.body);
      logs.push_back(log);
    }
    ASSERT_TRUE(store(*engine_, make_logs(logs)));
    ASSERT_TRUE(engine_->flush());
  }
  std::sort(sent.begin(), sent.end());
  const auto sorted = [&] {
    std::vector<std::string> texts = exported(*engine_, Signal::kLogs);
    std::sort(texts.begin(), texts.end());
    return texts;
  };
  EXPECT_EQ(sorted(), sent);
  ASSERT_TRUE(engine_->compact());
  ASSERT_THAT(engine_->parts(), SizeIs(1));
  EXPECT_EQ(sorted(), sent);
  EXPECT_EQ(engine_->stats().log_records, 1200U);
  ASSERT_TRUE(engine_->parts().front().part->check());
}

TEST_F(MergeTest, MetricPointsAreMergedIntoTheirSeries) {
  ASSERT_EQ(open().to_string(), "OK");
  std::vector<std::string> sent;
  for (std::uint64_t part = 0; part < 5; ++part) {
    const std::uint64_t time = kNow + part * 1'000'000'000;
    ASSERT_TRUE(store(*engine_, make_points(time, 30)));
    for (int i = 0; i < 30; ++i) {
      sent.push_back("requests " + std::to_string(time) + " " + std::to_string(i));
    }
    ASSERT_TRUE(engine_->flush());
  }
  std::sort(sent.begin(), sent.end());
  ASSERT_TRUE(engine_->compact());
  ASSERT_THAT(engine_->parts(), SizeIs(1));
  std::vector<std::string> texts = exported(*engine_, Signal::kMetrics);
  std::sort(texts.begin(), texts.end());
  EXPECT_EQ(texts, sent);
  EXPECT_EQ(engine_->stats().metric_points, 150U);
}

TEST_F(MergeTest, DeletedTracesAreGoneAtOnceAndFromTheDiskWithTheMerge) {
  ASSERT_EQ(open().to_string(), "OK");
  fill(5, 20, 4);
  const std::size_t all = spans().size();
  const std::size_t of_two = count_of(7) + count_of(8);
  ASSERT_GT(of_two, 0U);
  const TraceId ids[] = {trace_id(7), trace_id(8), trace_id(9999)};
  const auto deleted = engine_->delete_traces(ids);
  ASSERT_TRUE(deleted) << deleted.status().to_string();
  EXPECT_EQ(*deleted, (Deleted{.spans = of_two}));
  EXPECT_EQ(count_of(7) + count_of(8), 0U);
  EXPECT_THAT(spans(), SizeIs(all - of_two));
  EXPECT_EQ(engine_->stats().spans, all - of_two);
  EXPECT_EQ(*engine_->delete_traces(ids), Deleted{});

  engine_.reset();
  ASSERT_EQ(open().to_string(), "OK");
  EXPECT_THAT(spans(), SizeIs(all - of_two));
  ASSERT_TRUE(engine_->compact());
  std::uint64_t rows = 0;
  for (const StoredPart& stored : engine_->parts()) rows += stored.part->facts().rows;
  EXPECT_EQ(rows, all - of_two);
  EXPECT_THAT(spans(), SizeIs(all - of_two));
}

TEST_F(MergeTest, WhatMatchesIsDeletedAndLaterArrivalsAreNot) {
  ASSERT_EQ(open().to_string(), "OK");
  fill(6, 20, 4);
  const std::vector<StoredSpan> before = spans();
  const auto is_hit = [](const StoredSpan& span) { return span.name == "op-3"; };
  const auto hits = static_cast<std::size_t>(std::count_if(before.begin(), before.end(), is_hit));
  const Filter filter = compare(Intrinsic::kName, Operator::kEqual, std::string("op-3"));
  const auto deleted = engine_->delete_matching(filter, {});
  ASSERT_TRUE(deleted) << deleted.status().to_string();
  EXPECT_EQ(*deleted, (Deleted{.spans = hits}));
  EXPECT_THAT(spans(), SizeIs(before.size() - hits));
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1, .id = 100'000, .name = "op-3"}})));
  EXPECT_THAT(spans(), SizeIs(before.size() - hits + 1));
}

// Row by row nobody knows a trace: "not longer than ..." would be true of every span.
TEST_F(MergeTest, AFilterThatLooksAtWholeTracesDeletesNothing) {
  ASSERT_EQ(open().to_string(), "OK");
  fill(1, 3, 4);
  const std::size_t before = spans().size();
  for (const Intrinsic field : {Intrinsic::kTraceDuration, Intrinsic::kTraceSpans}) {
    const Filter filter{
        Not{std::make_shared<const Filter>(compare(field, Operator::kGreater, std::int64_t{1}))}};
    EXPECT_EQ(engine_->delete_matching(filter, {}).status().code(), StatusCode::kInvalidArgument);
  }
  EXPECT_THAT(spans(), SizeIs(before));
}

TEST_F(MergeTest, LogRecordsGoWithTheirTraceOrService) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_logs({{.body = "of seven", .trace = 7},
                                         {.body = "of eight", .trace = 8},
                                         {.body = "of none", .service = "loud"}})));
  const TraceId id = trace_id(7);
  EXPECT_EQ(*engine_->delete_traces({&id, 1}), (Deleted{.log_records = 1}));
  EXPECT_THAT(exported(*engine_, Signal::kLogs), SizeIs(2));
  const Filter loud = compare(Intrinsic::kServiceName, Operator::kEqual, std::string("loud"));
  EXPECT_EQ(*engine_->delete_matching(loud, {}), (Deleted{.log_records = 1}));
  EXPECT_THAT(exported(*engine_, Signal::kLogs), SizeIs(1));
  ASSERT_TRUE(engine_->compact());
  EXPECT_EQ(engine_->stats().log_records, 1U);
}

TEST_F(MergeTest, WhenEverythingOfAPartIsDeletedThePartGoes) {
  ASSERT_EQ(open().to_string(), "OK");
  ASSERT_TRUE(store(*engine_, make_spans({{.trace = 1}})));
  const TraceId id = trace_id(1);
  EXPECT_EQ(*engine_->delete_traces({&id, 1}), (Deleted{.spans = 1}));
  ASSERT_TRUE(engine_->compact());
  EXPECT_THAT(engine_->parts(), IsEmpty());
  EXPECT_THAT(*system_file_system().list(options_.path + "/parts"), IsEmpty());
}

ManifestPart plan_part(std::uint64_t number, std::uint64_t rows, std::uint64_t received,
                       std::uint32_t merges = 1) {
  ManifestPart part;
  part.number = number;
  part.rows = rows;
  part.bytes = rows * 30;
  part.first_received = part.last_received = received;
  part.merges = merges;
  return part;
}

TEST(MergePlanTest, EightPartsOfASizeBecomeOne) {
  Options options;
  std::vector<ManifestPart> parts;
  for (std::uint64_t i = 1; i <= 7; ++i) parts.push_back(plan_part(i, 60'000, i));
  EXPECT_THAT(choose_merge(parts, options, 100), IsEmpty());
  parts.push_back(plan_part(8, 60'000, 8));
  EXPECT_THAT(choose_merge(parts, options, 100), SizeIs(8));
  // Not with parts of another size, class or day.
  parts.back().rows = 1'000'000;
  EXPECT_THAT(choose_merge(parts, options, 100), IsEmpty());
  parts.back() = plan_part(8, 60'000, 8);
  parts.back().retention_class = 1;
  EXPECT_THAT(choose_merge(parts, options, 100), IsEmpty());
  parts.back() = plan_part(8, 60'000, kDay);
  EXPECT_THAT(choose_merge(parts, options, 100), IsEmpty());
}

TEST(MergePlanTest, PartsThatTogetherAreAsLargeAsAPartMayBeNeedNotBeEight) {
  Options options;
  std::vector<ManifestPart> parts;
  for (std::uint64_t i = 1; i <= 5; ++i) parts.push_back(plan_part(i, 1'000'000, i));
  EXPECT_THAT(choose_merge(parts, options, 100), ElementsAre(1, 2, 3, 4));
}

TEST(MergePlanTest, OfADayThatIsOverEverythingIsMergedUntilOneIsLeft) {
  Options options;
  const std::vector<ManifestPart> parts = {plan_part(1, 100, 5), plan_part(2, 60'000, 6),
                                           plan_part(3, 1'000'000, 7)};
  EXPECT_THAT(choose_merge(parts, options, kDay - 1), IsEmpty());
  EXPECT_THAT(choose_merge(parts, options, kDay + 1), ElementsAre(1, 2, 3));
  EXPECT_THAT(choose_merge({plan_part(4, 1'060'100, 5)}, options, kDay + 1), IsEmpty());
}

TEST(MergePlanTest, NoPartWaitsBehindOneThatIsTooLargeForItsNeighbour) {
  Options options;
  constexpr std::uint64_t kMiB = 1 << 20;
  std::vector<ManifestPart> parts;
  for (const std::uint64_t mib : {200U, 100U, 30U, 30U}) {
    parts.push_back(plan_part(parts.size() + 1, 1'000'000, parts.size() + 1));
    parts.back().bytes = mib * kMiB;
  }
  EXPECT_THAT(choose_merge(parts, options, kDay + 1), ElementsAre(2, 3, 4));
  parts.resize(2);
  EXPECT_THAT(choose_merge(parts, options, kDay + 1), IsEmpty());
  // Points, of which fewer are merged at once.
  for (ManifestPart& part : parts) {
    part.table = part::Table::kPoints;
    part.rows = 600'000;
    part.bytes = kMiB;
  }
  parts.push_back(parts.back());
  parts.back().rows = 200'000;
  parts.back().number = 3;
  EXPECT_THAT(choose_merge(parts, options, kDay + 1), ElementsAre(2, 3));
}

TEST(MergePlanTest, TheNewestPartsStraightFromTheLogAreLeftAlone) {
  Options options;
  options.merge_parts_min = 4;
  std::vector<ManifestPart> parts;
  for (std::uint64_t i = 1; i <= kFreshPartsKept + 3; ++i) {
    parts.push_back(plan_part(i, 60'000, i, 0));
  }
  EXPECT_THAT(choose_merge(parts, options, 100), IsEmpty());
  parts.push_back(plan_part(100, 60'000, 100, 0));
  EXPECT_THAT(choose_merge(parts, options, 200), ElementsAre(1, 2, 3, 4));
}

}  // namespace
}  // namespace kolben::storage::engine
