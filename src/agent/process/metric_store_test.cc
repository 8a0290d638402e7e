#include "agent/process/metric_store.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace kolben::agent {
namespace {

class MetricStoreTest : public ::testing::Test {
 protected:
  void record(InstrumentKind kind, double value, std::string_view attribute = "") {
    Attributes attributes;
    if (!attribute.empty()) attributes.push_back(arena_, {"key", Value::string(attribute)});
    Measured measured;
    measured.kind = kind;
    measured.name = "name";
    measured.value = value;
    store_.record(measured, attributes, ++now_);
  }
  const Metric& collect() {
    ResourceMetrics& resource =
        *new (arena_.allocate(sizeof(ResourceMetrics), 8)) ResourceMetrics();
    store_.collect(resource, arena_, ++now_);
    return resource.scopes[0].metrics[0];
  }

  Arena arena_;
  std::uint64_t now_ = 100;
  MetricStore store_{Temporality::kCumulative, Temporality::kCumulative};
};

TEST_F(MetricStoreTest, CountersAddUpByAttributesAndStayWhole) {
  record(InstrumentKind::kCounter, 1, "a");
  record(InstrumentKind::kCounter, 2, "b");
  record(InstrumentKind::kCounter, 3, "a");
  const Metric& metric = collect();
  EXPECT_EQ(metric.kind, MetricKind::kSum);
  EXPECT_TRUE(metric.is_monotonic);
  ASSERT_EQ(metric.number_points.size(), 2u);
  EXPECT_EQ(metric.number_points[0].value.type, NumberType::kInt);
  EXPECT_EQ(metric.number_points[0].value.integer, 4);
  EXPECT_EQ(metric.number_points[0].start_time_unix_nano, 101u);
  EXPECT_EQ(metric.number_points[1].value.integer, 2);
}

// More sets than are known by the order in which they come; what is beyond the bound comes last.
TEST_F(MetricStoreTest, SetsThatComeAgainAndAgainAddUp) {
  constexpr std::size_t kSets = MetricStore::kSeriesMax + 500;
  constexpr std::size_t kOwn = MetricStore::kSeriesMax - 2;  // beside "often" and the last
  constexpr std::size_t kRounds = 3;
  for (std::size_t i = 0; i < kRounds * kSets; ++i) {
    record(InstrumentKind::kCounter, 1, std::to_string(i % kSets));
    record(InstrumentKind::kCounter, 1, std::to_string(i % kSets));
    record(InstrumentKind::kCounter, 1, "often");
  }
  const auto& points = collect().number_points;
  ASSERT_EQ(points.size(), MetricStore::kSeriesMax);
  const auto count = [&](std::size_t i) {
    return static_cast<std::size_t>(points[i].value.integer);
  };
  EXPECT_EQ(count(0), 2 * kRounds);
  EXPECT_EQ(count(1), kRounds * kSets);
  for (std::size_t i = 2; i <= kOwn; ++i) ASSERT_EQ(count(i), 2 * kRounds) << i;
  EXPECT_EQ(count(kOwn + 1), 2 * kRounds * (kSets - kOwn));
}

TEST_F(MetricStoreTest, OneFractionMakesACounterReal) {
  record(InstrumentKind::kUpDownCounter, 1);
  record(InstrumentKind::kUpDownCounter, -0.5);
  const Metric& metric = collect();
  EXPECT_FALSE(metric.is_monotonic);
  EXPECT_EQ(metric.number_points[0].value.real, 0.5);
}

TEST_F(MetricStoreTest, GaugesKeepTheLastValue) {
  record(InstrumentKind::kGauge, 7);
  record(InstrumentKind::kGauge, 3);
  const Metric& metric = collect();
  EXPECT_EQ(metric.kind, MetricKind::kGauge);
  EXPECT_EQ(metric.number_points[0].value.integer, 3);
}

TEST_F(MetricStoreTest, HistogramsCountIntoBucketsInclusiveAbove) {
  record(InstrumentKind::kHistogram, 5);
  record(InstrumentKind::kHistogram, 5.1);
  record(InstrumentKind::kHistogram, 20'000);
  const HistogramPoint& point = collect().histogram_points[0];
  EXPECT_EQ(point.count, 3u);
  EXPECT_EQ(point.bucket_counts.size(), point.explicit_bounds.size() + 1);
  EXPECT_EQ(point.bucket_counts[1], 1u);   // (0, 5]
  EXPECT_EQ(point.bucket_counts[2], 1u);   // (5, 10]
  EXPECT_EQ(point.bucket_counts[15], 1u);  // above 10,000
  EXPECT_EQ(point.min, 5);
  EXPECT_EQ(point.max, 20'000);
}

TEST_F(MetricStoreTest, TheOrderOfAttributesDoesNotMatter) {
  Attributes one, other;
  one.push_back(arena_, {"a", Value::integer(1)});
  one.push_back(arena_, {"b", Value::integer(2)});
  other.push_back(arena_, {"b", Value::integer(2)});
  other.push_back(arena_, {"a", Value::integer(1)});
  Measured measured;
  measured.name = "name";
  measured.value = 1;
  store_.record(measured, one, 1);
  store_.record(measured, other, 2);
  EXPECT_EQ(collect().number_points.size(), 1u);
}

TEST_F(MetricStoreTest, BeyondTheCapTheOverflowSeriesCounts) {
  for (std::size_t i = 0; i < MetricStore::kSeriesMax + 100; ++i) {
    record(InstrumentKind::kCounter, 1, std::to_string(i));
  }
  const Metric& metric = collect();
  ASSERT_EQ(metric.number_points.size(), MetricStore::kSeriesMax);
  const NumberPoint& overflow = metric.number_points[MetricStore::kSeriesMax - 1];
  ASSERT_NE(find(overflow.attributes, "otel.metric.overflow"), nullptr);
  EXPECT_EQ(overflow.value.integer, 101);
}

TEST_F(MetricStoreTest, WhatIsNoNumberIsRefusedAndCounted) {
  record(InstrumentKind::kCounter, std::nan(""));
  record(InstrumentKind::kCounter, -1);
  EXPECT_TRUE(store_.empty());
  EXPECT_EQ(store_.refused(), 2u);
}

TEST_F(MetricStoreTest, DeltasBeginAnewAfterEachCollection) {
  store_ = MetricStore(Temporality::kDelta, Temporality::kDelta);
  record(InstrumentKind::kCounter, 5);
  EXPECT_EQ(collect().number_points[0].value.integer, 5);
  EXPECT_EQ(collect().number_points.size(), 0u);
  record(InstrumentKind::kCounter, 2);
  EXPECT_EQ(collect().number_points[0].value.integer, 2);
}

// What is beyond takes no more memory, and nobody else's place.
TEST_F(MetricStoreTest, OverflowLeavesRoomForOthers) {
  for (int i = 0; i < 60'000; ++i) record(InstrumentKind::kCounter, 1, std::to_string(i));
  Measured other;
  other.kind = InstrumentKind::kCounter;
  other.name = "another";
  other.value = 1;
  store_.record(other, {}, ++now_);
  EXPECT_EQ(store_.refused(), 0U);
}

// --- exemplars -----------------------------------------------------------------------------------

constexpr std::uint8_t kSampled = 7;  // of span ids

class ExemplarsTest : public MetricStoreTest {
 protected:
  // `id` zero: for no span.
  void record_for(std::uint8_t id, InstrumentKind kind, double value, bool is_sampled = true) {
    Measured measured;
    measured.kind = kind;
    measured.name = "name";
    measured.value = value;
    measured.whom.trace_id.bytes[0] = id;
    measured.whom.span_id.bytes[0] = id;
    measured.whom.is_sampled = is_sampled;
    store_.record(measured, {}, ++now_);
  }
  void filter(ExemplarFilter filter, HistogramKind kind = HistogramKind::kExplicitBuckets) {
    store_ = MetricStore(Temporality::kCumulative, Temporality::kCumulative, kind, filter);
  }
};

TEST_F(ExemplarsTest, EachBucketOfAHistogramKeepsTheLastSampledOne) {
  record_for(1, InstrumentKind::kHistogram, 6);
  record_for(kSampled, InstrumentKind::kHistogram, 7);
  record_for(3, InstrumentKind::kHistogram, 8, false);
  record_for(0, InstrumentKind::kHistogram, 9);
  record_for(4, InstrumentKind::kHistogram, 20);
  const auto& exemplars = collect().histogram_points[0].exemplars;
  ASSERT_EQ(exemplars.size(), 2u);
  EXPECT_EQ(exemplars[0].value.integer, 7);
  EXPECT_EQ(exemplars[0].span_id.bytes[0], kSampled);
  EXPECT_EQ(exemplars[0].trace_id.bytes[0], kSampled);
  EXPECT_EQ(exemplars[0].time_unix_nano, 102u);
  EXPECT_EQ(exemplars[1].value.integer, 20);
  EXPECT_TRUE(collect().histogram_points[0].exemplars.empty()) << "told once";
}

TEST_F(ExemplarsTest, ACounterKeepsOneOfAll) {
  for (std::uint8_t id = 1; id <= 100; ++id) record_for(id, InstrumentKind::kCounter, 0.5);
  const auto& exemplars = collect().number_points[0].exemplars;
  ASSERT_EQ(exemplars.size(), 1u);
  EXPECT_EQ(exemplars[0].value.type, NumberType::kDouble);
  EXPECT_EQ(exemplars[0].value.real, 0.5);
}

TEST_F(ExemplarsTest, AnExponentialHistogramKeepsTwenty) {
  filter(ExemplarFilter::kTraceBased, HistogramKind::kExponential);
  for (std::uint8_t id = 1; id <= 100; ++id) record_for(id, InstrumentKind::kHistogram, id);
  EXPECT_EQ(collect().exponential_histogram_points[0].exemplars.size(), 20u);
}

TEST_F(ExemplarsTest, TheFilterTakesAllOrNone) {
  filter(ExemplarFilter::kAlwaysOn);
  record_for(0, InstrumentKind::kHistogram, 6, false);
  const auto& exemplars = collect().histogram_points[0].exemplars;
  ASSERT_EQ(exemplars.size(), 1u);
  EXPECT_TRUE(exemplars[0].trace_id.is_zero());
  filter(ExemplarFilter::kAlwaysOff);
  record_for(1, InstrumentKind::kHistogram, 6);
  EXPECT_TRUE(collect().histogram_points[0].exemplars.empty());
}

TEST_F(ExemplarsTest, BeyondTheBoundSeriesHaveNone) {
  constexpr std::size_t kPlaces = 16;  // of the default buckets
  Measured measured;
  measured.kind = InstrumentKind::kHistogram;
  measured.name = "name";
  measured.whom.trace_id.bytes[0] = measured.whom.span_id.bytes[0] = 1;
  measured.whom.is_sampled = true;
  for (std::size_t i = 0; i < MetricStore::kExemplarsMax / kPlaces + 10; ++i) {
    Attributes attributes;
    attributes.push_back(arena_, {"i", Value::integer(static_cast<std::int64_t>(i))});
    store_.record(measured, attributes, ++now_);
  }
  std::size_t exemplars = 0;
  for (const HistogramPoint& point : collect().histogram_points) {
    exemplars += point.exemplars.size();
  }
  EXPECT_EQ(exemplars, MetricStore::kExemplarsMax / kPlaces);
}

}  // namespace
}  // namespace kolben::agent
