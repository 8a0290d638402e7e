#include "query/json.h"

namespace kolben::query {

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
