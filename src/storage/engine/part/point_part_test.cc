#include "storage/engine/part/point_part_writer.h"

#include <algorithm>

#include "storage/engine/part/point_group.h"
#include "storage/engine/part/random_telemetry.h"

namespace kolben::storage::part {
namespace {

template <typename Visit>
void for_each_point(const Metric& metric, Visit visit) {
  for (const NumberPoint& point : metric.number_points) visit(&point);
  for (const HistogramPoint& point : metric.histogram_points) visit(&point);
  for (const ExponentialHistogramPoint& point : metric.exponential_histogram_points) visit(&point);
  for (const SummaryPoint& point : metric.summary_points) visit(&point);
}

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

// One point with what surrounds it, as the bytes of a request.
template <typename Point>
std::string request_of(const Resource& resource, std::string_view resource_schema,
                       const Scope& scope, std::string_view scope_schema, Metric metric,
                       const Attributes& attributes, Point point) {
  metric.number_points = {};
  metric.histogram_points = {};
  metric.exponential_histogram_points = {};
  metric.summary_points = {};
  point.attributes = attributes;
  Batch batch(Signal::kMetrics);
  append(batch, metric, point);
  ResourceMetrics& resource_metrics = batch.metrics().resources.add(batch.arena());
  resource_metrics.resource = resource;
  resource_metrics.schema_url = resource_schema;
  ScopeMetrics& scope_metrics = resource_metrics.scopes.add(batch.arena());
  scope_metrics.scope = scope;
  scope_metrics.schema_url = scope_schema;
  scope_metrics.metrics.push_back(batch.arena(), metric);
  std::string out;
  otlp::encode(batch, out);
  return out;
}

std::vector<std::string> requests_of(const Batch& batch) {
  std::vector<std::string> requests;
  for (const ResourceMetrics& resource : batch.metrics().resources) {
    for (const ScopeMetrics& scope : resource.scopes) {
      for (const Metric& metric : scope.metrics) {
        for_each_point(metric, [&](const auto* point) {
          requests.push_back(request_of(resource.resource, resource.schema_url, scope.scope,
                                        scope.schema_url, metric, point->attributes, *point));
        });
      }
    }
  }
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
    std::vector<PointRow> rows;
    const Status read = group->read(arena, rows);
    EXPECT_TRUE(read.is_ok()) << read.to_string();
    EXPECT_EQ(rows.size(), group->rows());
    for (const PointRow& row : rows) {
      const SeriesKey& key = table.series[row.series];
      const ResourceEntry& resource = part->resources()[key.resource];
      const ScopeEntry& scope = part->scopes()[key.scope];
      std::visit(
          [&](const auto* point) {
            requests.push_back(request_of(resource.resource, resource.schema_url, scope.scope,
                                          scope.schema_url, key.metric, key.attributes, *point));
          },
          row.point);
    }
  }
  std::sort(requests.begin(), requests.end());
  return requests;
}

std::string part_bytes_of_points(const Batch& batch) {
  std::string bytes;
  PointPartWriter writer([&bytes](std::string_view more) {
    bytes += more;
    return Status::ok();
  });
  std::vector<PointRow> rows;
  for (const ResourceMetrics& resource : batch.metrics().resources) {
    const std::uint32_t number = writer.part().resource(resource.resource, resource.schema_url);
    for (const ScopeMetrics& scope : resource.scopes) {
      const std::uint32_t scope_number = writer.part().scope(scope.scope, scope.schema_url);
      for (const Metric& metric : scope.metrics) {
        for_each_point(metric, [&](const auto* point) {
          rows.push_back(
              {point, writer.series().number_of(number, scope_number, metric, point->attributes),
               point->time_unix_nano});
        });
      }
    }
  }
  writer.add(std::move(rows));
  EXPECT_TRUE(writer.finish().is_ok());
  return bytes;
}

TEST(PointPart, GivesBackEveryFieldOfEveryPointOfEveryKind) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    RandomTelemetry random(seed);
    const Batch batch = random.metrics(1 + random.below(3000));
    const std::vector<std::string> want = requests_of(batch);
    const std::vector<std::string> got = requests_of(open_part(part_bytes_of_points(batch)));
    ASSERT_EQ(want.size(), got.size());
    for (std::size_t i = 0; i < want.size(); ++i) ASSERT_EQ(want[i], got[i]);
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
  const std::string bytes = part_bytes_of_points(batch);
  EXPECT_LE(bytes.size(), 2 * batch.items());
  EXPECT_EQ(requests_of(open_part(bytes)), requests_of(batch));
}

TEST(PointPart, EveryDamagedByteIsFound) {
  RandomTelemetry random(4);
  const std::string good = part_bytes_of_points(random.metrics(60));
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (at % 8)));
    auto part = Part::open(std::make_shared<MemorySource>(Bytes::from_string(std::move(bytes))));
    const Status status = part ? (*part)->check() : part.status();
    ASSERT_FALSE(status.is_ok()) << "byte " << at;
  }
}

}  // namespace
}  // namespace kolben::storage::part
