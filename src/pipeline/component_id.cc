#include "pipeline/component_id.h"

#include <algorithm>

namespace kolben::pipeline {
namespace {

constexpr std::size_t kTypeBytesMax = 63;
// The Collector counts 1024 characters; four bytes each at most.
constexpr std::size_t kNameBytesMax = 4096;

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_type(std::string_view text) {
  return !text.empty() && text.size() <= kTypeBytesMax && is_letter(text[0]) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

// No spaces, controls or symbols; beyond ASCII everything is taken for a letter.
bool is_name(std::string_view text) {
  return text.size() <= kNameBytesMax && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) <= ' ' || c == 0x7f ||
                  std::string_view("$+<=>^`|~").find(c) != std::string_view::npos;
         });
}

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Status invalid(std::string_view id, std::string_view what) {
  return invalid_argument("in \"" + std::string(id) + "\" id: " + std::string(what));
}

}  // namespace

Result<ComponentId> parse_component_id(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view type = trim(text.substr(0, slash));
  if (slash == std::string_view::npos && type.empty()) {
    return invalid_argument("id must not be empty");
  }
  if (type.empty()) return invalid(text, "the part before / should not be empty");
  if (!is_type(type))
    return invalid(text, "invalid character(s) in type \"" + std::string(type) + "\"");
  if (slash == std::string_view::npos) return ComponentId{std::string(type), ""};
  const std::string_view name = trim(text.substr(slash + 1));
  if (name.empty()) return invalid(text, "the part after / should not be empty");
  if (!is_name(name))
    return invalid(text, "invalid character(s) in name \"" + std::string(name) + "\"");
  return ComponentId{std::string(type), std::string(name)};
}

}  // namespace kolben::pipeline
