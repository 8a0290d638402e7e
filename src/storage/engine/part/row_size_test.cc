// Row groups are cut where their rows are large, whatever makes them so.
#include "storage/engine/part/row_size.h"

#include <gtest/gtest.h>

#include <string>

#include "storage/engine/part/memory_part.h"

namespace kolben::storage::part {
namespace {

constexpr std::size_t kRows = 40;
// Of which a row group has room for 31, and not for all rows.
constexpr std::size_t kTextBytes = (1 << 20) + 1;
constexpr std::uint32_t kItems = (64 << 10) + 1;

const std::string& long_text() {
  static const std::string text(kTextBytes, 'x');
  return text;
}

template <typename T>
List<T> many(Arena& arena) {
  List<T> items;
  items.reserve(arena, kItems);
  for (std::uint32_t i = 0; i < kItems; ++i) items.add(arena);
  return items;
}

// No row is lost, and no row group has more than it may.
void expect_cut(const Batch& batch, std::size_t groups) {
  const auto part = part_of(batch);
  ASSERT_NE(part, nullptr);
  EXPECT_EQ(part->groups(), groups);
  EXPECT_EQ(part->facts().rows, kRows);
  for (std::size_t i = 0; i < part->groups(); ++i) {
    const auto directory = part->directory(i);
    for (const Chunk& chunk : directory->chunks) {
      EXPECT_LE(chunk.values, kGroupItemsMax) << "column " << chunk.column;
    }
  }
}

// `fill(span, arena)` makes one span, and all are like it.
template <typename Fill>
void expect_spans_cut(Fill fill, bool is_one_trace = true) {
  Batch batch(Signal::kTraces);
  Arena& arena = batch.arena();
  Span large;
  fill(large, arena);
  List<Span>& spans = batch.traces().resources.add(arena).scopes.add(arena).spans;
  for (std::size_t i = 0; i < kRows; ++i) {
    Span& span = spans.add(arena);
    span = large;
    span.trace_id.bytes[0] = static_cast<std::uint8_t>(is_one_trace ? 1 : i + 1);
    span.span_id.bytes[0] = static_cast<std::uint8_t>(i + 1);
  }
  expect_cut(batch, 2);
}

TEST(RowSize, SpansOfLongTextsAreCut) {
  const std::string& text = long_text();
  expect_spans_cut([&](Span& span, Arena&) { span.name = text; });
  expect_spans_cut([&](Span& span, Arena&) { span.name = text; }, /*is_one_trace=*/false);
  expect_spans_cut([&](Span& span, Arena&) { span.status_message = text; });
  expect_spans_cut([&](Span& span, Arena&) { span.trace_state = text; });
  expect_spans_cut([&](Span& span, Arena& arena) { span.events.add(arena).name = text; });
  expect_spans_cut([&](Span& span, Arena& arena) { span.links.add(arena).trace_state = text; });
}

TEST(RowSize, SpansOfLongValuesAreCut) {
  const auto f = [](auto value_of) {
    expect_spans_cut([&](Span& span, Arena& arena) {
      span.attributes.push_back(arena, {"key", value_of(arena)});
    });
    expect_spans_cut([&](Span& span, Arena& arena) {
      span.events.add(arena).attributes.push_back(arena, {"key", value_of(arena)});
    });
  };
  f([](Arena&) { return Value::string(long_text()); });
  f([](Arena&) { return Value::bytes(long_text()); });
  f([](Arena& arena) {
    List<Value> inner;
    inner.push_back(arena, Value::string(long_text()));
    List<Value> outer;
    outer.push_back(arena, Value::array(inner));
    return Value::array(outer);
  });
  f([](Arena& arena) {
    List<KeyValue> entries;
    entries.push_back(arena, {long_text(), Value()});
    return Value::kvlist(entries);
  });
}

TEST(RowSize, SpansOfManyEventsOrLinksAreCut) {
  expect_spans_cut([](Span& span, Arena& arena) { span.events = many<SpanEvent>(arena); });
  expect_spans_cut([](Span& span, Arena& arena) { span.links = many<SpanLink>(arena); });
}

TEST(RowSize, SpansOfManyAttributesAreCut) {
  expect_spans_cut([](Span& span, Arena& arena) { span.attributes = many<KeyValue>(arena); });
}

template <typename Fill>
void expect_records_cut(Fill fill) {
  Batch batch(Signal::kLogs);
  Arena& arena = batch.arena();
  LogRecord large;
  fill(large, arena);
  List<LogRecord>& records = batch.logs().resources.add(arena).scopes.add(arena).records;
  for (std::size_t i = 0; i < kRows; ++i) records.push_back(arena, large);
  expect_cut(batch, 2);
}

TEST(RowSize, LargeLogRecordsAreCut) {
  const std::string& text = long_text();
  expect_records_cut([&](LogRecord& record, Arena&) { record.body = Value::string(text); });
  expect_records_cut([&](LogRecord& record, Arena& arena) {
    List<Value> values;
    values.push_back(arena, Value::bytes(text));
    record.body = Value::array(values);
  });
  expect_records_cut([&](LogRecord& record, Arena&) { record.severity_text = text; });
  expect_records_cut([&](LogRecord& record, Arena&) { record.event_name = text; });
  expect_records_cut(
      [](LogRecord& record, Arena& arena) { record.attributes = many<KeyValue>(arena); });
}

// `fill(metric, point, arena)` for each point of a series.
template <typename Point, typename Fill>
void expect_points_cut(MetricKind kind, List<Point> Metric::* points, Fill fill) {
  Batch batch(Signal::kMetrics);
  Arena& arena = batch.arena();
  Metric& metric = batch.metrics().resources.add(arena).scopes.add(arena).metrics.add(arena);
  metric.kind = kind;
  Point large;
  fill(large, arena);
  for (std::size_t i = 0; i < kRows; ++i) {
    Point& point = (metric.*points).add(arena);
    point = large;
    point.time_unix_nano = i + 1;
  }
  expect_cut(batch, 2);
}

TEST(RowSize, PointsOfManyBucketsQuantilesOrExemplarsAreCut) {
  expect_points_cut(
      MetricKind::kGauge, &Metric::number_points,
      [](NumberPoint& point, Arena& arena) { point.exemplars = many<Exemplar>(arena); });
  expect_points_cut(MetricKind::kHistogram, &Metric::histogram_points,
                    [](HistogramPoint& point, Arena& arena) {
                      point.bucket_counts = many<std::uint64_t>(arena);
                    });
  expect_points_cut(MetricKind::kExponentialHistogram, &Metric::exponential_histogram_points,
                    [](ExponentialHistogramPoint& point, Arena& arena) {
                      point.has_negative = true;
                      point.negative.bucket_counts = many<std::uint64_t>(arena);
                    });
  expect_points_cut(MetricKind::kSummary, &Metric::summary_points,
                    [](SummaryPoint& point, Arena& arena) {
                      point.quantile_values = many<QuantileValue>(arena);
                    });
}

TEST(RowSize, ARowThatIsTooLargeByItselfHasARowGroupOfItsOwn) {
  const std::string huge(kGroupBytesMax + 1, 'x');
  Batch batch(Signal::kTraces);
  Arena& arena = batch.arena();
  List<Span>& spans = batch.traces().resources.add(arena).scopes.add(arena).spans;
  for (std::uint8_t i = 1; i <= 3; ++i) {
    Span& span = spans.add(arena);
    span.trace_id.bytes[0] = 1;
    span.span_id.bytes[0] = i;
    if (i == 2) span.name = huge;
  }
  EXPECT_EQ(part_of(batch)->groups(), 3U);
}

}  // namespace
}  // namespace kolben::storage::part
