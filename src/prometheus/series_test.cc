#include "prometheus/series.h"

#include <gtest/gtest.h>

#include <climits>
#include <cmath>

namespace kolben::prometheus {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

// A batch with one metric of the service "todo".
struct OneMetric {
  explicit OneMetric(std::string_view name, MetricKind kind, std::string_view unit = "") {
    Arena& arena = batch.arena();
    ResourceMetrics& resource = batch.metrics().resources.add(arena);
    set(resource.resource.attributes, arena, "service.name", Value::string("todo"));
    metric = &resource.scopes.add(arena).metrics.add(arena);
    metric->name = name;
    metric->unit = unit;
    metric->kind = kind;
    metric->temporality = Temporality::kCumulative;
  }
  NumberPoint& add_number(double value) {
    NumberPoint& point = metric->number_points.add(batch.arena());
    point.value = {NumberType::kDouble, 0, value};
    return point;
  }
  Batch batch{Signal::kMetrics};
  Metric* metric;
};

TEST(MetricName, FollowsTheSpecification) {
  const auto f = [](std::string_view name, MetricKind kind, std::string_view unit, bool monotonic,
                    std::string_view want) {
    Metric metric;
    metric.name = name;
    metric.unit = unit;
    metric.kind = kind;
    metric.is_monotonic = monotonic;
    EXPECT_EQ(metric_name(metric, {}), want);
  };
  f("http.server.duration", MetricKind::kHistogram, "ms", false,
    "http_server_duration_milliseconds");
  f("http.server.request.duration", MetricKind::kHistogram, "s", false,
    "http_server_request_duration_seconds");
  f("flask_app_requests_total", MetricKind::kSum, "1", true, "flask_app_requests_total");
  f("http.server.active_requests", MetricKind::kSum, "{request}", false,
    "http_server_active_requests");
  f("disk.io", MetricKind::kSum, "By", true, "disk_io_bytes_total");
  f("load", MetricKind::kGauge, "1", false, "load_ratio");
  f("rate", MetricKind::kGauge, "By/s", false, "rate_bytes_per_second");
  f("1st", MetricKind::kGauge, "", false, "_1st");
}

TEST(Series, ACounterIsShownWithItsLabels) {
  OneMetric data("flask_app_requests_total", MetricKind::kSum);
  data.metric->is_monotonic = true;
  data.metric->description = "Requests";
  NumberPoint& point = data.add_number(3);
  set(point.attributes, data.batch.arena(), "endpoint", Value::string("a\"b\\\n"));
  Series series({});
  EXPECT_EQ(series.update(data.batch.metrics(), kSecond), 0U);
  EXPECT_EQ(series.to_text(kSecond),
            "# HELP flask_app_requests_total Requests\n"
            "# TYPE flask_app_requests_total counter\n"
            "flask_app_requests_total{job=\"todo\",endpoint=\"a\\\"b\\\\\\n\"} 3\n");
}

TEST(Series, ALabelThatIsNoStringIsItsJson) {
  OneMetric data("jobs", MetricKind::kGauge);
  Arena& arena = data.batch.arena();
  List<Value> zones;
  zones.push_back(arena, Value::string("a"));
  zones.push_back(arena, Value::integer(2));
  set(data.add_number(1).attributes, arena, "zones", Value::array(zones));
  Series series({});
  EXPECT_EQ(series.update(data.batch.metrics(), kSecond), 0U);
  EXPECT_NE(series.to_text(kSecond).find(R"(zones="[\"a\",2]")"), std::string::npos)
      << series.to_text(kSecond);
}

TEST(Series, AHistogramCountsUpwards) {
  OneMetric data("http.server.duration", MetricKind::kHistogram, "ms");
  Arena& arena = data.batch.arena();
  HistogramPoint& point = data.metric->histogram_points.add(arena);
  for (const double bound : {5.0, 10.0}) point.explicit_bounds.push_back(arena, bound);
  for (const std::uint64_t count : {1U, 2U, 4U}) point.bucket_counts.push_back(arena, count);
  point.count = 7;
  point.sum = 60.5;
  Series series({});
  series.update(data.batch.metrics(), kSecond);
  EXPECT_EQ(series.to_text(kSecond),
            "# HELP http_server_duration_milliseconds \n"
            "# TYPE http_server_duration_milliseconds histogram\n"
            "http_server_duration_milliseconds_bucket{job=\"todo\",le=\"5\"} 1\n"
            "http_server_duration_milliseconds_bucket{job=\"todo\",le=\"10\"} 3\n"
            "http_server_duration_milliseconds_bucket{job=\"todo\",le=\"+Inf\"} 7\n"
            "http_server_duration_milliseconds_sum{job=\"todo\"} 60.5\n"
            "http_server_duration_milliseconds_count{job=\"todo\"} 7\n");
}

TEST(Series, AProgramThatShowsItsOwnSeriesNamesNoJob) {
  OneMetric data("load", MetricKind::kGauge);
  data.add_number(1);
  Series series({.is_one_target = true});
  series.update(data.batch.metrics(), kSecond);
  EXPECT_EQ(series.to_text(kSecond),
            "# HELP load \n# TYPE load gauge\nload 1\n"
            "# HELP target_info Target metadata\n# TYPE target_info gauge\n"
            "target_info{service_name=\"todo\"} 1\n");
  Series without({.with_target_info = false, .is_one_target = true});
  without.update(data.batch.metrics(), kSecond);
  EXPECT_EQ(without.to_text(kSecond), "# HELP load \n# TYPE load gauge\nload 1\n");
}

TEST(Series, ServicesThatAProgramHasStartedNameTheirJob) {
  OneMetric data("load", MetricKind::kGauge);
  data.add_number(1);
  Arena& arena = data.batch.arena();
  ResourceMetrics& other = data.batch.metrics().resources.add(arena);
  set(other.resource.attributes, arena, "service.name", Value::string("web"));
  set(other.resource.attributes, arena, "zone", Value::string("b"));
  Metric& metric = other.scopes.add(arena).metrics.add(arena);
  metric.name = "load";
  metric.kind = MetricKind::kGauge;
  metric.number_points.add(arena).value = {NumberType::kDouble, 0, 2};
  Series series({.is_one_target = true});
  series.update(data.batch.metrics(), kSecond);
  EXPECT_EQ(series.to_text(kSecond),
            "# HELP load \n# TYPE load gauge\nload 1\nload{job=\"web\",zone=\"b\"} 2\n"
            "# HELP target_info Target metadata\n# TYPE target_info gauge\n"
            "target_info{job=\"web\",zone=\"b\",service_name=\"web\"} 1\n"
            "target_info{service_name=\"todo\"} 1\n");
}

TEST(Series, DeltaPointsAreSummedUp) {
  OneMetric data("jobs", MetricKind::kSum);
  data.metric->is_monotonic = true;
  data.metric->temporality = Temporality::kDelta;
  data.add_number(2);
  Series series({});
  series.update(data.batch.metrics(), kSecond);
  series.update(data.batch.metrics(), 2 * kSecond);
  EXPECT_NE(series.to_text(2 * kSecond).find("jobs_total{job=\"todo\"} 4\n"), std::string::npos);
}

// Their bounds are others nearly every time.
TEST(Series, DeltasOfExponentialHistogramsAreSummedUp) {
  Series series({});
  for (const std::int32_t offset : {0, 2}) {
    OneMetric data("wait", MetricKind::kExponentialHistogram);
    data.metric->temporality = Temporality::kDelta;
    ExponentialHistogramPoint& point =
        data.metric->exponential_histogram_points.add(data.batch.arena());
    point.count = 3;
    point.sum = 5;
    point.positive.offset = offset;
    point.positive.bucket_counts.push_back(data.batch.arena(), 1);
    point.positive.bucket_counts.push_back(data.batch.arena(), 2);
    EXPECT_EQ(series.update(data.batch.metrics(), kSecond), 0u);
  }
  const std::string text = series.to_text(kSecond);
  for (const char* line :
       {"wait_bucket{job=\"todo\",le=\"2\"} 1\n", "wait_bucket{job=\"todo\",le=\"4\"} 3\n",
        "wait_bucket{job=\"todo\",le=\"8\"} 4\n", "wait_bucket{job=\"todo\",le=\"16\"} 6\n",
        "wait_bucket{job=\"todo\",le=\"+Inf\"} 6\n", "wait_sum{job=\"todo\"} 10",
        "wait_count{job=\"todo\"} 6\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(Series, ADeltaWithOtherBoundsBeginsAnew) {
  Series series({});
  for (const double bound : {1.0, 2.0}) {
    OneMetric data("wait", MetricKind::kHistogram);
    data.metric->temporality = Temporality::kDelta;
    HistogramPoint& point = data.metric->histogram_points.add(data.batch.arena());
    point.count = 3;
    point.sum = 5;
    point.explicit_bounds.push_back(data.batch.arena(), bound);
    point.bucket_counts.push_back(data.batch.arena(), 1);
    point.bucket_counts.push_back(data.batch.arena(), 2);
    EXPECT_EQ(series.update(data.batch.metrics(), kSecond), 0u);
  }
  const std::string text = series.to_text(kSecond);
  EXPECT_NE(text.find("wait_bucket{job=\"todo\",le=\"2\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("wait_count{job=\"todo\"} 3\n"), std::string::npos) << text;
}

TEST(Series, WhatGetsNoPointsExpires) {
  OneMetric data("load", MetricKind::kGauge);
  data.add_number(1);
  Series series({.expiration_nanos = 10 * kSecond});
  series.update(data.batch.metrics(), kSecond);
  EXPECT_NE(series.to_text(11 * kSecond), "");
  EXPECT_EQ(series.to_text(12 * kSecond), "");
}

TEST(Series, BeyondTheBoundNewSeriesAreRefusedAndCounted) {
  OneMetric data("load", MetricKind::kGauge);
  for (const char* host : {"a", "b", "c"}) {
    set(data.add_number(1).attributes, data.batch.arena(), "host", Value::string(host));
  }
  Series series({.series_max = 2});
  EXPECT_EQ(series.update(data.batch.metrics(), kSecond), 1U);
}

TEST(Series, RoomComesBackWhenOldSeriesExpireWithoutAScrape) {
  OneMetric first("a", MetricKind::kGauge);
  OneMetric second("b", MetricKind::kGauge);
  first.add_number(1);
  second.add_number(1);
  Series series({.expiration_nanos = 10 * kSecond, .series_max = 1});
  EXPECT_EQ(series.update(first.batch.metrics(), kSecond), 0U);
  EXPECT_EQ(series.update(second.batch.metrics(), 5 * kSecond), 1U);
  EXPECT_EQ(series.update(second.batch.metrics(), 20 * kSecond), 0U);
  EXPECT_NE(series.to_text(20 * kSecond).find("b{job=\"todo\"} 1\n"), std::string::npos);
}

TEST(Series, LargeLabelsAreBoundedByBytes) {
  Series series({.series_max = 1000});
  const std::string large(100'000, 'x');
  std::uint64_t refused = 0;
  for (int i = 0; i < 10; ++i) {
    OneMetric data("load", MetricKind::kGauge);
    set(data.add_number(1).attributes, data.batch.arena(), "host",
        Value::string(data.batch.arena().copy(large + std::to_string(i))));
    refused += series.update(data.batch.metrics(), kSecond);
  }
  EXPECT_EQ(refused, 5U);  // 1000 * kSeriesBytes hold five
}

TEST(Series, ALoneSeriesHasRoomForAllItsBucketsButNotForAnyLabel) {
  OneMetric data("duration", MetricKind::kHistogram);
  Arena& arena = data.batch.arena();
  HistogramPoint& point = data.metric->histogram_points.add(arena);
  for (std::size_t i = 0; i < kBucketsMax; ++i) {
    point.bucket_counts.push_back(arena, 1);
    if (i > 0) point.explicit_bounds.push_back(arena, static_cast<double>(i));
  }
  Series series({.series_max = 1});
  EXPECT_EQ(series.update(data.batch.metrics(), kSecond), 0U);

  const std::string large(kBytesMin, 'x');
  set(point.attributes, arena, "host", Value::string(large));
  Series other({.series_max = 1});
  EXPECT_EQ(other.update(data.batch.metrics(), kSecond), 1U);
}

TEST(Series, NoLabelStandsThereTwice) {
  OneMetric data("d", MetricKind::kHistogram);
  Arena& arena = data.batch.arena();
  HistogramPoint& point = data.metric->histogram_points.add(arena);
  point.bucket_counts.push_back(arena, 1);
  point.count = 1;
  for (const char* key : {"job", "le", "__name__", "a.b", "a_b"}) {
    set(point.attributes, arena, key, Value::string("evil"));
  }
  Series series({.const_labels = {{"zone", "z"}}});
  EXPECT_EQ(series.update(data.batch.metrics(), kSecond), 0U);
  EXPECT_NE(series.to_text(kSecond).find("d_bucket{zone=\"z\",job=\"todo\",a_b=\"evil;evil\","
                                         "exported_job=\"evil\",exported_le=\"evil\","
                                         "key__name__=\"evil\",le=\"+Inf\"} 1\n"),
            std::string::npos)
      << series.to_text(kSecond);
}

TEST(Series, AnAttributeOfAResourceDoesNotTakeTheLabelOfABucket) {
  OneMetric data("d", MetricKind::kHistogram);
  Arena& arena = data.batch.arena();
  set(data.batch.metrics().resources[0].resource.attributes, arena, "le", Value::string("5"));
  HistogramPoint& point = data.metric->histogram_points.add(arena);
  point.bucket_counts.push_back(arena, 1);
  point.count = 1;
  Series series({.with_resource_labels = true});
  EXPECT_EQ(series.update(data.batch.metrics(), kSecond), 0U);
  EXPECT_NE(
      series.to_text(kSecond).find("exported_le=\"5\",service_name=\"todo\",le=\"+Inf\"} 1\n"),
      std::string::npos)
      << series.to_text(kSecond);
}

TEST(Series, AMetricThatChangesItsTypeIsRefused) {
  OneMetric gauge("x", MetricKind::kGauge);
  gauge.add_number(1);
  OneMetric summary("x", MetricKind::kSummary);
  summary.metric->summary_points.add(summary.batch.arena()).count = 7;
  Series series({.expiration_nanos = 10 * kSecond});
  EXPECT_EQ(series.update(gauge.batch.metrics(), kSecond), 0U);
  EXPECT_EQ(series.update(summary.batch.metrics(), kSecond), 1U);
  EXPECT_EQ(series.to_text(kSecond), "# HELP x \n# TYPE x gauge\nx{job=\"todo\"} 1\n");
  EXPECT_EQ(series.to_text(20 * kSecond), "");  // the gauge has expired
  EXPECT_EQ(series.update(summary.batch.metrics(), 20 * kSecond), 0U);
}

TEST(Series, WhatIsNoUtf8IsReplacedForPrometheusRefusesAllOfIt) {
  OneMetric data("load", MetricKind::kGauge);
  set(data.add_number(1).attributes, data.batch.arena(), "a",
      Value::string("\xed\xa0\x80|\xc0\xaf|\xf4\x90\x80\x80|\xc3"));
  Series series({});
  series.update(data.batch.metrics(), kSecond);
  const std::string text = series.to_text(kSecond);
  for (const char* bad : {"\xed", "\xc0", "\xf4", "\xc3"}) {
    EXPECT_EQ(text.find(bad), std::string::npos);
  }
  EXPECT_NE(text.find("\xef\xbf\xbd"), std::string::npos);
}

TEST(Buckets, ManyOfAnExponentialHistogramAreMergedByPairs) {
  Arena arena;
  ExponentialHistogramPoint point;
  point.scale = 10;
  point.positive.offset = -3;
  for (int i = 0; i < 100'000; ++i) point.positive.bucket_counts.push_back(arena, 1);
  const Buckets buckets = buckets_of(point);
  EXPECT_LE(buckets.size(), kBucketsMax + 1);
  std::uint64_t count = 0;
  double last = -1;
  for (const auto& [bound, in_bucket] : buckets) {
    EXPECT_GE(bound, last);
    last = bound;
    count += in_bucket;
  }
  EXPECT_EQ(count, 100'000U);
  // Index -3 lies in the coarse bucket that ends at base^0 = 1.
  EXPECT_EQ(buckets[1].first, 1);
}

TEST(Buckets, AbsurdScalesGiveNumbers) {
  Arena arena;
  for (const std::int32_t scale : {INT32_MIN, -1, INT32_MAX}) {
    for (const std::int32_t offset : {INT32_MIN, 0, INT32_MAX}) {
      ExponentialHistogramPoint point;
      point.scale = scale;
      point.positive.offset = offset;
      point.negative.offset = offset;
      point.positive.bucket_counts.push_back(arena, 1);
      point.negative.bucket_counts.push_back(arena, 1);
      for (const auto& [bound, count] : buckets_of(point)) EXPECT_FALSE(std::isnan(bound)) << scale;
    }
  }
}

TEST(Series, AHistogramWithMoreBucketsThanItBearsIsRefused) {
  OneMetric data("d", MetricKind::kHistogram);
  Arena& arena = data.batch.arena();
  HistogramPoint& point = data.metric->histogram_points.add(arena);
  for (std::size_t i = 0; i <= kBucketsMax; ++i) point.bucket_counts.push_back(arena, 1);
  Series series({});
  EXPECT_EQ(series.update(data.batch.metrics(), kSecond), 1U);
  EXPECT_EQ(series.to_text(kSecond), "");
}

}  // namespace
}  // namespace kolben::prometheus
