#include "agent/process/console_format.h"

#include <cmath>
#include <cstdio>
#include <ctime>

#include "agent/process/console_parts.h"

namespace kolben::agent {

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

// The console's nesting is bounded where attributes come in: the ring carries flat values only.
void write_console_value(JsonWriter& json, const Value& value) {
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
      for (const Value& element : value.as_array()) write_console_value(json, element);
      return json.end_array();
    case ValueType::kKvlist:
      json.begin_object();
      for (const KeyValue& entry : value.as_kvlist()) {
        json.key(entry.key);
        write_console_value(json, entry.value);
      }
      return json.end_object();
  }
}

void write_console_attributes(JsonWriter& json, const Attributes& attributes) {
  json.begin_object();
  for (const KeyValue& attribute : attributes) {
    json.key(attribute.key);
    write_console_value(json, attribute.value);
  }
  json.end_object();
}

void write_console_attributes_or_null(JsonWriter& json, const Attributes& attributes) {
  if (attributes.empty()) return json.null();
  write_console_attributes(json, attributes);
}

void write_console_resource(JsonWriter& json, const Resource& resource,
                            std::string_view schema_url) {
  json.key("resource");
  json.begin_object();
  json.key("attributes");
  write_console_attributes(json, resource.attributes);
  json.key("schema_url");
  json.string(schema_url);
  json.end_object();
}

void write_console_text(JsonWriter& json, std::string_view key, std::string_view text) {
  json.key(key);
  json.string(text);
}

void format_console(const Batch& batch, ConsoleFormat format, std::string& out) {
  if (batch.empty()) return;
  switch (batch.signal()) {
    case Signal::kTraces:
      for (const ResourceSpans& owner : batch.traces().resources) {
        for (const ScopeSpans& scope : owner.scopes) {
          for (const Span& span : scope.spans) format_console_span(span, owner, out);
        }
      }
      break;
    case Signal::kLogs:
      for (const ResourceLogs& owner : batch.logs().resources) {
        for (const ScopeLogs& scope : owner.scopes) {
          for (const LogRecord& record : scope.records)
            format_console_log(record, owner, format, out);
        }
      }
      break;
    case Signal::kMetrics:
      format_console_metrics(batch.metrics(), format, out);
      break;
  }
}

}  // namespace kolben::agent
