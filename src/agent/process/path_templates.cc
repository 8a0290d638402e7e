#include "agent/process/path_templates.h"

#include <algorithm>
#include <cstdint>

namespace kolben::agent {
namespace {

constexpr std::size_t kHexBytesMin = 8;       // shorter ones are words: "add", "feed", "face"
constexpr std::size_t kSegmentBytesMax = 40;  // longer ones are data: tokens, encoded texts
constexpr std::size_t kSegmentsMax = 10;      // deeper paths end in "/*"
constexpr std::size_t kNumberBytesMin = 4;    // "report-2024"; "error-404" is a word
constexpr std::size_t kMixedBytesMin = 5;     // "a1b2c"; "x86" is a word
constexpr std::string_view kSeparators = "-_.~:+";
constexpr std::string_view kWordBytes = "-_.~:+$";
constexpr std::string_view kStar = "*";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool has_digit(std::string_view text) {
  return std::any_of(text.begin(), text.end(), is_digit);
}

// Hexadecimal of eight or more with a digit in it.
bool is_hash(std::string_view text) {
  return text.size() >= kHexBytesMin && has_digit(text) &&
         std::all_of(text.begin(), text.end(), is_hex);
}

bool is_word_byte(char c) {
  return is_digit(c) || is_letter(c) || kWordBytes.find(c) != std::string_view::npos;
}

// "v1", "v2beta1", of an interface.
bool is_version(std::string_view text) {
  if (text.size() < 2 || (text[0] != 'v' && text[0] != 'V') || !is_digit(text[1])) return false;
  text.remove_prefix(std::min(text.find_first_not_of("0123456789", 1), text.size()));
  for (const std::string_view stage : {"alpha", "beta", "rc"}) {
    if (text.starts_with(stage)) text.remove_prefix(stage.size());
  }
  return std::all_of(text.begin(), text.end(), is_digit) && text.size() < 3;
}

// A part of a segment, between separators.
bool is_identifier_part(std::string_view part) {
  if (!has_digit(part) || is_version(part)) return false;
  if (is_hash(part)) return true;
  std::size_t digits = 0;
  std::size_t changes = 0;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (is_digit(part[i])) ++digits;
    if (i != 0 && is_digit(part[i]) != is_digit(part[i - 1])) ++changes;
  }
  if (digits >= kNumberBytesMin) return true;
  return changes >= 2 && part.size() >= kMixedBytesMin;
}

bool is_identifier(std::string_view segment) {
  if (segment.empty()) return false;
  if (segment.size() > kSegmentBytesMax) return true;
  if (!std::all_of(segment.begin(), segment.end(), is_word_byte)) return true;  // encoded, say
  if (!has_digit(segment)) return false;
  const auto is_of_number = [](char c) { return is_digit(c) || c == '-' || c == '.'; };
  if (std::all_of(segment.begin(), segment.end(), is_of_number)) return true;
  while (!segment.empty()) {
    const std::size_t end = std::min(segment.find_first_of(kSeparators), segment.size());
    if (is_identifier_part(segment.substr(0, end))) return true;
    segment.remove_prefix(std::min(end + 1, segment.size()));
  }
  return false;
}

// Calls `name_of(segment)` for each segment of the path, and joins the names.
template <typename NameOf>
std::string join(std::string_view path, NameOf name_of) {
  std::string result;
  std::size_t segments = 0;
  while (path.starts_with('/')) {
    path.remove_prefix(1);
    if (++segments > kSegmentsMax) return result + "/*";
    const std::string_view segment = path.substr(0, path.find('/'));
    result += '/';
    result += is_identifier(segment) ? name_of(kStar) : name_of(segment);
    path.remove_prefix(segment.size());
  }
  return result;
}

}  // namespace

std::string path_template(std::string_view path) {
  return join(path, [](std::string_view segment) { return segment; });
}

std::string PathTemplates::of(std::string_view path, Answer answer) {
  Node* node = &root_;
  return join(path, [&](std::string_view segment) {
    if (node == nullptr) return kStar;
    Node* next = child(*node, segment, answer);
    if (next == nullptr) {
      segment = kStar;
      next = child(*node, kStar, Answer::kFound);
    }
    node = next;
    return segment;
  });
}

// Null: there are too many already.
PathTemplates::Node* PathTemplates::child(Node& node, std::string_view word, Answer answer) {
  const std::string key(word);
  const auto found = node.children.find(key);
  if (found != node.children.end()) return found->second.get();
  const bool is_star = word == kStar;
  if (nodes_ >= kNodesMax || (!is_star && node.children.size() >= kChildrenMax)) return nullptr;
  if (answer == Answer::kNotFound && !is_star && ++not_found_ > kNotFoundMax) return nullptr;
  ++nodes_;
  return node.children.emplace(key, std::make_unique<Node>()).first->second.get();
}

}  // namespace kolben::agent
