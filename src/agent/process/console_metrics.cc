#include "agent/process/console_parts.h"

namespace kolben::agent {
namespace {

void write_number(JsonWriter& json, const Number& number) {
  if (number.type == NumberType::kInt) return json.integer(number.integer);
  json.real(number.real);
}

// Of the attributes of a measurement all are the point's: no view leaves any out.
void write_exemplar(JsonWriter& json, const Exemplar& exemplar, bool has_attributes) {
  json.begin_object();
  json.key("filtered_attributes");
  if (has_attributes) {
    json.begin_object();
    json.end_object();
  } else {
    json.null();
  }
  json.key("value");
  write_number(json, exemplar.value);
  json.key("time_unix_nano");
  json.unsigned_integer(exemplar.time_unix_nano);
  const bool has_span = !exemplar.span_id.is_zero();
  json.key("span_id");
  has_span ? json.big_integer(exemplar.span_id.bytes) : json.null();
  json.key("trace_id");
  has_span ? json.big_integer(exemplar.trace_id.bytes) : json.null();
  json.end_object();
}

// The SDK's 1.27 had none.
template <typename Point>
void write_exemplars(JsonWriter& json, const Point& point, ConsoleFormat format) {
  if (format == ConsoleFormat::k1_27) return;
  json.key("exemplars");
  json.begin_array();
  for (const Exemplar& exemplar : point.exemplars) {
    write_exemplar(json, exemplar, !point.attributes.empty());
  }
  json.end_array();
}

void write_point_head(JsonWriter& json, const Attributes& attributes, std::uint64_t start,
                      std::uint64_t time) {
  json.key("attributes");
  write_console_attributes(json, attributes);
  json.key("start_time_unix_nano");
  json.unsigned_integer(start);
  json.key("time_unix_nano");
  json.unsigned_integer(time);
}

void write_number_point(JsonWriter& json, const NumberPoint& point, ConsoleFormat format) {
  json.begin_object();
  write_point_head(json, point.attributes, point.start_time_unix_nano, point.time_unix_nano);
  json.key("value");
  write_number(json, point.value);
  write_exemplars(json, point, format);
  json.end_object();
}

void write_histogram_point(JsonWriter& json, const HistogramPoint& point, ConsoleFormat format) {
  json.begin_object();
  write_point_head(json, point.attributes, point.start_time_unix_nano, point.time_unix_nano);
  json.key("count");
  json.unsigned_integer(point.count);
  json.key("sum");
  json.real(point.sum);
  json.key("bucket_counts");
  json.begin_array();
  for (const std::uint64_t count : point.bucket_counts) json.unsigned_integer(count);
  json.end_array();
  json.key("explicit_bounds");
  json.begin_array();
  for (const double bound : point.explicit_bounds) json.real(bound);
  json.end_array();
  json.key("min");
  json.real(point.min);
  json.key("max");
  json.real(point.max);
  write_exemplars(json, point, format);
  json.end_object();
}

void write_buckets(JsonWriter& json, std::string_view key, const ExponentialBuckets& buckets) {
  json.key(key);
  json.begin_object();
  json.key("offset");
  json.integer(buckets.offset);
  json.key("bucket_counts");
  json.begin_array();
  for (const std::uint64_t count : buckets.bucket_counts) json.unsigned_integer(count);
  json.end_array();
  json.end_object();
}

void write_exponential_point(JsonWriter& json, const ExponentialHistogramPoint& point,
                             ConsoleFormat format) {
  json.begin_object();
  write_point_head(json, point.attributes, point.start_time_unix_nano, point.time_unix_nano);
  json.key("count");
  json.unsigned_integer(point.count);
  json.key("sum");
  json.real(point.sum);
  json.key("scale");
  json.integer(point.scale);
  json.key("zero_count");
  json.unsigned_integer(point.zero_count);
  write_buckets(json, "positive", point.positive);
  write_buckets(json, "negative", point.negative);
  json.key("flags");
  json.unsigned_integer(point.flags);
  json.key("min");
  json.real(point.min);
  json.key("max");
  json.real(point.max);
  write_exemplars(json, point, format);
  json.end_object();
}

// The agent makes no summaries.
void write_metric(JsonWriter& json, const Metric& metric, ConsoleFormat format) {
  json.begin_object();
  write_console_text(json, "name", metric.name);
  write_console_text(json, "description", metric.description);
  write_console_text(json, "unit", metric.unit);
  json.key("data");
  json.begin_object();
  json.key("data_points");
  json.begin_array();
  for (const NumberPoint& point : metric.number_points) write_number_point(json, point, format);
  for (const HistogramPoint& point : metric.histogram_points) {
    write_histogram_point(json, point, format);
  }
  for (const ExponentialHistogramPoint& point : metric.exponential_histogram_points) {
    write_exponential_point(json, point, format);
  }
  json.end_array();
  if (metric.kind != MetricKind::kGauge) {
    json.key("aggregation_temporality");
    json.integer(static_cast<std::int32_t>(metric.temporality));
  }
  if (metric.kind == MetricKind::kSum) {
    json.key("is_monotonic");
    json.boolean(metric.is_monotonic);
  }
  json.end_object();
  json.end_object();
}

void write_scope_metrics(JsonWriter& json, const ScopeMetrics& scope_metrics,
                         ConsoleFormat format) {
  json.begin_object();
  json.key("scope");
  json.begin_object();
  write_console_text(json, "name", scope_metrics.scope.name);
  write_console_text(json, "version", scope_metrics.scope.version);
  write_console_text(json, "schema_url", scope_metrics.schema_url);
  json.key("attributes");
  write_console_attributes_or_null(json, scope_metrics.scope.attributes);
  json.end_object();
  json.key("metrics");
  json.begin_array();
  for (const Metric& metric : scope_metrics.metrics) write_metric(json, metric, format);
  json.end_array();
  write_console_text(json, "schema_url", scope_metrics.schema_url);
  json.end_object();
}

}  // namespace

void format_console_metrics(const DecodedMetrics& metrics, ConsoleFormat format, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.key("resource_metrics");
  json.begin_array();
  for (const ResourceMetrics& resource : metrics.resources) {
    json.begin_object();
    write_console_resource(json, resource.resource, resource.schema_url);
    json.key("scope_metrics");
    json.begin_array();
    for (const ScopeMetrics& scope : resource.scopes) write_scope_metrics(json, scope, format);
    json.end_array();
    write_console_text(json, "schema_url", resource.schema_url);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += '\n';
}

}  // namespace kolben::agent
