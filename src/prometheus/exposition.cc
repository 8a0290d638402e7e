#include "prometheus/exposition.h"

#include <charconv>
#include <cmath>

#include "wire/utf8.h"

namespace kolben::prometheus {
namespace {

enum class Quotes { kEscaped, kPlain };

void append_escaped(std::string& out, std::string_view text, Quotes quotes) {
  std::string readable;
  wire::append_utf8(text, readable);
  for (const char c : readable) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || (c == '"' && quotes == Quotes::kEscaped)) out += '\\';
    out += c;
  }
}

}  // namespace

void append_label_value(std::string& out, std::string_view value) {
  append_escaped(out, value, Quotes::kEscaped);
}

void append_help(std::string& out, std::string_view text) {
  append_escaped(out, text, Quotes::kPlain);
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    // The longest shortest double, "-2.2250738585072014e-308", has 24 characters.
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
}

}  // namespace kolben::prometheus
