// Metrics as OTLP has them, all five kinds (metrics/v1/metrics.proto).
#pragma once

#include <cstdint>
#include <string_view>

#include "model/attributes.h"
#include "model/ids.h"
#include "model/resource.h"

namespace kolben {

// On the wire: never renumber.
enum class Temporality : std::int32_t { kUnspecified = 0, kDelta = 1, kCumulative = 2 };

// DataPointFlags: the point says that the series has ended.
inline constexpr std::uint32_t kNoRecordedValueFlag = 1;

enum class NumberType : std::uint8_t { kNone, kInt, kDouble };

// as_int or as_double of NumberDataPoint and Exemplar, or neither.
struct Number {
  NumberType type = NumberType::kNone;
  std::int64_t integer = 0;
  double real = 0;

  double to_double() const {
    return type == NumberType::kInt ? static_cast<double>(integer) : real;
  }
};

struct Exemplar {
  Attributes filtered_attributes;
  std::uint64_t time_unix_nano = 0;
  Number value;
  SpanId span_id;
  TraceId trace_id;
};

struct NumberPoint {
  Attributes attributes;
  std::uint64_t start_time_unix_nano = 0;
  std::uint64_t time_unix_nano = 0;
  Number value;
  List<Exemplar> exemplars;
  std::uint32_t flags = 0;
};

struct HistogramPoint {
  Attributes attributes;
  std::uint64_t start_time_unix_nano = 0;
  std::uint64_t time_unix_nano = 0;
  std::uint64_t count = 0;
  bool has_sum = false;
  double sum = 0;
  List<std::uint64_t> bucket_counts;  // one more than bounds, or none
  List<double> explicit_bounds;
  List<Exemplar> exemplars;
  std::uint32_t flags = 0;
  bool has_min = false;
  double min = 0;
  bool has_max = false;
  double max = 0;
};

struct ExponentialBuckets {
  std::int32_t offset = 0;
  List<std::uint64_t> bucket_counts;
};

struct ExponentialHistogramPoint {
  Attributes attributes;
  std::uint64_t start_time_unix_nano = 0;
  std::uint64_t time_unix_nano = 0;
  std::uint64_t count = 0;
  bool has_sum = false;
  double sum = 0;
  std::int32_t scale = 0;
  std::uint64_t zero_count = 0;
  bool has_positive = false;
  ExponentialBuckets positive;
  bool has_negative = false;
  ExponentialBuckets negative;
  std::uint32_t flags = 0;
  List<Exemplar> exemplars;
  bool has_min = false;
  double min = 0;
  bool has_max = false;
  double max = 0;
  double zero_threshold = 0;
};

struct QuantileValue {
  double quantile = 0;
  double value = 0;
};

struct SummaryPoint {
  Attributes attributes;
  std::uint64_t start_time_unix_nano = 0;
  std::uint64_t time_unix_nano = 0;
  std::uint64_t count = 0;
  double sum = 0;
  List<QuantileValue> quantile_values;
  std::uint32_t flags = 0;
};

enum class MetricKind : std::uint8_t {
  kNone,
  kGauge,
  kSum,
  kHistogram,
  kExponentialHistogram,
  kSummary,
};

struct Metric {
  std::string_view name;
  std::string_view description;
  std::string_view unit;
  Attributes metadata;
  MetricKind kind = MetricKind::kNone;
  Temporality temporality = Temporality::kUnspecified;  // sums and histograms
  bool is_monotonic = false;                            // sums
  // Only the list of this metric's kind is filled.
  List<NumberPoint> number_points;  // gauges and sums
  List<HistogramPoint> histogram_points;
  List<ExponentialHistogramPoint> exponential_histogram_points;
  List<SummaryPoint> summary_points;

  std::uint32_t point_count() const {
    return number_points.size() + histogram_points.size() + exponential_histogram_points.size() +
           summary_points.size();
  }
};

struct ScopeMetrics {
  Scope scope;
  List<Metric> metrics;
  std::string_view schema_url;
};

struct ResourceMetrics {
  Resource resource;
  List<ScopeMetrics> scopes;
  std::string_view schema_url;
};

}  // namespace kolben
