#include "storage/engine/scan/split_traces.h"

#include <gtest/gtest.h>

#include <set>

#include "storage/engine/part/memory_part.h"
#include "storage/engine/part/random_telemetry.h"

namespace kolben::storage::scan {
namespace {

TEST(SplitTraces, AreThoseThatLieInMoreThanOneRowGroup) {
  part::RandomTelemetry random(3);
  Snapshot snapshot;
  std::set<TraceId> once, twice;
  for (int part = 0; part < 3; ++part) {
    const Batch batch = random.spans(200, 400);
    std::set<TraceId> here;
    for (const ResourceSpans& resource : batch.traces().resources) {
      for (const ScopeSpans& scope : resource.scopes) {
        for (const Span& span : scope.spans) here.insert(span.trace_id);
      }
    }
    for (const TraceId& id : here) {
      if (!once.insert(id).second) twice.insert(id);
    }
    snapshot.spans.push_back({part::part_of(batch), nullptr});
  }
  ScanThreads threads(1);
  Context context{snapshot, threads, system_clock()};
  Control control(context, Limits());
  const auto split = SplitTraces::find(context, control);
  ASSERT_TRUE(split.has_value()) << split.status().to_string();
  ASSERT_GT(twice.size(), 0U);
  ASSERT_LT(twice.size(), once.size());
  EXPECT_EQ((*split)->size(), twice.size());
  for (const TraceId& id : once) EXPECT_EQ((*split)->contains(id), twice.count(id) > 0);
}

TEST(SplitTraces, AreNotLookedForWithoutTheMemory) {
  part::RandomTelemetry random(4);
  Snapshot snapshot;
  snapshot.spans.push_back({part::part_of(random.spans(5000, 100'000)), nullptr});
  ScanThreads threads(1);
  Context context{snapshot, threads, system_clock()};
  const auto is_found_within = [&context](std::uint64_t bytes) {
    Control control(context, Limits{.bytes_max = bytes});
    const auto split = SplitTraces::find(context, control);
    EXPECT_TRUE(split.has_value()) << split.status().to_string();
    return *split != nullptr;
  };
  EXPECT_TRUE(is_found_within(1 << 20));
  EXPECT_FALSE(is_found_within(32 << 10));
}

}  // namespace
}  // namespace kolben::storage::scan
