#include "query/string_map.h"

#include <cstdint>
#include <optional>

namespace kolben::query {
namespace {

// A cursor over the text that stops at its end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void skip_space() {
    while (position_ < text_.size() &&
           std::string_view(" \t\r\n").find(text_[position_]) != std::string_view::npos) {
      ++position_;
    }
  }
  // Skips space, then takes `c` if it comes next.
  bool take(char c) {
    skip_space();
    if (position_ >= text_.size() || text_[position_] != c) return false;
    ++position_;
    return true;
  }
  bool take_word(std::string_view word) {
    skip_space();
    if (text_.substr(position_, word.size()) != word) return false;
    position_ += word.size();
    return true;
  }
  bool is_at_end() {
    skip_space();
    return position_ == text_.size();
  }
  std::optional<std::string> take_string();
  std::size_t position() const { return position_; }

 private:
  std::optional<std::uint32_t> take_hex4();
  bool take_escape(std::string& out);
  bool take_code_point(std::string& out);

  std::string_view text_;
  std::size_t position_ = 0;
};

void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (code >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (code & 0x3f));
  }
}

std::optional<std::uint32_t> Scanner::take_hex4() {
  if (text_.size() - position_ < 4) return std::nullopt;
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text_[position_++];
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint32_t>(c - '0');
    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
      digit = static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
    } else {
      return std::nullopt;
    }
    value = value << 4 | digit;
  }
  return value;
}

// After "\u". A lone surrogate becomes U+FFFD, as in Go.
bool Scanner::take_code_point(std::string& out) {
  const auto first = take_hex4();
  if (!first) return false;
  std::uint32_t code = *first;
  if (code >= 0xd800 && code < 0xdc00 && text_.substr(position_, 2) == "\\u") {
    const std::size_t before = position_;
    position_ += 2;
    const auto second = take_hex4();
    if (second && *second >= 0xdc00 && *second < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (*second - 0xdc00);
    } else {
      position_ = before;
    }
  }
  append_utf8(out, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
  return true;
}

// After the backslash.
bool Scanner::take_escape(std::string& out) {
  if (position_ >= text_.size()) return false;
  const char c = text_[position_++];
  switch (c) {
    case '"':
    case '\\':
    case '/':
      out += c;
      return true;
    case 'b':
      out += '\b';
      return true;
    case 'f':
      out += '\f';
      return true;
    case 'n':
      out += '\n';
      return true;
    case 'r':
      out += '\r';
      return true;
    case 't':
      out += '\t';
      return true;
    case 'u':
      return take_code_point(out);
    default:
      return false;
  }
}

std::optional<std::string> Scanner::take_string() {
  if (!take('"')) return std::nullopt;
  std::string out;
  while (position_ < text_.size()) {
    const char c = text_[position_++];
    if (c == '"') return out;
    if (c == '\\') {
      if (!take_escape(out)) return std::nullopt;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      return std::nullopt;
    } else {
      out += c;
    }
  }
  return std::nullopt;
}

Status malformed(const Scanner& scanner, std::string_view wanted) {
  return invalid_argument("malformed JSON at byte " + std::to_string(scanner.position()) +
                          ": expected " + std::string(wanted));
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> parse_string_map(std::string_view json) {
  std::vector<std::pair<std::string, std::string>> entries;
  Scanner scanner(json);
  if (!scanner.take('{')) return malformed(scanner, "an object of strings, {\"key\":\"value\"}");
  if (!scanner.take('}')) {
    do {
      if (entries.size() == kMapEntriesMax) {
        return invalid_argument("more than " + std::to_string(kMapEntriesMax) + " entries");
      }
      auto key = scanner.take_string();
      if (!key) return malformed(scanner, "a key in double quotes");
      if (!scanner.take(':')) return malformed(scanner, "':'");
      std::string value;
      if (!scanner.take_word("null")) {
        auto text = scanner.take_string();
        if (!text) return malformed(scanner, "a value in double quotes");
        value = *std::move(text);
      }
      entries.emplace_back(*std::move(key), std::move(value));
    } while (scanner.take(','));
    if (!scanner.take('}')) return malformed(scanner, "',' or '}'");
  }
  if (!scanner.is_at_end()) return malformed(scanner, "the end");
  return entries;
}

}  // namespace kolben::query
