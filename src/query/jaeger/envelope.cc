#include "query/jaeger/envelope.h"

#include "query/json.h"

namespace kolben::query::jaeger {
namespace {

void write_errors(JsonWriter& json, const std::vector<EnvelopeError>& errors) {
  json.key("errors");
  if (errors.empty()) {
    json.null();
    return;
  }
  json.begin_array();
  for (const EnvelopeError& error : errors) {
    json.begin_object();
    if (error.code != 0) {
      json.key("code");
      json.integer(error.code);
    }
    text_field(json, "msg", error.message);
    if (!error.trace_id.empty()) text_field(json, "traceID", error.trace_id);
    json.end_object();
  }
  json.end_array();
}

}  // namespace

std::string envelope(std::string_view data, std::size_t total,
                     const std::vector<EnvelopeError>& errors) {
  std::string text;
  text.reserve(data.size() + 100);
  JsonWriter json(text);
  json.begin_object();
  json.key("data");
  json.raw(data);
  number_field(json, "total", total);
  number_field(json, "limit", 0);
  number_field(json, "offset", 0);
  write_errors(json, errors);
  json.end_object();
  return text;
}

}  // namespace kolben::query::jaeger
