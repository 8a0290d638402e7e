#include "agent/process/console_parts.h"

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

void write_context(JsonWriter& json, const TraceId& trace_id, const SpanId& span_id,
                   std::string_view trace_state) {
  json.key("context");
  json.begin_object();
  write_console_text(json, "trace_id", "0x" + trace_id.to_hex());
  write_console_text(json, "span_id", "0x" + span_id.to_hex());
  write_console_text(json, "trace_state", trace_state_repr(trace_state));
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
      write_console_text(json, "status_code", "UNSET");
      break;
    case SpanStatusCode::kOk:
      write_console_text(json, "status_code", "OK");
      break;
    case SpanStatusCode::kError:
      write_console_text(json, "status_code", "ERROR");
      break;
  }
  if (!span.status_message.empty()) write_console_text(json, "description", span.status_message);
  json.end_object();
}

void write_events(JsonWriter& json, const Span& span) {
  json.key("events");
  json.begin_array();
  for (const SpanEvent& event : span.events) {
    json.begin_object();
    write_console_text(json, "name", event.name);
    write_console_text(json, "timestamp", python_time(event.time_unix_nano));
    json.key("attributes");
    write_console_attributes(json, event.attributes);
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
    write_console_attributes(json, link.attributes);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

void format_console_span(const Span& span, const ResourceSpans& owner, std::string& out) {
  JsonWriter json(out);
  json.begin_object();
  write_console_text(json, "name", span.name);
  write_context(json, span.trace_id, span.span_id, span.trace_state);
  write_console_text(json, "kind", kind_name(span.kind));
  json.key("parent_id");
  if (span.parent_span_id.is_zero()) {
    json.null();
  } else {
    json.string("0x" + span.parent_span_id.to_hex());
  }
  write_console_text(json, "start_time", python_time(span.start_time_unix_nano));
  write_console_text(json, "end_time", python_time(span.end_time_unix_nano));
  write_status(json, span);
  json.key("attributes");
  write_console_attributes(json, span.attributes);
  write_events(json, span);
  write_links(json, span);
  write_console_resource(json, owner.resource, owner.schema_url);
  json.end_object();
  out += '\n';
}

}  // namespace kolben::agent
