// SpanParts: what of a span goes where in Zipkin's model, whatever the encoding. Pure.
// Source: zipkin2-api.yaml (ListOfSpans), and "Zipkin" in OpenTelemetry's trace SDK specification.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/batch.h"
#include "model/value_text.h"

namespace kolben::zipkin {

// An IP address, as text and as bytes in network order: 4, 16, or none where the text is no
// address.
struct Address {
  std::string_view text;
  char bytes[16] = {};
  std::uint32_t size = 0;
};

struct Endpoint {
  std::optional<std::string_view> service;
  Address address;
  std::optional<std::int64_t> port;  // from 1 to 65535
};

Endpoint local_endpoint(const Span& span, std::string_view service);
// Nothing: the other side is not known.
std::optional<Endpoint> remote_endpoint(const Span& span);

// Microseconds; 0 is "unknown" there, so what was shorter than one is one.
std::uint64_t duration_micros(const Span& span);
// The event's name, with attributes as {"name": {attributes}}.
std::string annotation_text(const SpanEvent& event);

std::optional<std::string_view> text_attribute(const Attributes& attributes, std::string_view key);
// What became part of an endpoint needs no tag of its own.
bool is_in_endpoint(const KeyValue& attribute);

// Calls `tag(key, value)` for all that Zipkin has no place for. A span's own attribute wins over
// the resource's of that name.
template <typename Tag>
void for_each_tag(const Span& span, const Resource& resource, const Scope& scope, Tag tag) {
  for (const KeyValue& attribute : resource.attributes) {
    if (attribute.key != "service.name" && find(span.attributes, attribute.key) == nullptr) {
      tag(attribute.key, value_text(attribute.value));
    }
  }
  for (const KeyValue& attribute : span.attributes) {
    const bool is_replaced = attribute.key == "error" && span.status_code == SpanStatusCode::kError;
    if (!is_in_endpoint(attribute) && !is_replaced) {
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
}

// Calls `each(span, resource, scope, service)` for all spans.
template <typename Each>
void for_each_span(const DecodedTraces& traces, std::string_view default_service, Each each) {
  for (const ResourceSpans& resource : traces.resources) {
    const std::string_view service =
        text_attribute(resource.resource.attributes, "service.name").value_or(default_service);
    for (const ScopeSpans& scope : resource.scopes) {
      for (const Span& span : scope.spans) each(span, resource.resource, scope.scope, service);
    }
  }
}

}  // namespace kolben::zipkin
