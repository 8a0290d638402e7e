#include "agent/process/metric_readers.h"

#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

class KeptBatches final : public Exporter {
 public:
  void export_batch(const Batch& batch) override { batches.push_back(batch.clone()); }
  void shutdown(std::chrono::steady_clock::time_point) override {}
  bool wants_batch() const override { return is_asked; }

  const Metric& metric(std::size_t batch) const {
    return batches.at(batch).metrics().resources[0].scopes[0].metrics[0];
  }
  std::vector<Batch> batches;
  bool is_asked = false;
};

ExporterSettings settings_of(std::uint64_t interval, Temporality temporality) {
  ExporterSettings settings;
  settings.reader.interval_nanos = interval;
  settings.reader.counters = settings.reader.histograms = temporality;
  return settings;
}

class MetricReadersTest : public ::testing::Test {
 protected:
  void count(MetricReaders& readers, double value) {
    Measured measured;
    measured.name = "jobs";
    measured.value = value;
    readers.record(measured, Attributes(), kSecond);
  }
  static void export_due(MetricReaders& readers, std::uint64_t now) {
    readers.export_to(MetricReaders::Which::kDue, {}, now, [](std::uint32_t, Resource&, Arena&) {});
  }
  KeptBatches first_, second_;
};

TEST_F(MetricReadersTest, EachHasItsIntervalAndItsTemporality) {
  MetricReaders readers({settings_of(10 * kSecond, Temporality::kCumulative),
                         settings_of(20 * kSecond, Temporality::kDelta)},
                        {&first_, &second_}, ExemplarFilter::kTraceBased, 0);
  count(readers, 1);
  EXPECT_FALSE(readers.are_due(9 * kSecond));
  EXPECT_TRUE(readers.are_due(10 * kSecond));
  export_due(readers, 10 * kSecond);
  EXPECT_EQ(first_.batches.size(), 1U);
  EXPECT_EQ(second_.batches.size(), 0U);
  export_due(readers, 20 * kSecond);
  count(readers, 2);
  export_due(readers, 40 * kSecond);
  ASSERT_EQ(first_.batches.size(), 3U);
  ASSERT_EQ(second_.batches.size(), 2U);
  EXPECT_EQ(first_.metric(2).number_points[0].value.integer, 3);
  EXPECT_EQ(second_.metric(0).number_points[0].value.integer, 1);
  EXPECT_EQ(second_.metric(1).number_points[0].value.integer, 2);
  EXPECT_EQ(second_.metric(1).temporality, Temporality::kDelta);
}

TEST_F(MetricReadersTest, WhoIsAskedGetsThemThenAndTakesNothingFromTheOthers) {
  ExporterSettings pulled;
  pulled.reader.is_pulled = true;
  MetricReaders readers({pulled, settings_of(10 * kSecond, Temporality::kDelta)},
                        {&first_, &second_}, ExemplarFilter::kTraceBased, 0);
  first_.is_asked = true;
  EXPECT_TRUE(readers.are_due(1));
  export_due(readers, 1);
  ASSERT_EQ(first_.batches.size(), 1U) << "who asks is answered though there is nothing";
  count(readers, 5);
  export_due(readers, 2);
  first_.is_asked = false;
  EXPECT_FALSE(readers.are_due(3));
  export_due(readers, 10 * kSecond);
  EXPECT_EQ(first_.batches.size(), 2U);
  EXPECT_EQ(first_.metric(1).number_points[0].value.integer, 5);
  ASSERT_EQ(second_.batches.size(), 1U);
  EXPECT_EQ(second_.metric(0).number_points[0].value.integer, 5);
}

TEST_F(MetricReadersTest, WhatWasNotMeasuredIsNotSent) {
  MetricReaders readers({settings_of(kSecond, Temporality::kCumulative)}, {&first_},
                        ExemplarFilter::kTraceBased, 0);
  export_due(readers, kSecond);
  EXPECT_EQ(first_.batches.size(), 0U);
}

TEST_F(MetricReadersTest, HistogramsAreAsEachWantsThem) {
  ExporterSettings exponential = settings_of(kSecond, Temporality::kDelta);
  exponential.reader.histogram_kind = HistogramKind::kExponential;
  MetricReaders readers({settings_of(kSecond, Temporality::kCumulative), exponential},
                        {&first_, &second_}, ExemplarFilter::kTraceBased, 0);
  Measured measured;
  measured.kind = InstrumentKind::kHistogram;
  measured.name = "duration";
  measured.value = 4;
  readers.record(measured, Attributes(), 1);
  export_due(readers, kSecond);
  readers.record(measured, Attributes(), 1);
  export_due(readers, 2 * kSecond);
  EXPECT_EQ(first_.metric(1).kind, MetricKind::kHistogram);
  EXPECT_EQ(first_.metric(1).histogram_points[0].count, 2U);
  EXPECT_EQ(second_.metric(1).kind, MetricKind::kExponentialHistogram);
  const ExponentialHistogramPoint& point = second_.metric(1).exponential_histogram_points[0];
  EXPECT_EQ(point.count, 1U);
  EXPECT_EQ(point.sum, 4);
  EXPECT_EQ(point.scale, 20);
  ASSERT_EQ(point.positive.bucket_counts.size(), 1U);
  EXPECT_EQ(point.positive.bucket_counts[0], 1U);
}

}  // namespace
}  // namespace kolben::agent
