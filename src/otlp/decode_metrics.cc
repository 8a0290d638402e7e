#include "otlp/decode_tree.h"

namespace kolben::otlp {
namespace {

Number integer_number(std::uint64_t bits) {
  return {NumberType::kInt, static_cast<std::int64_t>(bits), 0};
}

Number real_number(double value) {
  return {NumberType::kDouble, 0, value};
}

bool decode_exemplar(std::string_view message, Exemplar& exemplar, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case fixed64_field(2):
        exemplar.time_unix_nano = in.fixed64();
        break;
      case fixed64_field(3):
        exemplar.value = real_number(in.real());
        break;
      case bytes_field(4):
        read_id(in, exemplar.span_id);
        break;
      case bytes_field(5):
        read_id(in, exemplar.trace_id);
        break;
      case fixed64_field(6):
        exemplar.value = integer_number(in.fixed64());
        break;
      case bytes_field(7):
        read_attribute(in, exemplar.filtered_attributes, arena);
        break;
      default:
        in.skip_unknown(known_fields(2, 3, 4, 5, 6, 7));
    }
  }
  return !in.failed();
}

void read_exemplar(ProtobufReader& in, List<Exemplar>& exemplars, Arena& arena) {
  Exemplar& exemplar = add_element(exemplars, in, arena);
  in.require(decode_exemplar(in.bytes(), exemplar, arena));
}

void read_optional(ProtobufReader& in, bool& has_value, double& value) {
  has_value = true;
  value = in.real();
}

bool decode_point(std::string_view message, NumberPoint& point, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case fixed64_field(2):
        point.start_time_unix_nano = in.fixed64();
        break;
      case fixed64_field(3):
        point.time_unix_nano = in.fixed64();
        break;
      case fixed64_field(4):
        point.value = real_number(in.real());
        break;
      case bytes_field(5):
        read_exemplar(in, point.exemplars, arena);
        break;
      case fixed64_field(6):
        point.value = integer_number(in.fixed64());
        break;
      case bytes_field(7):
        read_attribute(in, point.attributes, arena);
        break;
      case varint_field(8):
        point.flags = in.uint32();
        break;
      default:
        in.skip_unknown(known_fields(2, 3, 4, 5, 6, 7, 8));
    }
  }
  return !in.failed();
}

bool decode_point(std::string_view message, HistogramPoint& point, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case fixed64_field(2):
        point.start_time_unix_nano = in.fixed64();
        break;
      case fixed64_field(3):
        point.time_unix_nano = in.fixed64();
        break;
      case fixed64_field(4):
        point.count = in.fixed64();
        break;
      case fixed64_field(5):
        read_optional(in, point.has_sum, point.sum);
        break;
      case fixed64_field(6):
        point.bucket_counts.push_back(arena, in.fixed64());
        break;
      case bytes_field(6):
        read_packed_fixed64(in, point.bucket_counts, arena);
        break;
      case fixed64_field(7):
        point.explicit_bounds.push_back(arena, in.real());
        break;
      case bytes_field(7):
        read_packed_fixed64(in, point.explicit_bounds, arena);
        break;
      case bytes_field(8):
        read_exemplar(in, point.exemplars, arena);
        break;
      case bytes_field(9):
        read_attribute(in, point.attributes, arena);
        break;
      case varint_field(10):
        point.flags = in.uint32();
        break;
      case fixed64_field(11):
        read_optional(in, point.has_min, point.min);
        break;
      case fixed64_field(12):
        read_optional(in, point.has_max, point.max);
        break;
      default:
        in.skip_unknown(known_fields(2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
    }
  }
  return !in.failed();
}

void read_packed_varints(ProtobufReader& in, List<std::uint64_t>& list, Arena& arena) {
  const std::string_view bytes = in.bytes();
  const char* cursor = bytes.data();
  const char* const end = cursor + bytes.size();
  while (cursor != end) {
    std::uint64_t value = 0;
    cursor = wire::read_varint(cursor, end, value);
    if (cursor == nullptr) {
      in.fail();
      return;
    }
    list.push_back(arena, value);
  }
}

bool decode_buckets(std::string_view message, ExponentialBuckets& buckets, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case varint_field(1):
        buckets.offset = in.sint32();
        break;
      case varint_field(2):
        buckets.bucket_counts.push_back(arena, in.varint());
        break;
      case bytes_field(2):
        read_packed_varints(in, buckets.bucket_counts, arena);
        break;
      default:
        in.skip_unknown(known_fields(1, 2));
    }
  }
  return !in.failed();
}

bool decode_point(std::string_view message, ExponentialHistogramPoint& point, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        read_attribute(in, point.attributes, arena);
        break;
      case fixed64_field(2):
        point.start_time_unix_nano = in.fixed64();
        break;
      case fixed64_field(3):
        point.time_unix_nano = in.fixed64();
        break;
      case fixed64_field(4):
        point.count = in.fixed64();
        break;
      case fixed64_field(5):
        read_optional(in, point.has_sum, point.sum);
        break;
      case varint_field(6):
        point.scale = in.sint32();
        break;
      case fixed64_field(7):
        point.zero_count = in.fixed64();
        break;
      case bytes_field(8):
        point.has_positive = true;
        in.require(decode_buckets(in.bytes(), point.positive, arena));
        break;
      case bytes_field(9):
        point.has_negative = true;
        in.require(decode_buckets(in.bytes(), point.negative, arena));
        break;
      case varint_field(10):
        point.flags = in.uint32();
        break;
      case bytes_field(11):
        read_exemplar(in, point.exemplars, arena);
        break;
      case fixed64_field(12):
        read_optional(in, point.has_min, point.min);
        break;
      case fixed64_field(13):
        read_optional(in, point.has_max, point.max);
        break;
      case fixed64_field(14):
        point.zero_threshold = in.real();
        break;
      default:
        in.skip_unknown(known_fields_up_to(14));
    }
  }
  return !in.failed();
}

bool decode_quantile(std::string_view message, QuantileValue& quantile) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case fixed64_field(1):
        quantile.quantile = in.real();
        break;
      case fixed64_field(2):
        quantile.value = in.real();
        break;
      default:
        in.skip_unknown(known_fields(1, 2));
    }
  }
  return !in.failed();
}

bool decode_point(std::string_view message, SummaryPoint& point, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case fixed64_field(2):
        point.start_time_unix_nano = in.fixed64();
        break;
      case fixed64_field(3):
        point.time_unix_nano = in.fixed64();
        break;
      case fixed64_field(4):
        point.count = in.fixed64();
        break;
      case fixed64_field(5):
        point.sum = in.real();
        break;
      case bytes_field(6): {
        QuantileValue& quantile = add_element(point.quantile_values, in, arena);
        in.require(decode_quantile(in.bytes(), quantile));
        break;
      }
      case bytes_field(7):
        read_attribute(in, point.attributes, arena);
        break;
      case varint_field(8):
        point.flags = in.uint32();
        break;
      default:
        in.skip_unknown(known_fields(2, 3, 4, 5, 6, 7, 8));
    }
  }
  return !in.failed();
}

// A oneof: the last kind counts, and what an earlier one held is void.
void begin_kind(Metric& metric, MetricKind kind) {
  if (metric.kind == kind) return;
  metric.kind = kind;
  metric.temporality = Temporality::kUnspecified;
  metric.is_monotonic = false;
  metric.number_points.truncate(0);
  metric.histogram_points.truncate(0);
  metric.exponential_histogram_points.truncate(0);
  metric.summary_points.truncate(0);
}

// Gauge, Sum, Histogram, ExponentialHistogram and Summary number their fields alike, and each has a
// prefix of these three: `field_count` says how many.
template <typename Point>
bool decode_data(std::string_view message, Metric& metric, List<Point>& points, int field_count,
                 Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    const std::uint32_t tag = in.tag();
    if (tag == bytes_field(1)) {
      Point& point = add_element(points, in, arena);
      in.require(decode_point(in.bytes(), point, arena));
    } else if (tag == varint_field(2) && field_count >= 2) {
      metric.temporality = static_cast<Temporality>(in.int32());
    } else if (tag == varint_field(3) && field_count >= 3) {
      metric.is_monotonic = in.boolean();
    } else {
      in.skip_unknown(known_fields_up_to(field_count));
    }
  }
  return !in.failed();
}

bool decode_metric(std::string_view message, Metric& metric, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        metric.name = in.bytes();
        break;
      case bytes_field(2):
        metric.description = in.bytes();
        break;
      case bytes_field(3):
        metric.unit = in.bytes();
        break;
      case bytes_field(5):
        begin_kind(metric, MetricKind::kGauge);
        in.require(decode_data(in.bytes(), metric, metric.number_points, 1, arena));
        break;
      case bytes_field(7):
        begin_kind(metric, MetricKind::kSum);
        in.require(decode_data(in.bytes(), metric, metric.number_points, 3, arena));
        break;
      case bytes_field(9):
        begin_kind(metric, MetricKind::kHistogram);
        in.require(decode_data(in.bytes(), metric, metric.histogram_points, 2, arena));
        break;
      case bytes_field(10):
        begin_kind(metric, MetricKind::kExponentialHistogram);
        in.require(decode_data(in.bytes(), metric, metric.exponential_histogram_points, 2, arena));
        break;
      case bytes_field(11):
        begin_kind(metric, MetricKind::kSummary);
        in.require(decode_data(in.bytes(), metric, metric.summary_points, 1, arena));
        break;
      case bytes_field(12):
        read_attribute(in, metric.metadata, arena);
        break;
      default:
        in.skip_unknown(known_fields(1, 2, 3, 5, 7, 9, 10, 11, 12));
    }
  }
  return !in.failed();
}

}  // namespace

bool decode_request(std::string_view message, DecodedMetrics& metrics, Arena& arena) {
  return decode_tree<&ScopeMetrics::metrics, decode_metric>(message, metrics.resources, arena);
}

}  // namespace kolben::otlp
