#include "zipkin/translate.h"

#include <cstdint>
#include <optional>

#include "model/value_text.h"
#include "wire/json_writer.h"

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

std::optional<std::string_view> text_attribute(const Attributes& attributes, std::string_view key) {
  const Value* value = find(attributes, key);
  if (value == nullptr || value->type() != ValueType::kString) return std::nullopt;
  return value->as_string();
}

// "ipv4" or "ipv6" by the look of the address.
void append_address(wire::JsonWriter& json, std::string_view address) {
  json.key(address.find(':') == std::string_view::npos ? "ipv4" : "ipv6");
  json.string(address);
}

void append_port(wire::JsonWriter& json, const Attributes& attributes, std::string_view key) {
  const Value* port = find(attributes, key);
  if (port == nullptr || port->type() != ValueType::kInt) return;
  json.key("port");
  json.integer(port->as_int());
}

// Specification, "OTLP to Zipkin", Remote endpoint: the first of these that there is.
std::optional<std::string_view> peer_name(const Span& span) {
  if (span.kind != SpanKind::kClient && span.kind != SpanKind::kProducer) return std::nullopt;
  for (const std::string_view key :
       {"server.address", "net.peer.name", "network.peer.address", "server.socket.domain",
        "server.socket.address", "net.sock.peer.name", "net.sock.peer.addr", "peer.hostname",
        "peer.address", "db.name"}) {
    if (const auto name = text_attribute(span.attributes, key)) return name;
  }
  return std::nullopt;
}

void append_endpoints(wire::JsonWriter& json, const Span& span, std::string_view service) {
  const Attributes& attributes = span.attributes;
  json.key("localEndpoint");
  json.begin_object();
  json.key("serviceName");
  json.string(service);
  if (const auto address = text_attribute(attributes, "net.host.ip")) {
    append_address(json, *address);
  }
  append_port(json, attributes, "net.host.port");
  json.end_object();

  auto peer = text_attribute(attributes, "peer.service");
  const auto address = text_attribute(attributes, "net.peer.ip");
  if (!peer && !address) peer = peer_name(span);
  if (!peer && !address) return;
  json.key("remoteEndpoint");
  json.begin_object();
  if (peer) {
    json.key("serviceName");
    json.string(*peer);
  }
  if (address) append_address(json, *address);
  append_port(json, attributes, "net.peer.port");
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
    if (event.attributes.empty()) {
      json.string(event.name);
    } else {  // the SDK specification: {"name": {attributes}}
      std::string text;
      wire::JsonWriter value(text);
      value.begin_object();
      value.key(event.name);
      value.begin_object();
      for (const KeyValue& attribute : event.attributes) {
        value.key(attribute.key);
        append_json(value, attribute.value);
      }
      value.end_object();
      value.end_object();
      json.string(text);
    }
    json.end_object();
  }
  json.end_array();
}

// What became part of an endpoint needs no tag of its own.
bool is_in_endpoint(std::string_view key) {
  return key == "net.host.ip" || key == "net.host.port" || key == "net.peer.ip" ||
         key == "net.peer.port" || key == "peer.service";
}

void append_tags(wire::JsonWriter& json, const Span& span, const Resource& resource,
                 const Scope& scope) {
  json.key("tags");
  json.begin_object();
  const auto tag = [&](std::string_view key, std::string_view value) {
    json.key(key);
    json.string(value);
  };
  for (const KeyValue& attribute : resource.attributes) {
    // A span's own attribute of that name wins.
    if (attribute.key != "service.name" && find(span.attributes, attribute.key) == nullptr) {
      tag(attribute.key, value_text(attribute.value));
    }
  }
  for (const KeyValue& attribute : span.attributes) {
    const bool is_replaced = attribute.key == "error" && span.status_code == SpanStatusCode::kError;
    if (!is_in_endpoint(attribute.key) && !is_replaced) {
      tag(attribute.key, value_text(attribute.value));
    }
  }
  if (!scope.name.empty()) tag("otel.scope.name", scope.name);
  if (!scope.version.empty()) tag("otel.scope.version", scope.version);
  if (!span.trace_state.empty()) tag("w3c.tracestate", span.trace_state);
  if (span.status_code == SpanStatusCode::kOk) tag("otel.status_code", "OK");
  if (span.status_code == SpanStatusCode::kError) {
    const auto error = text_attribute(span.attributes, "error");
    tag("otel.status_code", "ERROR");
    tag("error", error                          ? *error
                 : !span.status_message.empty() ? span.status_message
                                                : std::string_view("true"));
    if (!span.status_message.empty()) tag("otel.status_description", span.status_message);
  }
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
  // Zipkin takes 0 for "unknown"; what was shorter than a microsecond is one.
  const std::uint64_t nanos = span.duration_nanos();
  json.unsigned_integer(nanos == 0 ? 0 : nanos < 1000 ? 1 : nanos / 1000);
  append_endpoints(json, span, service);
  append_annotations(json, span.events);
  append_tags(json, span, resource, scope);
  json.end_object();
}

}  // namespace

std::string translate(const DecodedTraces& traces, std::string_view default_service) {
  std::string text;
  wire::JsonWriter json(text);
  json.begin_array();
  for (const ResourceSpans& resource : traces.resources) {
    const std::string_view service =
        text_attribute(resource.resource.attributes, "service.name").value_or(default_service);
    for (const ScopeSpans& scope : resource.scopes) {
      for (const Span& span : scope.spans) {
        append_span(json, span, resource.resource, scope.scope, service);
      }
    }
  }
  json.end_array();
  return text;
}

}  // namespace kolben::zipkin
