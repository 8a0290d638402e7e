#include "query/jaeger/trace_json.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "model/value_text.h"
#include "query/conditions.h"
#include "query/jaeger/tag_json.h"

namespace kolben::query::jaeger {
namespace {

// Warnings that travel as an attribute (Jaeger's own convention).
constexpr std::string_view kWarningsKey = "@jaeger@warnings";
constexpr std::string_view kRefTypeKey = "opentracing.ref_type";
constexpr std::string_view kServiceNameKey = "service.name";
void write_status_tags(JsonWriter& json, const Span& span) {
  if (span.status_code == SpanStatusCode::kOk) write_text_tag(json, "otel.status_code", "OK");
  if (span.status_code == SpanStatusCode::kError) {
    write_text_tag(json, "otel.status_code", "ERROR");
    write_bool_tag(json, "error", true);
  }
  if (!span.status_message.empty()) {
    write_text_tag(json, "otel.status_description", span.status_message);
  }
}

void write_tags(JsonWriter& json, const SpanPlace& place, Adjust adjust) {
  const Span& span = *place.span;
  json.key("tags");
  json.begin_array();
  if (!place.scope->name.empty()) write_text_tag(json, "otel.scope.name", place.scope->name);
  if (!place.scope->version.empty()) {
    write_text_tag(json, "otel.scope.version", place.scope->version);
  }
  write_attributes(json, span.attributes, kWarningsKey, adjust);
  if (const auto kind = shown_kind(span.kind); !kind.empty()) {
    write_text_tag(json, "span.kind", kind);
  }
  write_status_tags(json, span);
  if (!span.trace_state.empty()) write_text_tag(json, "w3c.tracestate", span.trace_state);
  json.end_array();
}

void write_reference(JsonWriter& json, std::string_view type, const TraceId& trace_id,
                     const SpanId& span_id) {
  json.begin_object();
  text_field(json, "refType", type);
  text_field(json, "traceID", trace_id_text(trace_id));
  text_field(json, "spanID", span_id.to_hex());
  json.end_object();
}

std::string_view reference_type(const SpanLink& link) {
  const Value* type = find(link.attributes, kRefTypeKey);
  const bool is_child =
      type != nullptr && type->type() == ValueType::kString && type->as_string() == "child_of";
  return is_child ? "CHILD_OF" : "FOLLOWS_FROM";
}

void write_references(JsonWriter& json, const Span& span, Adjust adjust) {
  json.key("references");
  json.begin_array();
  if (!span.parent_span_id.is_zero()) {
    write_reference(json, "CHILD_OF", span.trace_id, span.parent_span_id);
  }
  for (const SpanLink& link : span.links) {
    const bool is_empty = link.trace_id.is_zero() || link.span_id.is_zero();
    if (is_empty && adjust == Adjust::kYes) continue;
    write_reference(json, reference_type(link), link.trace_id, link.span_id);
  }
  json.end_array();
}

void write_logs(JsonWriter& json, const Span& span, Adjust adjust) {
  json.key("logs");
  json.begin_array();
  for (const SpanEvent& event : span.events) {
    json.begin_object();
    number_field(json, "timestamp", event.time_unix_nano / 1000);
    json.key("fields");
    json.begin_array();
    if (!event.name.empty() && find(event.attributes, "event") == nullptr) {
      write_text_tag(json, "event", event.name);
    }
    write_attributes(json, event.attributes, {}, adjust);
    json.end_array();
    json.end_object();
  }
  json.end_array();
}

std::vector<std::string> warnings_of(const Span& span) {
  std::vector<std::string> warnings;
  const Value* travelled = find(span.attributes, kWarningsKey);
  if (travelled != nullptr && travelled->type() == ValueType::kArray) {
    for (const Value& warning : travelled->as_array()) warnings.push_back(value_text(warning));
  }
  if (span.end_time_unix_nano < span.start_time_unix_nano) {
    warnings.push_back("the span ends before it starts (end " +
                       std::to_string(span.end_time_unix_nano) +
                       " ns since 1970); its duration is shown as 0");
  }
  return warnings;
}

void write_warnings(JsonWriter& json, const Span& span) {
  json.key("warnings");
  const std::vector<std::string> warnings = warnings_of(span);
  if (warnings.empty()) {
    json.null();
    return;
  }
  json.begin_array();
  for (const std::string& warning : warnings) json.string(warning);
  json.end_array();
}

void write_span(JsonWriter& json, const SpanPlace& place, std::string_view process_id,
                Adjust adjust) {
  const Span& span = *place.span;
  json.begin_object();
  text_field(json, "traceID", trace_id_text(span.trace_id));
  text_field(json, "spanID", span.span_id.to_hex());
  if (span.flags != 0) number_field(json, "flags", span.flags);
  text_field(json, "operationName", shown_operation(span.name));
  write_references(json, span, adjust);
  number_field(json, "startTime", span.start_time_unix_nano / 1000);
  number_field(json, "duration", span.duration_nanos() / 1000);
  write_tags(json, place, adjust);
  write_logs(json, span, adjust);
  text_field(json, "processID", process_id);
  write_warnings(json, span);
  json.end_object();
}

std::string process_json(const Resource& resource, Adjust adjust) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  text_field(json, "serviceName", shown_service(service_name(resource)));
  json.key("tags");
  json.begin_array();
  write_attributes(json, resource.attributes, kServiceNameKey, adjust);
  json.end_array();
  json.end_object();
  return text;
}

// Numbers the distinct processes of one trace: p1, p2, ... in the order of their first spans.
class Processes {
 public:
  Processes(const DecodedTraces& traces, Adjust adjust) : traces_(traces), adjust_(adjust) {}

  std::string_view id_of(std::uint32_t resource) {
    const auto [place, is_new] = by_resource_.try_emplace(resource, 0);
    if (is_new)
      place->second = number_of(process_json(traces_.resources[resource].resource, adjust_));
    return ids_[place->second];
  }

  void write(JsonWriter& json) const {
    json.key("processes");
    json.begin_object();
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      json.key(ids_[i]);
      json.raw(*texts_[i]);
    }
    json.end_object();
  }

 private:
  std::size_t number_of(std::string text) {
    const auto [place, is_new] = by_text_.try_emplace(std::move(text), ids_.size());
    if (is_new) {
      ids_.push_back("p" + std::to_string(ids_.size() + 1));
      texts_.push_back(&place->first);
    }
    return place->second;
  }

  const DecodedTraces& traces_;
  const Adjust adjust_;
  std::unordered_map<std::uint32_t, std::size_t> by_resource_;
  std::unordered_map<std::string, std::size_t> by_text_;  // its nodes do not move
  std::vector<std::string> ids_;
  std::vector<const std::string*> texts_;
};

}  // namespace

std::string trace_id_text(const TraceId& id) {
  const std::string hex = id.to_hex();
  const bool is_short = hex.find_first_not_of('0') >= 16;
  return is_short ? hex.substr(16) : hex;
}

std::vector<TracePlaces> group_by_trace(const DecodedTraces& traces) {
  std::vector<TracePlaces> groups;
  std::unordered_map<TraceId, std::size_t, IdHash> index;
  for (std::uint32_t resource = 0; resource < traces.resources.size(); ++resource) {
    for (const ScopeSpans& scope : traces.resources[resource].scopes) {
      for (const Span& span : scope.spans) {
        const auto [place, is_new] = index.try_emplace(span.trace_id, groups.size());
        if (is_new) groups.push_back({span.trace_id, {}});
        groups[place->second].spans.push_back({&span, &scope.scope, resource});
      }
    }
  }
  return groups;
}

void write_trace(JsonWriter& json, const DecodedTraces& traces, const TracePlaces& trace,
                 Adjust adjust) {
  Processes processes(traces, adjust);
  json.begin_object();
  text_field(json, "traceID", trace_id_text(trace.id));
  json.key("spans");
  json.begin_array();
  for (const SpanPlace& place : trace.spans) {
    write_span(json, place, processes.id_of(place.resource), adjust);
  }
  json.end_array();
  processes.write(json);
  json.key("warnings");
  json.null();
  json.end_object();
}

}  // namespace kolben::query::jaeger
