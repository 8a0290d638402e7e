#include "agent/process/json_writer.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "agent/process/utf8.h"

namespace kolben::agent {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void append_unicode_escape(std::string& out, std::uint32_t unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHexDigits[(unit >> shift) & 0xf];
}

void append_escaped(std::string& out, std::uint32_t code_point) {
  switch (code_point) {
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
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  if (code_point >= 0x10000) {
    const std::uint32_t rest = code_point - 0x10000;
    append_unicode_escape(out, 0xd800 + (rest >> 10));
    append_unicode_escape(out, 0xdc00 + (rest & 0x3ff));
  } else {
    append_unicode_escape(out, code_point);
  }
}

bool is_plain(char c) {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

template <typename Integer>
void append_integer(std::string& out, Integer value) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value);
  out.append(buffer, end.ptr);
}

// Divides what is left by ten, digit by digit.
void append_big_integer(std::string& out, std::span<const std::uint8_t> big_endian) {
  std::vector<std::uint8_t> left(big_endian.begin(), big_endian.end());
  std::string digits;
  while (std::any_of(left.begin(), left.end(), [](std::uint8_t byte) { return byte != 0; })) {
    unsigned remainder = 0;
    for (std::uint8_t& byte : left) {
      const unsigned part = remainder << 8 | byte;
      byte = static_cast<std::uint8_t>(part / 10);
      remainder = part % 10;
    }
    digits += static_cast<char>('0' + remainder);
  }
  if (digits.empty()) digits = "0";
  out.append(digits.rbegin(), digits.rend());
}

}  // namespace

void append_python_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t run = at;
    while (run < text.size() && is_plain(text[run])) ++run;
    out.append(text, at, run - at);
    at = run;
    if (at < text.size()) append_escaped(out, next_code_point(text, at));
  }
  out += '"';
}

// Python prints an exponent where it is below -4 or at least 16, with two digits at least.
void append_python_float(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
    return;
  }
  if (std::isinf(value)) {
    out += value < 0 ? "-Infinity" : "Infinity";
    return;
  }
  char buffer[32];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, static_cast<std::size_t>(end.ptr - buffer));
  if (text.front() == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  const int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  if (exponent < -4 || exponent >= 16) {  // "1e-05", "1.5e+16": to_chars spells it the same way
    out += text;
    return;
  }
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  if (exponent < 0) {
    out += "0.";
    out.append(static_cast<std::size_t>(-exponent - 1), '0');
    out += digits;
    return;
  }
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) {
    out += digits;
    out.append(whole - digits.size(), '0');
    out += ".0";
  } else {
    out.append(digits, 0, whole);
    out += '.';
    out.append(digits, whole, std::string::npos);
  }
}

void JsonWriter::new_line() {
  out_ += '\n';
  out_.append(static_cast<std::size_t>(depth_) * 4, ' ');
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (depth_ == 0) return;
  if (!is_empty_) out_ += ',';
  is_empty_ = false;
  new_line();
}

void JsonWriter::open(char bracket) {
  before_value();
  out_ += bracket;
  ++depth_;
  is_empty_ = true;
}

void JsonWriter::close(char bracket) {
  --depth_;
  if (!is_empty_) new_line();
  is_empty_ = false;
  out_ += bracket;
}

void JsonWriter::key(std::string_view name) {
  before_value();
  append_python_string(out_, name);
  out_ += ": ";
  after_key_ = true;
}

void JsonWriter::string(std::string_view text) {
  before_value();
  append_python_string(out_, text);
}

void JsonWriter::integer(std::int64_t value) {
  before_value();
  append_integer(out_, value);
}

void JsonWriter::unsigned_integer(std::uint64_t value) {
  before_value();
  append_integer(out_, value);
}

void JsonWriter::big_integer(std::span<const std::uint8_t> big_endian) {
  before_value();
  append_big_integer(out_, big_endian);
}

void JsonWriter::real(double value) {
  before_value();
  append_python_float(out_, value);
}

void JsonWriter::boolean(bool value) {
  before_value();
  out_ += value ? "true" : "false";
}

void JsonWriter::null() {
  before_value();
  out_ += "null";
}

}  // namespace kolben::agent
