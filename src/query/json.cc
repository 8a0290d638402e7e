#include "query/json.h"

#include "otlp/check.h"
#include "wire/base64.h"

namespace kolben::query {
namespace {

void write_nested(JsonWriter& json, const Value& value, int depth) {
  if (depth > otlp::kMaxValueDepth) {
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
      for (const Value& item : value.as_array()) write_nested(json, item, depth + 1);
      json.end_array();
      return;
    case ValueType::kKvlist:
      json.begin_object();
      for (const KeyValue& entry : value.as_kvlist()) {
        json.key(entry.key);
        write_nested(json, entry.value, depth + 1);
      }
      json.end_object();
      return;
  }
}

}  // namespace

void write_micros(JsonWriter& json, std::uint64_t nanos) {
  const std::uint64_t rest = nanos % 1000;
  if (rest == 0) {
    json.unsigned_integer(nanos / 1000);
    return;
  }
  std::string text = std::to_string(nanos / 1000) + '.';
  const char digits[3] = {static_cast<char>('0' + rest / 100),
                          static_cast<char>('0' + rest / 10 % 10),
                          static_cast<char>('0' + rest % 10)};
  text.append(digits, digits[2] != '0' ? 3 : digits[1] != '0' ? 2 : 1);
  json.raw(text);
}

void write_value(JsonWriter& json, const Value& value) {
  write_nested(json, value, 0);
}

std::string to_text(const Value& value) {
  if (value.type() == ValueType::kString) return std::string(value.as_string());
  std::string text;
  if (value.type() == ValueType::kBytes) {
    wire::append_base64(value.as_bytes(), text);
  } else if (value.type() != ValueType::kEmpty) {
    JsonWriter json(text);
    write_value(json, value);
  }
  return text;
}

std::string pretty_print(std::string_view json, std::size_t indent) {
  std::string out;
  std::size_t depth = 0;
  const auto new_line = [&out, &depth, indent] {
    out += '\n';
    out.append(depth * indent, ' ');
  };
  bool is_in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    const char next = i + 1 < json.size() ? json[i + 1] : '\0';
    if (is_in_string) {
      out += c;
      if (c == '\\' && next != '\0') out += json[++i];
      if (c == '"') is_in_string = false;
    } else if ((c == '{' && next == '}') || (c == '[' && next == ']')) {
      out += c;
      out += json[++i];
    } else if (c == '{' || c == '[') {
      out += c;
      ++depth;
      new_line();
    } else if (c == '}' || c == ']') {
      if (depth > 0) --depth;
      new_line();
      out += c;
    } else {
      out += c;
      if (c == '"') is_in_string = true;
      if (c == ':') out += ' ';
      if (c == ',') new_line();
    }
  }
  return out;
}

}  // namespace kolben::query
