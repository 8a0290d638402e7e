#include "zipkin/translate.h"

#include "wire/json_writer.h"
#include "zipkin/span_parts.h"

namespace kolben::zipkin {
namespace {

std::string_view kind_name(SpanKind kind) {
  switch (kind) {
    case SpanKind::kServer:
      return "SERVER";
    case SpanKind::kClient:
      return "CLIENT";
    case SpanKind::kProducer:
      return "PRODUCER";
    case SpanKind::kConsumer:
      return "CONSUMER";
    default:
      return "";
  }
}

void append_endpoint(wire::JsonWriter& json, std::string_view key, const Endpoint& endpoint) {
  json.key(key);
  json.begin_object();
  if (endpoint.service) {
    json.key("serviceName");
    json.string(*endpoint.service);
  }
  if (endpoint.address.size != 0) {
    json.key(endpoint.address.size == 4 ? "ipv4" : "ipv6");
    json.string(endpoint.address.text);
  }
  if (endpoint.port) {
    json.key("port");
    json.integer(*endpoint.port);
  }
  json.end_object();
}

void append_annotations(wire::JsonWriter& json, const List<SpanEvent>& events) {
  if (events.empty()) return;
  json.key("annotations");
  json.begin_array();
  for (const SpanEvent& event : events) {
    json.begin_object();
    json.key("timestamp");
    json.unsigned_integer(event.time_unix_nano / 1000);
    json.key("value");
    json.string(annotation_text(event));
    json.end_object();
  }
  json.end_array();
}

void append_tags(wire::JsonWriter& json, const Span& span, const Resource& resource,
                 const Scope& scope) {
  json.key("tags");
  json.begin_object();
  for_each_tag(span, resource, scope, [&](std::string_view key, std::string_view value) {
    json.key(key);
    json.string(value);
  });
  json.end_object();
}

void append_span(wire::JsonWriter& json, const Span& span, const Resource& resource,
                 const Scope& scope, std::string_view service) {
  json.begin_object();
  json.key("traceId");
  json.hex(span.trace_id.as_bytes());
  json.key("id");
  json.hex(span.span_id.as_bytes());
  if (!span.parent_span_id.is_zero()) {
    json.key("parentId");
    json.hex(span.parent_span_id.as_bytes());
  }
  json.key("name");
  json.string(span.name);
  if (const std::string_view kind = kind_name(span.kind); !kind.empty()) {
    json.key("kind");
    json.string(kind);
  }
  json.key("timestamp");
  json.unsigned_integer(span.start_time_unix_nano / 1000);
  json.key("duration");
  json.unsigned_integer(duration_micros(span));
  append_endpoint(json, "localEndpoint", local_endpoint(span, service));
  if (const auto remote = remote_endpoint(span)) append_endpoint(json, "remoteEndpoint", *remote);
  append_annotations(json, span.events);
  append_tags(json, span, resource, scope);
  json.end_object();
}

}  // namespace

std::string translate(const DecodedTraces& traces, std::string_view default_service) {
  std::string text;
  wire::JsonWriter json(text);
  json.begin_array();
  for_each_span(
      traces, default_service,
      [&](const Span& span, const Resource& resource, const Scope& scope,
          std::string_view service) { append_span(json, span, resource, scope, service); });
  json.end_array();
  return text;
}

}  // namespace kolben::zipkin
