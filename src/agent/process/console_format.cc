#include "agent/process/console_format.h"

#include <cmath>
#include <cstdio>
#include <ctime>
#include <string_view>

#include "agent/process/json_writer.h"

namespace kolben::agent {
namespace {

// Python keeps the list of a tracestate's members: "['{key=a, value=b}', '{key=c, value=d}']".
std::string trace_state_repr(std::string_view trace_state) {
  std::string text = "[";
  while (!trace_state.empty()) {
    const std::size_t comma = trace_state.find(',');
    const std::string_view member = trace_state.substr(0, comma);
    trace_state.remove_prefix(comma == std::string_view::npos ? trace_state.size() : comma + 1);
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos) continue;
    if (text.size() > 1) text += ", ";
    text.append("'{key=").append(member.substr(0, equals));
    text.append(", value=").append(member.substr(equals + 1)).append("}'");
  }
  return text + "]";
}

// The console's nesting is bounded where attributes come in: the ring carries flat values only.
void write_value(JsonWriter& json, const Value& value) {
  switch (value.type()) {
    case ValueType::kEmpty:
      return json.null();
    case ValueType::kString:
      return json.string(value.as_string());
    case ValueType::kBool:
      return json.boolean(value.as_bool());
    case ValueType::kInt:
      return json.integer(value.as_int());
    case ValueType::kDouble:
      return json.real(value.as_double());
    case ValueType::kBytes:
      return json.string(value.as_bytes());
    case ValueType::kArray:
      json.begin_array();
      for (const Value& element : value.as_array()) write_value(json, element);
      return json.end_array();
    case ValueType::kKvlist:
      json.begin_object();
      for (const KeyValue& entry : value.as_kvlist()) {
        json.key(entry.key);
        write_value(json, entry.value);
      }
      return json.end_object();
  }
}

void write_attributes(JsonWriter& json, const Attributes& attributes) {
  json.begin_object();
  for (const KeyValue& attribute : attributes) {
    json.key(attribute.key);
    write_value(json, attribute.value);
  }
  json.end_object();
}

void write_attributes_or_null(JsonWriter& json, const Attributes& attributes) {
  if (attributes.empty()) return json.null();
  write_attributes(json, attributes);
}

void write_resource(JsonWriter& json, const Resource& resource, std::string_view schema_url) {
  json.key("resource");
  json.begin_object();
  json.key("attributes");
  write_attributes(json, resource.attributes);
  json.key("schema_url");
  json.string(schema_url);
  json.end_object();
}

void write_text(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  json.string(text);
}

void write_context(JsonWriter& json, const TraceId& trace_id, const SpanId& span_id,
                   std::string_view trace_state) {
  json.key("context");
  json.begin_object();
  write_text(json, "trace_id", "0x" + trace_id.to_hex());
  write_text(json, "span_id", "0x" + span_id.to_hex());
  write_text(json, "trace_state", trace_state_repr(trace_state));
  json.end_object();
}

std::string_view kind_name(SpanKind kind) {
  switch (kind) {
    case SpanKind::kServer:
      return "SpanKind.SERVER";
    case SpanKind::kClient:
      return "SpanKind.CLIENT";
    case SpanKind::kProducer:
      return "SpanKind.PRODUCER";
    case SpanKind::kConsumer:
      return "SpanKind.CONSUMER";
    case SpanKind::kUnspecified:
    case SpanKind::kInternal:
      break;
  }
  return "SpanKind.INTERNAL";
}

void write_status(JsonWriter& json, const Span& span) {
  json.key("status");
  json.begin_object();
  switch (span.status_code) {
    case SpanStatusCode::kUnset:
      write_text(json, "status_code", "UNSET");
      break;
    case SpanStatusCode::kOk:
      write_text(json, "status_code", "OK");
      break;
    case SpanStatusCode::kError:
      write_text(json, "status_code", "ERROR");
      break;
  }
  if (!span.status_message.empty()) write_text(json, "description", span.status_message);
  json.end_object();
}

void write_events(JsonWriter& json, const Span& span) {
  json.key("events");
  json.begin_array();
  for (const SpanEvent& event : span.events) {
    json.begin_object();
    write_text(json, "name", event.name);
    write_text(json, "timestamp", python_time(event.time_unix_nano));
    json.key("attributes");
    write_attributes(json, event.attributes);
    json.end_object();
  }
  json.end_array();
}

void write_links(JsonWriter& json, const Span& span) {
  json.key("links");
  json.begin_array();
  for (const SpanLink& link : span.links) {
    json.begin_object();
    write_context(json, link.trace_id, link.span_id, link.trace_state);
    json.key("attributes");
    write_attributes(json, link.attributes);
    json.end_object();
  }
  json.end_array();
}

void format_span(const Span& span, const ResourceSpans& owner, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  write_text(json, "name", span.name);
  write_context(json, span.trace_id, span.span_id, span.trace_state);
  write_text(json, "kind", kind_name(span.kind));
  json.key("parent_id");
  if (span.parent_span_id.is_zero()) {
    json.null();
  } else {
    json.string("0x" + span.parent_span_id.to_hex());
  }
  write_text(json, "start_time", python_time(span.start_time_unix_nano));
  write_text(json, "end_time", python_time(span.end_time_unix_nano));
  write_status(json, span);
  json.key("attributes");
  write_attributes(json, span.attributes);
  write_events(json, span);
  write_links(json, span);
  write_resource(json, owner.resource, owner.schema_url);
  json.end_object();
  out += '\n';
}

// repr() of Python's enum SeverityNumber.
std::string severity_repr(std::int32_t number) {
  static constexpr std::string_view kNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  std::string name = "UNSPECIFIED";
  if (number >= 1 && number <= 24) {
    name = kNames[(number - 1) / 4];
    if ((number - 1) % 4 > 0) name += std::to_string((number - 1) % 4 + 1);
  } else {
    number = 0;
  }
  return "<SeverityNumber." + name + ": " + std::to_string(number) + ">";
}

void format_log(const LogRecord& record, const ResourceLogs& owner, ConsoleFormat format,
                std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.key("body");
  write_value(json, record.body);
  if (format == ConsoleFormat::k1_27) {
    write_text(json, "severity_number", severity_repr(record.severity_number));
  } else {
    json.key("severity_number");
    json.integer(record.severity_number);
  }
  write_text(json, "severity_text", record.severity_text);
  json.key("attributes");
  write_attributes_or_null(json, record.attributes);
  json.key("dropped_attributes");
  json.unsigned_integer(record.dropped_attributes_count);
  write_text(json, "timestamp", python_time(record.effective_time_unix_nano()));
  write_text(json, "observed_timestamp", python_time(record.observed_time_unix_nano));
  write_text(json, "trace_id", "0x" + record.trace_id.to_hex());
  write_text(json, "span_id", "0x" + record.span_id.to_hex());
  json.key("trace_flags");
  json.unsigned_integer(record.flags & 0xff);
  write_resource(json, owner.resource, owner.schema_url);
  if (format == ConsoleFormat::kNewest) write_text(json, "event_name", record.event_name);
  json.end_object();
  out += '\n';
}

// The agent keeps none.
void write_exemplars(JsonWriter& json, ConsoleFormat format) {
  if (format == ConsoleFormat::k1_27) return;
  json.key("exemplars");
  json.begin_array();
  json.end_array();
}

void write_point_head(JsonWriter& json, const Attributes& attributes, std::uint64_t start,
                      std::uint64_t time) {
  json.key("attributes");
  write_attributes(json, attributes);
  json.key("start_time_unix_nano");
  json.unsigned_integer(start);
  json.key("time_unix_nano");
  json.unsigned_integer(time);
}

void write_number_point(JsonWriter& json, const NumberPoint& point, ConsoleFormat format) {
  json.begin_object();
  write_point_head(json, point.attributes, point.start_time_unix_nano, point.time_unix_nano);
  json.key("value");
  if (point.value.type == NumberType::kInt) {
    json.integer(point.value.integer);
  } else {
    json.real(point.value.real);
  }
  write_exemplars(json, format);
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
  write_exemplars(json, format);
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
  write_exemplars(json, format);
  json.end_object();
}

// The agent makes no summaries.
void write_metric(JsonWriter& json, const Metric& metric, ConsoleFormat format) {
  json.begin_object();
  write_text(json, "name", metric.name);
  write_text(json, "description", metric.description);
  write_text(json, "unit", metric.unit);
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
  write_text(json, "name", scope_metrics.scope.name);
  write_text(json, "version", scope_metrics.scope.version);
  write_text(json, "schema_url", scope_metrics.schema_url);
  json.key("attributes");
  write_attributes_or_null(json, scope_metrics.scope.attributes);
  json.end_object();
  json.key("metrics");
  json.begin_array();
  for (const Metric& metric : scope_metrics.metrics) write_metric(json, metric, format);
  json.end_array();
  write_text(json, "schema_url", scope_metrics.schema_url);
  json.end_object();
}

void format_metrics(const DecodedMetrics& metrics, ConsoleFormat format, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  json.key("resource_metrics");
  json.begin_array();
  for (const ResourceMetrics& resource : metrics.resources) {
    json.begin_object();
    write_resource(json, resource.resource, resource.schema_url);
    json.key("scope_metrics");
    json.begin_array();
    for (const ScopeMetrics& scope : resource.scopes) write_scope_metrics(json, scope, format);
    json.end_array();
    write_text(json, "schema_url", resource.schema_url);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  out += '\n';
}

}  // namespace

// Python divides the nanoseconds as a float and rounds half to even at the microsecond.
std::string python_time(std::uint64_t unix_nanos) {
  double seconds = 0;
  const double fraction = std::modf(static_cast<double>(unix_nanos) / 1e9, &seconds);
  double micros = std::nearbyint(fraction * 1e6);
  if (micros >= 1e6) {
    micros -= 1e6;
    seconds += 1;
  }
  const std::time_t time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  gmtime_r(&time, &parts);
  char text[80];
  const int size =
      std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", parts.tm_year + 1900,
                    parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                    static_cast<int>(micros));
  return {text, static_cast<std::size_t>(size)};
}

void format_console(const Batch& batch, ConsoleFormat format, std::string& out) {
  if (batch.empty()) return;
  switch (batch.signal()) {
    case Signal::kTraces:
      for (const ResourceSpans& owner : batch.traces().resources) {
        for (const ScopeSpans& scope : owner.scopes) {
          for (const Span& span : scope.spans) format_span(span, owner, out);
        }
      }
      break;
    case Signal::kLogs:
      for (const ResourceLogs& owner : batch.logs().resources) {
        for (const ScopeLogs& scope : owner.scopes) {
          for (const LogRecord& record : scope.records) format_log(record, owner, format, out);
        }
      }
      break;
    case Signal::kMetrics:
      format_metrics(batch.metrics(), format, out);
      break;
  }
}

}  // namespace kolben::agent
