#include "receivers/zipkin/translate.h"

#include <simdjson.h>

#include <optional>
#include <string>
#include <utility>

#include "receivers/zipkin/batch_builder.h"

namespace kolben::receivers::zipkin {
namespace {

using simdjson::dom::element;

std::optional<std::string_view> string_of(const element& object, const char* key) {
  std::string_view text;
  if (object[key].get_string().get(text) != simdjson::SUCCESS) return std::nullopt;
  return text;
}

std::string_view text_of(const element& object, const char* key) {
  return string_of(object, key).value_or("");
}

// Zipkin writes integers; some clients write them as doubles. 0: there is none.
std::uint64_t number_of(const element& object, const char* key) {
  element value;
  if (object[key].get(value) != simdjson::SUCCESS) return 0;
  std::uint64_t integer = 0;
  double real = 0;
  if (value.get_uint64().get(integer) == simdjson::SUCCESS) return integer;
  constexpr double kTwoTo64 = 18446744073709551616.0;
  if (value.get_double().get(real) == simdjson::SUCCESS && real >= 0 && real < kTwoTo64) {
    return static_cast<std::uint64_t>(real);
  }
  return 0;
}

std::optional<TraceId> trace_id_of(std::string_view text) {
  if (text.size() == 16) return TraceId::from_hex(std::string(16, '0') + std::string(text));
  return TraceId::from_hex(text);
}

SpanKind kind_of(std::string_view text) {
  if (text == "CLIENT") return SpanKind::kClient;
  if (text == "SERVER") return SpanKind::kServer;
  if (text == "PRODUCER") return SpanKind::kProducer;
  if (text == "CONSUMER") return SpanKind::kConsumer;
  return SpanKind::kInternal;
}

Status read_ids(std::size_t index, const element& object, SpanHead& head) {
  const auto trace_id = trace_id_of(text_of(object, "traceId"));
  if (!trace_id) return mistake(index, "traceId", "want 16 or 32 hex digits");
  const auto span_id = SpanId::from_hex(text_of(object, "id"));
  if (!span_id) return mistake(index, "id", "want 16 hex digits");
  head.trace_id = *trace_id;
  head.span_id = *span_id;
  const std::string_view parent = text_of(object, "parentId");
  if (parent.empty()) return Status::ok();
  const auto parent_id = SpanId::from_hex(parent);
  if (!parent_id) return mistake(index, "parentId", "want 16 hex digits");
  head.parent_span_id = *parent_id;
  return Status::ok();
}

Endpoint endpoint_of(const element& span, const char* key) {
  element object;
  if (span[key].get(object) != simdjson::SUCCESS) return {};
  const std::string_view address = text_of(object, "ipv4");
  return {text_of(object, "serviceName"), address.empty() ? text_of(object, "ipv6") : address,
          number_of(object, "port")};
}

Status read_tags(std::size_t index, const element& object, BatchBuilder& builder) {
  element tags_element;
  if (object["tags"].get(tags_element) != simdjson::SUCCESS) return Status::ok();
  simdjson::dom::object tags;
  if (tags_element.get(tags) != simdjson::SUCCESS) return mistake(index, "tags", "want an object");
  for (const auto& [key, value] : tags) {
    std::string_view text;
    if (value.get_string().get(text) != simdjson::SUCCESS) {
      return mistake(index, "tags." + std::string(key), "want a string");
    }
    builder.tag(key, text);
  }
  return Status::ok();
}

void read_annotations(const element& object, BatchBuilder& builder) {
  simdjson::dom::array annotations;
  if (object["annotations"].get_array().get(annotations) != simdjson::SUCCESS) return;
  for (const element& annotation : annotations) {
    builder.annotation(number_of(annotation, "timestamp"), text_of(annotation, "value"));
  }
}

Status read_span(std::size_t index, const element& object, BatchBuilder& builder) {
  if (!object.is_object()) return mistake(index, "", "want an object");
  SpanHead head;
  KOLBEN_RETURN_IF_ERROR(read_ids(index, object, head));
  head.name = text_of(object, "name");
  head.kind = kind_of(text_of(object, "kind"));
  head.start_micros = number_of(object, "timestamp");
  head.duration_micros = number_of(object, "duration");
  builder.begin(head);
  builder.local(endpoint_of(object, "localEndpoint"));
  builder.remote(endpoint_of(object, "remoteEndpoint"));
  KOLBEN_RETURN_IF_ERROR(read_tags(index, object, builder));
  read_annotations(object, builder);
  builder.end();
  return Status::ok();
}

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
  BatchBuilder builder(options);
  std::size_t index = 0;
  for (const element& span : spans) {
    KOLBEN_RETURN_IF_ERROR(read_span(index, span, builder));
    ++index;
  }
  return std::move(builder).finish();
}

}  // namespace kolben::receivers::zipkin
