#include "zipkin/span_parts.h"

#include <arpa/inet.h>

#include "wire/json_writer.h"

namespace kolben::zipkin {
namespace {

Address address_of(std::string_view text) {
  Address address;
  address.text = text;
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof(terminated)) return address;
  text.copy(terminated, text.size());
  const bool is_ipv6 = text.find(':') != std::string_view::npos;
  if (::inet_pton(is_ipv6 ? AF_INET6 : AF_INET, terminated, address.bytes) == 1) {
    address.size = is_ipv6 ? 16 : 4;
  }
  return address;
}

Address address_attribute(const Attributes& attributes, std::string_view key) {
  const auto text = text_attribute(attributes, key);
  if (!text) return {};
  const Address address = address_of(*text);
  return address.size == 0 ? Address() : address;
}

bool is_port(const Value& value) {
  constexpr std::int64_t kPortMax = 65535;
  return value.type() == ValueType::kInt && value.as_int() > 0 && value.as_int() <= kPortMax;
}

std::optional<std::int64_t> port_attribute(const Attributes& attributes, std::string_view key) {
  const Value* port = find(attributes, key);
  if (port == nullptr || !is_port(*port)) return std::nullopt;
  return port->as_int();
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

}  // namespace

std::optional<std::string_view> text_attribute(const Attributes& attributes, std::string_view key) {
  const Value* value = find(attributes, key);
  if (value == nullptr || value->type() != ValueType::kString) return std::nullopt;
  return value->as_string();
}

Endpoint local_endpoint(const Span& span, std::string_view service) {
  return {service, address_attribute(span.attributes, "net.host.ip"),
          port_attribute(span.attributes, "net.host.port")};
}

std::optional<Endpoint> remote_endpoint(const Span& span) {
  Endpoint endpoint;
  endpoint.service = text_attribute(span.attributes, "peer.service");
  endpoint.address = address_attribute(span.attributes, "net.peer.ip");
  const bool has_address = endpoint.address.size != 0;
  if (!endpoint.service && !has_address) endpoint.service = peer_name(span);
  if (!endpoint.service && !has_address) return std::nullopt;
  endpoint.port = port_attribute(span.attributes, "net.peer.port");
  return endpoint;
}

std::uint64_t duration_micros(const Span& span) {
  const std::uint64_t nanos = span.duration_nanos();
  return nanos == 0 ? 0 : nanos < 1000 ? 1 : nanos / 1000;
}

std::string annotation_text(const SpanEvent& event) {
  if (event.attributes.empty()) return std::string(event.name);
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
  return text;
}

bool is_in_endpoint(const KeyValue& attribute) {
  const std::string_view key = attribute.key;
  if (key == "net.host.ip" || key == "net.peer.ip") {
    return attribute.value.type() == ValueType::kString &&
           address_of(attribute.value.as_string()).size != 0;
  }
  if (key == "net.host.port" || key == "net.peer.port") return is_port(attribute.value);
  return key == "peer.service";
}

}  // namespace kolben::zipkin
