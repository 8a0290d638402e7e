#include "storage/engine/part/log_template.h"

#include <algorithm>
#include <array>

namespace kolben::storage::part {
namespace {

enum CharacterClass : std::uint8_t { kDelimiter, kWord, kDigit };

// Words are letters, digits and what joins them inside of numbers and names; bytes above 127 count
// as letters, so that UTF-8 is never cut.
constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c > 127;
    if (is_letter || c == '_' || c == '-' || c == '.' || c == '+') classes[c] = kWord;
    if (c >= '0' && c <= '9') classes[c] = kDigit;
  }
  return classes;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

std::uint8_t class_of(char character) {
  return kClasses[static_cast<unsigned char>(character)];
}

}  // namespace

bool split_template(std::string_view text, std::string& template_text,
                    std::vector<std::string_view>& variables) {
  template_text.clear();
  variables.clear();
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t end = at;
    if (class_of(text[at]) == kDelimiter) {
      if (text[at] == kPlaceholder) return false;
      template_text.push_back(text[at++]);
      continue;
    }
    bool has_digit = false;
    for (; end < text.size() && class_of(text[end]) != kDelimiter; ++end) {
      has_digit |= class_of(text[end]) == kDigit;
    }
    if (has_digit) {
      if (variables.size() == kVariablesMax) return false;
      variables.push_back(text.substr(at, end - at));
      template_text.push_back(kPlaceholder);
    } else {
      template_text.append(text.substr(at, end - at));
    }
    at = end;
  }
  return !variables.empty();
}

std::size_t count_placeholders(std::string_view template_text) {
  return static_cast<std::size_t>(
      std::count(template_text.begin(), template_text.end(), kPlaceholder));
}

void append_joined(std::string_view template_text, const std::string_view* variables,
                   std::string& out) {
  while (true) {
    const std::size_t at = template_text.find(kPlaceholder);
    out.append(template_text.substr(0, at));
    if (at == std::string_view::npos) return;
    out.append(*variables++);
    template_text.remove_prefix(at + 1);
  }
}

}  // namespace kolben::storage::part
