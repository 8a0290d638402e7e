#include "model/value_text.h"

#include <cmath>

#include "wire/base64.h"

namespace kolben {
namespace {

// `depth` is how many arrays and maps the value is in.
void append_nested(wire::JsonWriter& json, const Value& value, int depth) {
  if (depth > kValueDepthMax) {
    json.null();
    return;
  }
  switch (value.type()) {
    case ValueType::kEmpty:
      json.null();
      return;
    case ValueType::kString:
      json.string(value.as_string());
      return;
    case ValueType::kBool:
      json.boolean(value.as_bool());
      return;
    case ValueType::kInt:
      json.integer(value.as_int());
      return;
    case ValueType::kDouble:
      json.real(value.as_double());
      return;
    case ValueType::kBytes:
      json.base64(value.as_bytes());
      return;
    case ValueType::kArray:
      json.begin_array();
      for (const Value& item : value.as_array()) append_nested(json, item, depth + 1);
      json.end_array();
      return;
    case ValueType::kKvlist:
      json.begin_object();
      for (const KeyValue& entry : value.as_kvlist()) {
        json.key(entry.key);
        append_nested(json, entry.value, depth + 1);
      }
      json.end_object();
      return;
  }
}

}  // namespace

void append_json(wire::JsonWriter& json, const Value& value) {
  append_nested(json, value, 0);
}

std::string value_text(const Value& value) {
  std::string text;
  switch (value.type()) {
    case ValueType::kEmpty:
      return text;
    case ValueType::kString:
      return std::string(value.as_string());
    case ValueType::kBytes:
      wire::append_base64(value.as_bytes(), text);
      return text;
    case ValueType::kDouble:
      if (std::isnan(value.as_double())) return "NaN";
      if (std::isinf(value.as_double())) return value.as_double() > 0 ? "Infinity" : "-Infinity";
      break;
    default:
      break;
  }
  wire::JsonWriter json(text);
  append_json(json, value);
  return text;
}

}  // namespace kolben
