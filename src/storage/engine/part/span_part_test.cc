#include "storage/engine/part/span_part_writer.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "storage/engine/part/memory_part.h"
#include "storage/engine/part/random_telemetry.h"
#include "storage/engine/part/span_group.h"

namespace kolben::storage::part {
namespace {

std::vector<std::string> requests_of(const Batch& batch) {
  std::vector<std::string> requests;
  for_each_scope(batch.traces().resources,
                 [&](const Surroundings& around, const ScopeSpans& scope) {
                   for (const Span& span : scope.spans)
                     requests.push_back(request_of(around, span));
                 });
  std::sort(requests.begin(), requests.end());
  return requests;
}

std::vector<std::string> requests_of(const std::shared_ptr<const Part>& part) {
  std::vector<std::string> requests;
  for (std::size_t i = 0; i < part->groups(); ++i) {
    auto group = SpanGroup::open(part, i);
    EXPECT_TRUE(group.has_value()) << group.status().to_string();
    if (!group) return requests;
    const NumberColumn* resources = *group->columns().numbers(span_column::kResource);
    const NumberColumn* scopes = *group->columns().numbers(span_column::kScope);
    for (std::uint32_t row = 0; row < group->rows(); ++row) {
      Arena arena;
      Span span;
      const Status read = group->read(row, arena, span);
      EXPECT_TRUE(read.is_ok()) << read.to_string();
      requests.push_back(
          request_of(surroundings_of(*part, (*resources)[row], (*scopes)[row]), span));
    }
  }
  std::sort(requests.begin(), requests.end());
  return requests;
}

TEST(SpanPart, GivesBackEveryFieldOfEverySpan) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTelemetry random(seed);
    const Batch batch = random.spans(1 + random.below(3000), 1 + random.below(500));
    std::vector<std::string> want = requests_of(batch);
    want.erase(std::unique(want.begin(), want.end()), want.end());  // copies are stored once
    ASSERT_EQ(requests_of(part_of(batch)), want);
  }
}

TEST(SpanPart, RowsAreInTheOrderOfTheirTraces) {
  RandomTelemetry random(1);
  const Batch batch = random.spans(40'000, 3000);
  const auto part = part_of(batch);
  ASSERT_GT(part->groups(), 2U);
  std::set<TraceId> seen;
  std::pair<std::uint64_t, TraceId> before{0, {}};
  for (std::size_t i = 0; i < part->groups(); ++i) {
    auto group = SpanGroup::open(part, i);
    const auto starts = *group->starts();
    const auto traces = group->traces().value();
    for (const TraceRun& run : traces) {
      const std::pair<std::uint64_t, TraceId> now{starts[run.first], run.id};
      EXPECT_LE(before, now);
      EXPECT_TRUE(seen.insert(run.id).second) << "a trace in two row groups";
      EXPECT_TRUE(
          std::is_sorted(starts.begin() + run.first, starts.begin() + run.first + run.rows));
      before = now;
    }
  }
}

TEST(SpanPart, ATraceIsFoundByItsId) {
  RandomTelemetry random(2);
  const Batch batch = random.spans(30'000, 6000);
  const auto part = part_of(batch);
  for (const ResourceSpans& resource : batch.traces().resources) {
    for (const ScopeSpans& scope : resource.scopes) {
      if (scope.spans.empty()) continue;
      const TraceId id = scope.spans[0].trace_id;
      std::vector<TracePlace> places;
      ASSERT_TRUE(part->find_trace(id, places).is_ok());
      const bool found = std::any_of(places.begin(), places.end(), [&](const TracePlace& place) {
        auto group = SpanGroup::open(part, place.group);
        const auto traces = *group->traces();
        return std::any_of(traces.begin(), traces.end(), [&](const TraceRun& run) {
          return run.id == id && run.first == place.row;
        });
      });
      EXPECT_TRUE(found) << id.to_hex();
    }
  }
  std::vector<TracePlace> places;
  ASSERT_TRUE(part->find_trace(*TraceId::from_hex("ffffffffffffffffffffffffffffffff"), places));
  EXPECT_TRUE(places.empty());
}

TEST(SpanPart, ATraceLargerThanARowGroupFillsSeveral) {
  RandomTelemetry random(3);
  const Batch batch = random.spans(40'000, 1);
  const auto part = part_of(batch);
  EXPECT_GE(part->groups(), 3U);
  EXPECT_EQ(part->facts().rows, requests_of(part).size());
}

// Spans of a trace each, with one attribute each.
Batch spans_with_keys(std::size_t count, std::size_t key_bytes) {
  Batch batch(Signal::kTraces);
  Arena& arena = batch.arena();
  List<Span>& spans = batch.traces().resources.add(arena).scopes.add(arena).spans;
  for (std::size_t i = 0; i < count; ++i) {
    Span& span = spans.add(arena);
    span.trace_id.bytes[0] = 1;
    std::memcpy(span.trace_id.bytes.data() + 1, &i, sizeof i);
    span.span_id.bytes[0] = 1;
    std::string key = std::to_string(i);
    key.resize(std::max(key.size(), key_bytes), 'k');
    set(span.attributes, arena, arena.copy(key), Value::integer(1));
  }
  batch.recount();
  return batch;
}

void expect_columns_within_bounds(const Part& part) {
  std::size_t columns = 0;
  std::size_t key_bytes = 0;
  for (const AttributeColumn& column : part.columns()) {
    EXPECT_GT(column.values, 0U) << column.key.substr(0, 80);
    columns += column.type == ColumnType::kRest ? 0 : 1;
    key_bytes += column.key.size();
  }
  EXPECT_LE(columns, kPartColumnsMax);
  EXPECT_LE(key_bytes, kPartKeyBytesMax);
}

TEST(SpanPart, KeysBeyondTheColumnsOfARowGroupMakeNone) {
  const Batch batch = spans_with_keys(kGroupColumnsMax + 50, 0);
  const auto part = part_of(batch);
  EXPECT_EQ(part->columns().size(), kGroupColumnsMax + 1);
  expect_columns_within_bounds(*part);
  EXPECT_EQ(requests_of(part), requests_of(batch));
}

TEST(SpanPart, HasSoManyColumnsHoweverManyRowGroupsHaveNewKeys) {
  const Batch batch = spans_with_keys(6 * kSpanGroupRows, 0);
  const auto part = part_of(batch);
  ASSERT_GE(part->groups(), 6U);
  EXPECT_EQ(part->columns().size(), kPartColumnsMax);
  expect_columns_within_bounds(*part);
  EXPECT_EQ(requests_of(part), requests_of(batch));
}

TEST(SpanPart, LongKeysHaveColumnsWhileThereIsRoom) {
  const Batch batch = spans_with_keys(5, 300 << 10);
  const auto part = part_of(batch);
  EXPECT_EQ(part->columns().size(), 3U + 1);
  expect_columns_within_bounds(*part);
  EXPECT_EQ(requests_of(part), requests_of(batch));
}

TEST(SpanPart, ParentsAreRowsOfTheirTrace) {
  Batch batch(Signal::kTraces);
  Arena& arena = batch.arena();
  List<Span>& spans = batch.traces().resources.add(arena).scopes.add(arena).spans;
  const auto add = [&](std::uint8_t id, std::uint8_t parent, std::uint64_t start) {
    Span& span = spans.add(arena);
    span.trace_id.bytes[0] = 1;
    span.span_id.bytes[0] = id;
    span.parent_span_id.bytes[0] = parent;
    span.start_time_unix_nano = start;
  };
  add(3, 2, 30);
  add(2, 1, 20);
  add(1, 0, 25);  // a clock that runs behind: the parent starts later
  add(4, 9, 40);  // its parent is not here
  batch.recount();
  auto group = SpanGroup::open(part_of(batch), 0);
  const auto parents = *group->parents();
  const std::vector<std::uint32_t> want = {1, SpanGroup::kNoParent, 0, SpanGroup::kForeign};
  EXPECT_EQ(std::vector<std::uint32_t>(parents.begin(), parents.end()), want);
  EXPECT_EQ(group->parent_id(3)->bytes[0], 9);
}

TEST(SpanPart, ARowGroupThatIsNotThereIsDataLoss) {
  RandomTelemetry random(4);
  const auto part = part_of(random.spans(60, 10));
  EXPECT_EQ(part->directory(part->groups()).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(SpanGroup::open(part, 1U << 30).status().code(), StatusCode::kDataLoss);
}

TEST(SpanPart, EveryDamagedByteIsFound) {
  RandomTelemetry random(4);
  expect_every_damaged_byte_is_found(part_bytes_of(random.spans(60, 10)));
}

TEST(SpanPart, AnEmptyPartIsAPart) {
  const auto part = part_of(Batch(Signal::kTraces));
  ASSERT_NE(part, nullptr);
  EXPECT_EQ(part->groups(), 0U);
  EXPECT_TRUE(part->check().is_ok());
}

}  // namespace
}  // namespace kolben::storage::part
