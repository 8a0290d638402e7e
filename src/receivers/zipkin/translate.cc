#include "receivers/zipkin/translate.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace kolben::receivers::zipkin {
namespace {

using simdjson::dom::element;

// A span's timestamp in microseconds must fit nanoseconds in 64 bits.
constexpr std::uint64_t kMicrosMax = std::numeric_limits<std::uint64_t>::max() / 1000;

Status mistake(std::size_t index, std::string_view field, std::string_view what) {
  return invalid_argument("[" + std::to_string(index) + "]." + std::string(field) + ": " +
                          std::string(what));
}

std::optional<std::string_view> string_of(const element& object, const char* key) {
  std::string_view text;
  if (object[key].get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

// Zipkin writes integers; some clients write them as doubles.
std::optional<std::uint64_t> micros_of(const element& object, const char* key) {
  element value;
  if (object[key].get(value) != simdjson::SUCCESS) return std::nullopt;
  std::uint64_t integer = 0;
  double real = 0;
  if (value.get_uint64().get(integer) == simdjson::SUCCESS) return std::min(integer, kMicrosMax);
  if (value.get_double().get(real) == simdjson::SUCCESS && real >= 0 &&
      real < static_cast<double>(kMicrosMax)) {
    return static_cast<std::uint64_t>(real);
  }
  return std::nullopt;
}

std::optional<TraceId> trace_id_of(std::string_view text) {
  if (text.size() == 16) return TraceId::from_hex(std::string(16, '0') + std::string(text));
  return TraceId::from_hex(text);
}

SpanKind kind_of(std::optional<std::string_view> text) {
  if (!text) return SpanKind::kInternal;
  if (*text == "CLIENT") return SpanKind::kClient;
  if (*text == "SERVER") return SpanKind::kServer;
  if (*text == "PRODUCER") return SpanKind::kProducer;
  if (*text == "CONSUMER") return SpanKind::kConsumer;
  return SpanKind::kInternal;
}

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

// Builds the batch span by span.
class Translator {
 public:
  explicit Translator(const TranslateOptions& options) : options_(options) {}

  Status add(std::size_t index, const element& object) {
    if (!object.is_object()) return mistake(index, "", "want an object");
    Span span;
    KOLBEN_RETURN_IF_ERROR(read_ids(index, object, span));
    span.name = arena().copy(string_of(object, "name").value_or(""));
    span.kind = kind_of(string_of(object, "kind"));
    const std::uint64_t start_micros = micros_of(object, "timestamp").value_or(0);
    const std::uint64_t duration_micros = micros_of(object, "duration").value_or(0);
    span.start_time_unix_nano = start_micros * 1000;
    span.end_time_unix_nano = start_micros > kMicrosMax - duration_micros
                                  ? std::numeric_limits<std::uint64_t>::max()
                                  : (start_micros + duration_micros) * 1000;
    std::string service = "unknown_service";
    std::string scope;
    read_local_endpoint(object, service, span);
    read_remote_endpoint(object, span);
    KOLBEN_RETURN_IF_ERROR(read_tags(index, object, span, scope));
    read_annotations(object, span);
    spans_of(service, scope).push_back(arena(), span);
    return Status::ok();
  }

  Batch finish() && {
    batch_.recount();
    return std::move(batch_);
  }

 private:
  Arena& arena() { return batch_.arena(); }

  Status read_ids(std::size_t index, const element& object, Span& span) {
    const auto trace_id = trace_id_of(string_of(object, "traceId").value_or(""));
    if (!trace_id) return mistake(index, "traceId", "want 16 or 32 hex digits");
    const auto span_id = SpanId::from_hex(string_of(object, "id").value_or(""));
    if (!span_id) return mistake(index, "id", "want 16 hex digits");
    span.trace_id = *trace_id;
    span.span_id = *span_id;
    const std::string_view parent = string_of(object, "parentId").value_or("");
    if (parent.empty()) return Status::ok();
    const auto parent_id = SpanId::from_hex(parent);
    if (!parent_id) return mistake(index, "parentId", "want 16 hex digits");
    span.parent_span_id = *parent_id;
    return Status::ok();
  }

  void add_text(Span& span, std::string_view key, std::string_view text) {
    set(span.attributes, arena(), key, Value::string(arena().copy(text)));
  }

  void read_local_endpoint(const element& object, std::string& service, Span& span) {
    element endpoint;
    if (object["localEndpoint"].get(endpoint) != simdjson::SUCCESS) return;
    if (const auto name = string_of(endpoint, "serviceName"); name && !name->empty()) {
      service = *name;
    }
    const auto address = string_of(endpoint, "ipv4");
    const auto address6 = string_of(endpoint, "ipv6");
    if (address || address6) add_text(span, "net.host.ip", address ? *address : *address6);
    if (const auto port = micros_of(endpoint, "port"); port && *port > 0 && *port < 65536) {
      set(span.attributes, arena(), "net.host.port",
          Value::integer(static_cast<std::int64_t>(*port)));
    }
  }

  void read_remote_endpoint(const element& object, Span& span) {
    element endpoint;
    if (object["remoteEndpoint"].get(endpoint) != simdjson::SUCCESS) return;
    if (const auto name = string_of(endpoint, "serviceName"); name && !name->empty()) {
      add_text(span, "peer.service", *name);
    }
    const auto address = string_of(endpoint, "ipv4");
    const auto address6 = string_of(endpoint, "ipv6");
    if (address || address6) add_text(span, "net.peer.ip", address ? *address : *address6);
    if (const auto port = micros_of(endpoint, "port"); port && *port > 0 && *port < 65536) {
      set(span.attributes, arena(), "net.peer.port",
          Value::integer(static_cast<std::int64_t>(*port)));
    }
  }

  Status read_tags(std::size_t index, const element& object, Span& span, std::string& scope) {
    element tags_element;
    if (object["tags"].get(tags_element) != simdjson::SUCCESS) return Status::ok();
    simdjson::dom::object tags;
    if (tags_element.get(tags) != simdjson::SUCCESS)
      return mistake(index, "tags", "want an object");
    for (const auto& [key, value] : tags) {
      std::string_view text;
      if (value.get_string().get(text) != simdjson::SUCCESS) {
        return mistake(index, "tags." + std::string(key), "want a string");
      }
      if (key == "otel.status_code") {
        span.status_code = text == "ERROR" ? SpanStatusCode::kError
                           : text == "OK"  ? SpanStatusCode::kOk
                                           : SpanStatusCode::kUnset;
      } else if (key == "otel.status_description") {
        span.status_message = arena().copy(text);
      } else if (key == "otel.scope.name" || key == "otel.library.name") {
        scope = text;
      } else if (key == "w3c.tracestate") {
        span.trace_state = arena().copy(text);
      } else {
        // The mere presence of `error` is an error (Zipkin's convention).
        if (key == "error" && text != "false") span.status_code = SpanStatusCode::kError;
        set(span.attributes, arena(), arena().copy(key), value_of_tag(text, options_, arena()));
      }
    }
    return Status::ok();
  }

  void read_annotations(const element& object, Span& span) {
    simdjson::dom::array annotations;
    if (object["annotations"].get_array().get(annotations) != simdjson::SUCCESS) return;
    for (const element& annotation : annotations) {
      SpanEvent& event = span.events.add(arena());
      event.time_unix_nano = micros_of(annotation, "timestamp").value_or(0) * 1000;
      event.name = arena().copy(string_of(annotation, "value").value_or(""));
    }
  }

  List<Span>& spans_of(const std::string& service, const std::string& scope_name) {
    DecodedTraces& traces = batch_.traces();
    auto [found, is_new_resource] = resources_.try_emplace(service, traces.resources.size());
    if (is_new_resource) {
      ResourceSpans& resource = traces.resources.add(arena());
      set(resource.resource.attributes, arena(), "service.name",
          Value::string(arena().copy(service)));
    }
    ResourceSpans& resource = traces.resources[found->second];
    for (ScopeSpans& scope : resource.scopes) {
      if (scope.scope.name == scope_name) return scope.spans;
    }
    ScopeSpans& scope = resource.scopes.add(arena());
    scope.scope.name = arena().copy(scope_name);
    return scope.spans;
  }

  const TranslateOptions options_;
  Batch batch_{Signal::kTraces};
  std::map<std::string, std::size_t> resources_;  // service -> index
};

}  // namespace

Result<Batch> translate(std::string_view text, const TranslateOptions& options) {
  simdjson::dom::parser parser;
  element root;
  // Deep nesting is refused by simdjson (1024 levels).
  if (const auto error = parser.parse(text.data(), text.size()).get(root);
      error != simdjson::SUCCESS) {
    return invalid_argument(std::string("parsing JSON: ") + simdjson::error_message(error));
  }
  simdjson::dom::array spans;
  if (root.get(spans) != simdjson::SUCCESS) return invalid_argument("want a list of spans");
  Translator translator(options);
  std::size_t index = 0;
  for (const element& span : spans) {
    KOLBEN_RETURN_IF_ERROR(translator.add(index, span));
    ++index;
  }
  return std::move(translator).finish();
}

}  // namespace kolben::receivers::zipkin
