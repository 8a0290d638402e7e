#include "query/page/trace_json.h"

#include <algorithm>
#include <string_view>

#include "model/value_text.h"
#include "query/conditions.h"

namespace kolben::query::page {
namespace {

// Numbers the distinct texts of a column.
class Dictionary {
 public:
  std::uint32_t index_of(std::string_view text) {
    const auto [place, is_new] =
        indices_.try_emplace(text, static_cast<std::uint32_t>(texts_.size()));
    if (is_new) texts_.push_back(text);
    return place->second;
  }
  void write(JsonWriter& json, std::string_view key) const {
    json.key(key);
    json.begin_array();
    for (const std::string_view text : texts_) json.string(text);
    json.end_array();
  }

 private:
  // Views into the batch, which lives as long as the answer is being built.
  std::unordered_map<std::string_view, std::uint32_t> indices_;
  std::vector<std::string_view> texts_;
};

// The services of a trace: looked up once for each resource, of which many rows share one.
class Services {
 public:
  std::uint32_t index_of(const Resource& resource) {
    if (&resource == last_) return last_index_;
    last_ = &resource;
    const auto [place, is_new] = indices_.try_emplace(&resource, 0U);
    if (is_new) place->second = names_.index_of(shown_service(service_name(resource)));
    return last_index_ = place->second;
  }
  void write(JsonWriter& json) const { names_.write(json, "services"); }

 private:
  Dictionary names_;
  std::unordered_map<const Resource*, std::uint32_t> indices_;
  const Resource* last_ = nullptr;
  std::uint32_t last_index_ = 0;
};

template <typename Write>
void write_column(JsonWriter& json, std::string_view key, const std::vector<TraceRow>& rows,
                  Write write) {
  json.key(key);
  json.begin_array();
  for (const TraceRow& row : rows) write(row);
  json.end_array();
}

void write_indices(JsonWriter& json, std::string_view key,
                   const std::vector<std::uint32_t>& indices) {
  json.key(key);
  json.begin_array();
  for (const std::uint32_t index : indices) json.unsigned_integer(index);
  json.end_array();
}

std::uint64_t end_of(const Span& span) {
  return span.start_time_unix_nano + span.duration_nanos();
}

// From `start` to `time`, negative where it lies before: an event may precede its trace.
void write_relative(JsonWriter& json, std::uint64_t time, std::uint64_t start) {
  if (time >= start) {
    write_micros(json, time - start);
  } else {
    json.real(-static_cast<double>(start - time) / 1000.0);
  }
}

std::string_view type_text(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return "bool";
    case ValueType::kInt:
      return "int";
    case ValueType::kDouble:
      return "double";
    case ValueType::kBytes:
      return "bytes";
    case ValueType::kArray:
      return "array";
    case ValueType::kKvlist:
      return "map";
    case ValueType::kEmpty:
    case ValueType::kString:
      break;
  }
  return "string";
}

void write_typed_value(JsonWriter& json, const Value& value) {
  if (value.type() == ValueType::kInt) {
    json.quoted_integer(value.as_int());
  } else if (value.type() == ValueType::kEmpty) {
    json.string({});
  } else {
    append_json(json, value);
  }
}

void write_attributes(JsonWriter& json, std::string_view key, const Attributes& attributes) {
  json.key(key);
  json.begin_array();
  for (const KeyValue& entry : attributes) {
    json.begin_object();
    text_field(json, "key", entry.key);
    text_field(json, "type", type_text(entry.value.type()));
    json.key("value");
    write_typed_value(json, entry.value);
    json.end_object();
  }
  json.end_array();
}

void write_scope(JsonWriter& json, const Scope& scope) {
  json.key("scope");
  json.begin_object();
  text_field(json, "name", scope.name);
  text_field(json, "version", scope.version);
  write_attributes(json, "attributes", scope.attributes);
  json.end_object();
}

void write_events(JsonWriter& json, const Span& span, std::uint64_t trace_start) {
  json.key("events");
  json.begin_array();
  for (const SpanEvent& event : span.events) {
    json.begin_object();
    json.key("timeMicros");
    write_relative(json, event.time_unix_nano, trace_start);
    text_field(json, "name", event.name);
    write_attributes(json, "attributes", event.attributes);
    json.end_object();
  }
  json.end_array();
}

void write_links(JsonWriter& json, const Span& span) {
  json.key("links");
  json.begin_array();
  for (const SpanLink& link : span.links) {
    json.begin_object();
    text_field(json, "traceId", link.trace_id.to_hex());
    text_field(json, "spanId", link.span_id.to_hex());
    write_attributes(json, "attributes", link.attributes);
    json.end_object();
  }
  json.end_array();
}

void write_log(JsonWriter& json, const LogRecord& record, const Resource& resource) {
  json.begin_object();
  decimal_field(json, "time", record.effective_time_unix_nano());
  text_field(json, "spanId", record.span_id.is_zero() ? std::string() : record.span_id.to_hex());
  text_field(json, "service", shown_service(service_name(resource)));
  json.key("severity");
  json.integer(record.severity_number);
  text_field(json, "severityText", record.severity_text);
  text_field(json, "body", value_text(record.body));
  write_attributes(json, "attributes", record.attributes);
  json.end_object();
}

}  // namespace

std::uint64_t earliest_start(const std::vector<TraceRow>& rows) {
  std::uint64_t start = UINT64_MAX;
  for (const TraceRow& row : rows) start = std::min(start, row.span->start_time_unix_nano);
  return start;
}

LogCounts count_logs(const DecodedLogs& logs) {
  LogCounts counts;
  for (const ResourceLogs& resource : logs.resources) {
    for (const ScopeLogs& scope : resource.scopes) {
      for (const LogRecord& record : scope.records) {
        if (!record.span_id.is_zero()) ++counts[record.span_id];
      }
    }
  }
  return counts;
}

std::string trace_columns(const TraceId& id, const std::vector<TraceRow>& rows,
                          const LogCounts& logs) {
  const std::uint64_t start = earliest_start(rows);
  std::uint64_t end = start;
  Services services;
  Dictionary names;
  std::vector<std::uint32_t> service_column;
  std::vector<std::uint32_t> name_column;
  for (const TraceRow& row : rows) {
    end = std::max(end, end_of(*row.span));
    service_column.push_back(services.index_of(*row.resource));
    name_column.push_back(names.index_of(shown_operation(row.span->name)));
  }
  std::string text;
  constexpr std::size_t kBytesPerRow = 60;
  text.reserve(rows.size() * kBytesPerRow + 1024);
  JsonWriter json(text);
  json.begin_object();
  text_field(json, "traceId", id.to_hex());
  decimal_field(json, "start", start);
  json.key("durationMicros");
  write_micros(json, end - start);
  services.write(json);
  names.write(json, "names");
  write_column(json, "spanId", rows,
               [&json](const TraceRow& row) { json.hex(row.span->span_id.as_bytes()); });
  write_column(json, "parent", rows, [&json](const TraceRow& row) { json.integer(row.parent); });
  write_column(json, "depth", rows,
               [&json](const TraceRow& row) { json.unsigned_integer(row.depth); });
  write_indices(json, "service", service_column);
  write_indices(json, "name", name_column);
  write_column(json, "kind", rows, [&json](const TraceRow& row) {
    json.integer(static_cast<std::int32_t>(row.span->kind));
  });
  write_column(json, "status", rows, [&json](const TraceRow& row) {
    json.integer(static_cast<std::int32_t>(row.span->status_code));
  });
  write_column(json, "startMicros", rows, [&json, start](const TraceRow& row) {
    write_micros(json, row.span->start_time_unix_nano - start);
  });
  write_column(json, "durationsMicros", rows,
               [&json](const TraceRow& row) { write_micros(json, row.span->duration_nanos()); });
  write_column(json, "logs", rows, [&json, &logs](const TraceRow& row) {
    const auto count = logs.empty() ? logs.end() : logs.find(row.span->span_id);
    json.unsigned_integer(count == logs.end() ? 0 : count->second);
  });
  json.end_object();
  return text;
}

std::string span_details(const TraceRow& row, std::uint64_t trace_start_nanos) {
  const Span& span = *row.span;
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  write_attributes(json, "attributes", span.attributes);
  write_attributes(json, "resource", row.resource->attributes);
  write_scope(json, *row.scope);
  write_events(json, span, trace_start_nanos);
  write_links(json, span);
  text_field(json, "statusMessage", span.status_message);
  text_field(json, "traceState", span.trace_state);
  number_field(json, "flags", span.flags);
  number_field(json, "droppedAttributes", span.dropped_attributes_count);
  number_field(json, "droppedEvents", span.dropped_events_count);
  number_field(json, "droppedLinks", span.dropped_links_count);
  json.end_object();
  return text;
}

std::string trace_logs(const DecodedLogs& logs, bool is_truncated) {
  struct Place {
    const LogRecord* record;
    const Resource* resource;
  };
  std::vector<Place> places;
  for (const ResourceLogs& resource : logs.resources) {
    for (const ScopeLogs& scope : resource.scopes) {
      for (const LogRecord& record : scope.records) places.push_back({&record, &resource.resource});
    }
  }
  // The store's order holds within a resource only.
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    return a.record->effective_time_unix_nano() < b.record->effective_time_unix_nano();
  });
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("logs");
  json.begin_array();
  for (const Place& place : places) write_log(json, *place.record, *place.resource);
  json.end_array();
  json.key("truncated");
  json.boolean(is_truncated);
  json.end_object();
  return text;
}

}  // namespace kolben::query::page
