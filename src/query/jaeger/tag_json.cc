#include "query/jaeger/tag_json.h"

#include <algorithm>
#include <string>
#include <vector>

#include "model/value_text.h"

namespace kolben::query::jaeger {
namespace {

// Integers beyond it are no longer exact in JavaScript.
constexpr std::int64_t kSafeIntegerMax = (std::int64_t{1} << 53) - 1;

void begin_tag(JsonWriter& json, std::string_view key, std::string_view type) {
  json.begin_object();
  text_field(json, "key", key);
  text_field(json, "type", type);
  json.key("value");
}

std::string dotted_ipv4(std::int64_t address) {
  const auto bits = static_cast<std::uint32_t>(address);
  std::string text;
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    if (!text.empty()) text += '.';
    text += std::to_string(bits >> (shift - 8) & 0xff);
  }
  return text;
}

void write_int_tag(JsonWriter& json, std::string_view key, std::int64_t value) {
  begin_tag(json, key, "int64");
  if (value > kSafeIntegerMax || value < -kSafeIntegerMax) {
    json.quoted_integer(value);
  } else {
    json.integer(value);
  }
  json.end_object();
}

void write_tag(JsonWriter& json, std::string_view key, const Value& value, Adjust adjust) {
  const bool is_address = key == "ip" || key == "peer.ipv4";
  switch (value.type()) {
    case ValueType::kBool:
      write_bool_tag(json, key, value.as_bool());
      return;
    case ValueType::kInt:
      if (is_address && adjust == Adjust::kYes) {
        write_text_tag(json, key, dotted_ipv4(value.as_int()));
      } else {
        write_int_tag(json, key, value.as_int());
      }
      return;
    case ValueType::kDouble:
      begin_tag(json, key, "float64");
      json.real(value.as_double());
      json.end_object();
      return;
    case ValueType::kBytes:
      begin_tag(json, key, "binary");
      json.base64(value.as_bytes());
      json.end_object();
      return;
    case ValueType::kString:
      write_text_tag(json, key, value.as_string());
      return;
    case ValueType::kEmpty:
    case ValueType::kArray:
    case ValueType::kKvlist:
      write_text_tag(json, key, value_text(value));
      return;
  }
}

std::vector<const KeyValue*> shown_attributes(const Attributes& attributes,
                                              std::string_view hidden_key, Adjust adjust) {
  std::vector<const KeyValue*> shown;
  shown.reserve(attributes.size());
  for (const KeyValue& entry : attributes) {
    if (entry.key != hidden_key) shown.push_back(&entry);
  }
  if (adjust == Adjust::kYes) {
    std::stable_sort(shown.begin(), shown.end(),
                     [](const KeyValue* a, const KeyValue* b) { return a->key < b->key; });
  }
  return shown;
}

}  // namespace

void write_text_tag(JsonWriter& json, std::string_view key, std::string_view value) {
  begin_tag(json, key, "string");
  json.string(value);
  json.end_object();
}

void write_bool_tag(JsonWriter& json, std::string_view key, bool value) {
  begin_tag(json, key, "bool");
  json.boolean(value);
  json.end_object();
}

void write_attributes(JsonWriter& json, const Attributes& attributes, std::string_view hidden_key,
                      Adjust adjust) {
  for (const KeyValue* entry : shown_attributes(attributes, hidden_key, adjust)) {
    write_tag(json, entry->key, entry->value, adjust);
  }
}

}  // namespace kolben::query::jaeger
