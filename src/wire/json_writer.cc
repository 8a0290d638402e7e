#include "wire/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "wire/base64.h"
#include "wire/hex.h"
#include "wire/utf8.h"

namespace kolben::wire {
namespace {

void append_escaped(char character, std::string& out) {
  switch (character) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      append_hex({&character, 1}, out);
  }
}

bool is_plain(char character) {
  const auto byte = static_cast<unsigned char>(character);
  return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\' && byte != 0x7F;
}

}  // namespace

void append_json_string(std::string_view text, std::string& out) {
  out.push_back('"');
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const Utf8Step step = utf8_step(text);
    if (!step.is_valid) {
      out.append(kReplacementCharacter);
    } else if (step.size == 1) {
      append_escaped(text[0], out);
    } else {
      out.append(text.substr(0, step.size));
    }
    text.remove_prefix(step.size);
  }
  out.push_back('"');
}

void JsonWriter::begin(char bracket) {
  comma();
  out_.push_back(bracket);
  needs_comma_ = false;
}

void JsonWriter::end(char bracket) {
  out_.push_back(bracket);
  needs_comma_ = true;
}

// Before every value and key; afterwards the next sibling needs one.
void JsonWriter::comma() {
  if (needs_comma_) out_.push_back(',');
  needs_comma_ = true;
}

void JsonWriter::key(std::string_view name) {
  comma();
  append_json_string(name, out_);
  out_.push_back(':');
  needs_comma_ = false;
}

void JsonWriter::string(std::string_view text) {
  comma();
  append_json_string(text, out_);
}

template <typename T>
void JsonWriter::append_number(T value) {
  // The longest shortest double, "-2.2250738585072014e-308", has 24 characters.
  std::array<char, 32> buffer;
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out_.append(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
}

void JsonWriter::integer(std::int64_t value) {
  comma();
  append_number(value);
}

void JsonWriter::unsigned_integer(std::uint64_t value) {
  comma();
  append_number(value);
}

void JsonWriter::real(double value) {
  comma();
  if (std::isnan(value)) {
    out_ += "\"NaN\"";
  } else if (std::isinf(value)) {
    out_ += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else if (value == 0 && std::signbit(value)) {
    out_ += "-0.0";  // as "-0" it would be an integer to many a reader, and lose its sign
  } else {
    append_number(value);
  }
}

void JsonWriter::boolean(bool value) {
  comma();
  out_ += value ? "true" : "false";
}

void JsonWriter::null() {
  comma();
  out_ += "null";
}

void JsonWriter::quoted_integer(std::int64_t value) {
  comma();
  out_.push_back('"');
  append_number(value);
  out_.push_back('"');
}

void JsonWriter::quoted_unsigned_integer(std::uint64_t value) {
  comma();
  out_.push_back('"');
  append_number(value);
  out_.push_back('"');
}

void JsonWriter::base64(std::string_view bytes) {
  comma();
  out_.push_back('"');
  append_base64(bytes, out_);
  out_.push_back('"');
}

void JsonWriter::hex(std::string_view bytes) {
  comma();
  out_.push_back('"');
  append_hex(bytes, out_);
  out_.push_back('"');
}

void JsonWriter::raw(std::string_view json) {
  comma();
  out_.append(json);
}

}  // namespace kolben::wire
