#include <bit>

#include "otlp/encode_tree.h"

namespace kolben::otlp {
namespace {

static_assert(std::endian::native == std::endian::little, "packed fixed64 are written as they lie");

void encode_exemplar(std::uint32_t number, const Exemplar& exemplar, ProtobufWriter& out) {
  const auto message = out.begin_message(number);
  out.fixed64_unless_zero(2, exemplar.time_unix_nano);
  if (exemplar.value.type == NumberType::kDouble) out.real(3, exemplar.value.real);
  encode_id(4, exemplar.span_id, out);
  encode_id(5, exemplar.trace_id, out);
  if (exemplar.value.type == NumberType::kInt) {
    out.fixed64(6, static_cast<std::uint64_t>(exemplar.value.integer));
  }
  encode_attributes(7, exemplar.filtered_attributes, out);
  out.end_message(message);
}

void encode_optional(std::uint32_t number, bool has_value, double value, ProtobufWriter& out) {
  if (has_value) out.real(number, value);
}

template <typename T>
void encode_packed_fixed64(std::uint32_t number, const List<T>& list, ProtobufWriter& out) {
  static_assert(sizeof(T) == 8);
  if (!list.empty()) {
    out.bytes(number, {reinterpret_cast<const char*>(list.begin()), list.size() * sizeof(T)});
  }
}

void encode_point(const NumberPoint& point, ProtobufWriter& out) {
  out.fixed64_unless_zero(2, point.start_time_unix_nano);
  out.fixed64_unless_zero(3, point.time_unix_nano);
  if (point.value.type == NumberType::kDouble) out.real(4, point.value.real);
  for (const Exemplar& exemplar : point.exemplars) encode_exemplar(5, exemplar, out);
  if (point.value.type == NumberType::kInt) {
    out.fixed64(6, static_cast<std::uint64_t>(point.value.integer));
  }
  encode_attributes(7, point.attributes, out);
  out.varint_unless_zero(8, point.flags);
}

void encode_point(const HistogramPoint& point, ProtobufWriter& out) {
  out.fixed64_unless_zero(2, point.start_time_unix_nano);
  out.fixed64_unless_zero(3, point.time_unix_nano);
  out.fixed64_unless_zero(4, point.count);
  encode_optional(5, point.has_sum, point.sum, out);
  encode_packed_fixed64(6, point.bucket_counts, out);
  encode_packed_fixed64(7, point.explicit_bounds, out);
  for (const Exemplar& exemplar : point.exemplars) encode_exemplar(8, exemplar, out);
  encode_attributes(9, point.attributes, out);
  out.varint_unless_zero(10, point.flags);
  encode_optional(11, point.has_min, point.min, out);
  encode_optional(12, point.has_max, point.max, out);
}

void encode_buckets(std::uint32_t number, const ExponentialBuckets& buckets, ProtobufWriter& out) {
  const auto message = out.begin_message(number);
  out.sint32_unless_zero(1, buckets.offset);
  if (!buckets.bucket_counts.empty()) {
    const auto packed = out.begin_message(2);
    for (const std::uint64_t count : buckets.bucket_counts) out.packed_varint(count);
    out.end_message(packed);
  }
  out.end_message(message);
}

void encode_point(const ExponentialHistogramPoint& point, ProtobufWriter& out) {
  encode_attributes(1, point.attributes, out);
  out.fixed64_unless_zero(2, point.start_time_unix_nano);
  out.fixed64_unless_zero(3, point.time_unix_nano);
  out.fixed64_unless_zero(4, point.count);
  encode_optional(5, point.has_sum, point.sum, out);
  out.sint32_unless_zero(6, point.scale);
  out.fixed64_unless_zero(7, point.zero_count);
  if (point.has_positive) encode_buckets(8, point.positive, out);
  if (point.has_negative) encode_buckets(9, point.negative, out);
  out.varint_unless_zero(10, point.flags);
  for (const Exemplar& exemplar : point.exemplars) encode_exemplar(11, exemplar, out);
  encode_optional(12, point.has_min, point.min, out);
  encode_optional(13, point.has_max, point.max, out);
  out.real_unless_zero(14, point.zero_threshold);
}

void encode_point(const SummaryPoint& point, ProtobufWriter& out) {
  out.fixed64_unless_zero(2, point.start_time_unix_nano);
  out.fixed64_unless_zero(3, point.time_unix_nano);
  out.fixed64_unless_zero(4, point.count);
  out.real_unless_zero(5, point.sum);
  for (const QuantileValue& quantile : point.quantile_values) {
    const auto message = out.begin_message(6);
    out.real_unless_zero(1, quantile.quantile);
    out.real_unless_zero(2, quantile.value);
    out.end_message(message);
  }
  encode_attributes(7, point.attributes, out);
  out.varint_unless_zero(8, point.flags);
}

// Gauge, Sum, Histogram, ExponentialHistogram and Summary number their fields alike; those that
// have no temporality or monotonicity hold the default.
template <typename Point>
void encode_data(std::uint32_t number, const Metric& metric, const List<Point>& points,
                 ProtobufWriter& out) {
  const auto data = out.begin_message(number, kItemLengthBytes);
  for (const Point& point : points) {
    const auto message = out.begin_message(1);
    encode_point(point, out);
    out.end_message(message);
  }
  const bool is_gauge_or_summary =
      metric.kind == MetricKind::kGauge || metric.kind == MetricKind::kSummary;
  if (!is_gauge_or_summary) {
    out.int64_unless_zero(2, static_cast<std::int32_t>(metric.temporality));
  }
  if (metric.kind == MetricKind::kSum) out.varint_unless_zero(3, metric.is_monotonic ? 1 : 0);
  out.end_message(data);
}

void encode_metric(const Metric& metric, ProtobufWriter& out) {
  const auto message = out.begin_message(2, kItemLengthBytes);
  out.bytes_unless_empty(1, metric.name);
  out.bytes_unless_empty(2, metric.description);
  out.bytes_unless_empty(3, metric.unit);
  switch (metric.kind) {
    case MetricKind::kNone:
      break;
    case MetricKind::kGauge:
      encode_data(5, metric, metric.number_points, out);
      break;
    case MetricKind::kSum:
      encode_data(7, metric, metric.number_points, out);
      break;
    case MetricKind::kHistogram:
      encode_data(9, metric, metric.histogram_points, out);
      break;
    case MetricKind::kExponentialHistogram:
      encode_data(10, metric, metric.exponential_histogram_points, out);
      break;
    case MetricKind::kSummary:
      encode_data(11, metric, metric.summary_points, out);
      break;
  }
  encode_attributes(12, metric.metadata, out);
  out.end_message(message);
}

}  // namespace

void encode_request(const DecodedMetrics& metrics, ProtobufWriter& out) {
  encode_tree<&ScopeMetrics::metrics, encode_metric>(metrics.resources, out);
}

}  // namespace kolben::otlp
