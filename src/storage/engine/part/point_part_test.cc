#include "storage/engine/part/point_part_writer.h"

#include <algorithm>

#include "storage/engine/part/memory_part.h"
#include "storage/engine/part/point_group.h"
#include "storage/engine/part/random_telemetry.h"

namespace kolben::storage::part {
namespace {

void append(Batch& batch, Metric& metric, const NumberPoint& point) {
  metric.number_points.push_back(batch.arena(), point);
}
void append(Batch& batch, Metric& metric, const HistogramPoint& point) {
  metric.histogram_points.push_back(batch.arena(), point);
}
void append(Batch& batch, Metric& metric, const ExponentialHistogramPoint& point) {
  metric.exponential_histogram_points.push_back(batch.arena(), point);
}
void append(Batch& batch, Metric& metric, const SummaryPoint& point) {
  metric.summary_points.push_back(batch.arena(), point);
}

// One point of a metric with what surrounds it.
template <typename Point>
std::string request_of(const Surroundings& around, Metric metric, const Attributes& attributes,
                       Point point) {
  metric.number_points = {};
  metric.histogram_points = {};
  metric.exponential_histogram_points = {};
  metric.summary_points = {};
  point.attributes = attributes;
  Batch batch(Signal::kMetrics);
  append(batch, metric, point);
  add_scope(around, batch.metrics().resources, batch.arena())
      .metrics.push_back(batch.arena(), metric);
  return encoded(batch);
}

std::vector<std::string> requests_of(const Batch& batch) {
  std::vector<std::string> requests;
  for_each_scope(batch.metrics().resources,
                 [&](const Surroundings& around, const ScopeMetrics& scope) {
                   for (const Metric& metric : scope.metrics) {
                     for_each_point(metric, [&](const auto* point) {
                       requests.push_back(request_of(around, metric, point->attributes, *point));
                     });
                   }
                 });
  std::sort(requests.begin(), requests.end());
  return requests;
}

std::vector<std::string> requests_of(const std::shared_ptr<const Part>& part) {
  std::vector<std::string> requests;
  Arena arena;
  DecodedSeries table;
  EXPECT_TRUE(part->series(arena, table).is_ok());
  for (std::size_t i = 0; i < part->groups(); ++i) {
    auto group = PointGroup::open(part, i, table.series);
    EXPECT_TRUE(group.has_value()) << group.status().to_string();
    if (!group) return requests;
    std::vector<PointRow> rows;
    const Status read = group->read(arena, rows);
    EXPECT_TRUE(read.is_ok()) << read.to_string();
    EXPECT_EQ(rows.size(), group->rows());
    for (const PointRow& row : rows) {
      const SeriesKey& key = table.series[row.series];
      const Surroundings around = surroundings_of(*part, key.resource, key.scope);
      std::visit(
          [&](const auto* point) {
            requests.push_back(request_of(around, key.metric, key.attributes, *point));
          },
          row.point);
    }
  }
  std::sort(requests.begin(), requests.end());
  return requests;
}

TEST(PointPart, GivesBackEveryFieldOfEveryPointOfEveryKind) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTelemetry random(seed);
    const Batch batch = random.metrics(1 + random.below(3000));
    ASSERT_EQ(requests_of(part_of(batch)), requests_of(batch));
  }
}

// A program's counters and gauges, scraped every ten seconds for an hour and a half.
Batch steady_series(std::size_t series, std::size_t points) {
  RandomTelemetry random(7);
  Batch batch(Signal::kMetrics);
  Arena& arena = batch.arena();
  ScopeMetrics& scope = batch.metrics().resources.add(arena).scopes.add(arena);
  for (std::size_t i = 0; i < series; ++i) {
    Metric& metric = scope.metrics.add(arena);
    metric.name = arena.copy("requests." + std::to_string(i));
    metric.kind = MetricKind::kSum;
    metric.temporality = Temporality::kCumulative;
    metric.is_monotonic = true;
    std::int64_t value = 0;
    for (std::size_t j = 0; j < points; ++j) {
      NumberPoint& point = metric.number_points.add(arena);
      point.start_time_unix_nano = 1'700'000'000'000'000'000;
      point.time_unix_nano = point.start_time_unix_nano + j * 10'000'000'000;
      value += static_cast<std::int64_t>(random.below(50));
      point.value.type = NumberType::kInt;
      point.value.integer = value;
    }
  }
  batch.recount();
  return batch;
}

TEST(PointPart, SteadySeriesTakeTwoBytesAPointAtMost) {
  const Batch batch = steady_series(200, 500);
  const std::string bytes = part_bytes_of(batch);
  EXPECT_LE(bytes.size(), 2 * batch.items());
  EXPECT_EQ(requests_of(open_part(bytes)), requests_of(batch));
}

TEST(PointPart, EveryDamagedByteIsFound) {
  RandomTelemetry random(4);
  expect_every_damaged_byte_is_found(part_bytes_of(random.metrics(60)));
}

}  // namespace
}  // namespace kolben::storage::part
