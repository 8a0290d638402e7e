#include "receivers/zipkin/batch_builder.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace kolben::receivers::zipkin {
namespace {

// A span's timestamp in microseconds must fit nanoseconds in 64 bits.
constexpr std::uint64_t kMicrosMax = std::numeric_limits<std::uint64_t>::max() / 1000;
// Up to here the attributes are looked through one by one; hardly a span has more.
constexpr std::size_t kSearchedMax = 64;

Value value_of_tag(std::string_view text, const TranslateOptions& options, Arena& arena) {
  if (options.parse_string_tags) {
    if (text == "true" || text == "false") return Value::boolean(text == "true");
    const char* const end = text.data() + text.size();
    std::int64_t integer = 0;
    if (auto parsed = std::from_chars(text.data(), end, integer);
        parsed.ec == std::errc() && parsed.ptr == end) {
      return Value::integer(integer);
    }
    double real = 0;
    if (auto parsed = std::from_chars(text.data(), end, real);
        parsed.ec == std::errc() && parsed.ptr == end) {
      return Value::real(real);
    }
  }
  return Value::string(arena.copy(text));
}

}  // namespace

Status mistake(std::size_t index, std::string_view field, std::string_view what) {
  std::string place = "[" + std::to_string(index) + "]";
  if (!field.empty()) place.append(".").append(field);
  return invalid_argument(place + ": " + std::string(what));
}

void BatchBuilder::begin(const SpanHead& head) {
  span_ = Span();
  service_ = "unknown_service";
  scope_.clear();
  attribute_indices_.clear();
  span_.trace_id = head.trace_id;
  span_.span_id = head.span_id;
  span_.parent_span_id = head.parent_span_id;
  span_.name = arena().copy(head.name);
  span_.kind = head.kind;
  const std::uint64_t start = std::min(head.start_micros, kMicrosMax);
  const std::uint64_t duration = std::min(head.duration_micros, kMicrosMax);
  span_.start_time_unix_nano = start * 1000;
  span_.end_time_unix_nano = start > kMicrosMax - duration
                                 ? std::numeric_limits<std::uint64_t>::max()
                                 : (start + duration) * 1000;
}

void BatchBuilder::local(const Endpoint& endpoint) {
  if (!endpoint.service.empty()) service_ = endpoint.service;
  add_text("net.host.ip", endpoint.address);
  add_port("net.host.port", endpoint.port);
}

void BatchBuilder::remote(const Endpoint& endpoint) {
  add_text("peer.service", endpoint.service);
  add_text("net.peer.ip", endpoint.address);
  add_port("net.peer.port", endpoint.port);
}

void BatchBuilder::tag(std::string_view key, std::string_view text) {
  if (key == "otel.status_code") {
    span_.status_code = text == "ERROR" ? SpanStatusCode::kError
                        : text == "OK"  ? SpanStatusCode::kOk
                                        : SpanStatusCode::kUnset;
  } else if (key == "otel.status_description") {
    span_.status_message = arena().copy(text);
  } else if (key == "otel.scope.name" || key == "otel.library.name") {
    scope_ = text;
  } else if (key == "w3c.tracestate") {
    span_.trace_state = arena().copy(text);
  } else {
    // The mere presence of `error` is an error (Zipkin's convention).
    if (key == "error" && text != "false") span_.status_code = SpanStatusCode::kError;
    put(arena().copy(key), value_of_tag(text, options_, arena()));
  }
}

void BatchBuilder::annotation(std::uint64_t micros, std::string_view text) {
  SpanEvent& event = span_.events.add(arena());
  event.time_unix_nano = std::min(micros, kMicrosMax) * 1000;
  event.name = arena().copy(text);
}

void BatchBuilder::end() {
  const Place place = place_of(service_, scope_);
  ResourceSpans& resource = batch_.traces().resources[place.resource];
  resource.scopes[place.scope].spans.push_back(arena(), span_);
}

Batch BatchBuilder::finish() && {
  batch_.recount();
  return std::move(batch_);
}

void BatchBuilder::add_text(std::string_view key, std::string_view text) {
  if (!text.empty()) put(key, Value::string(arena().copy(text)));
}

void BatchBuilder::add_port(std::string_view key, std::uint64_t port) {
  if (port > 0 && port < 65536) put(key, Value::integer(static_cast<std::int64_t>(port)));
}

void BatchBuilder::put(std::string_view key, const Value& value) {
  Attributes& attributes = span_.attributes;
  if (attributes.size() < kSearchedMax) return set(attributes, arena(), key, value);
  if (attribute_indices_.empty()) {
    for (std::size_t i = 0; i < attributes.size(); ++i) {
      attribute_indices_.emplace(attributes[i].key, i);
    }
  }
  const auto [found, is_new] = attribute_indices_.try_emplace(key, attributes.size());
  if (is_new) {
    attributes.push_back(arena(), {key, value});
  } else {
    attributes[found->second].value = value;
  }
}

BatchBuilder::Place BatchBuilder::place_of(const std::string& service, const std::string& scope) {
  const auto found = places_.find({service, scope});
  if (found != places_.end()) return found->second;
  List<ResourceSpans>& all = batch_.traces().resources;
  const auto [resource_at, is_new_resource] = resources_.try_emplace(service, all.size());
  if (is_new_resource) {
    set(all.add(arena()).resource.attributes, arena(), "service.name",
        Value::string(arena().copy(service)));
  }
  List<ScopeSpans>& scopes = all[resource_at->second].scopes;
  const Place place{resource_at->second, scopes.size()};
  scopes.add(arena()).scope.name = arena().copy(scope);
  places_.emplace(std::pair(service, scope), place);
  return place;
}

}  // namespace kolben::receivers::zipkin
