#include "config/reader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace kolben::config {
namespace {

struct Unit {
  std::string_view name;
  double nanos;
};
// Longer names first: "ms" is not "m".
constexpr Unit kUnits[] = {{"ns", 1},   {"us", 1e3}, {"\xc2\xb5s", 1e3}, {"\xce\xbcs", 1e3},
                           {"ms", 1e6}, {"s", 1e9},  {"m", 60e9},        {"h", 3600e9}};

// The length of "12.5" or ".5" at the beginning.
std::size_t number_length(std::string_view text) {
  const std::size_t length = text.find_first_not_of("0123456789.");
  return length == std::string_view::npos ? text.size() : length;
}

bool to_double(std::string_view text, double& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// YAML's integers: decimal, 0x, 0o, 0b, and the older form of octal with a leading zero; "_"
// between digits.
bool to_magnitude(std::string text, std::uint64_t& out) {
  std::erase(text, '_');
  int base = 10;
  std::size_t prefix = 0;
  if (text.starts_with("0x")) {
    base = 16, prefix = 2;
  } else if (text.starts_with("0o")) {
    base = 8, prefix = 2;
  } else if (text.starts_with("0b")) {
    base = 2, prefix = 2;
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8, prefix = 1;
  }
  const char* end = text.data() + text.size();
  const auto [parsed_end, error] = std::from_chars(text.data() + prefix, end, out, base);
  return error == std::errc() && parsed_end == end && !text.empty();
}

bool to_integer(std::string_view text, std::int64_t& out) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  std::uint64_t magnitude = 0;
  if (!to_magnitude(std::string(text), magnitude)) return false;
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (magnitude > kMax + (is_negative ? 1 : 0)) return false;
  out = static_cast<std::int64_t>(is_negative ? 0 - magnitude : magnitude);
  return true;
}

// An expansion that came out empty says nothing to fields that are not texts.
bool says_nothing(const Node& node) {
  return node.kind == NodeKind::kNull ||
         (node.kind == NodeKind::kScalar && !node.is_quoted && node.text.empty());
}

// The text of a plain (unquoted) scalar: what may be a number or a bool.
const std::string* plain_text(const Node& node) {
  return node.kind == NodeKind::kScalar && !node.is_quoted ? &node.text : nullptr;
}

}  // namespace

std::optional<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  double nanos = 0;
  while (!text.empty()) {
    const std::size_t length = number_length(text);
    double number = 0;
    if (length == 0 || !to_double(text.substr(0, length), number)) return std::nullopt;
    text.remove_prefix(length);
    const auto* unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                    [&](const Unit& u) { return text.starts_with(u.name); });
    if (unit == std::end(kUnits)) return std::nullopt;
    text.remove_prefix(unit->name.size());
    nanos += number * unit->nanos;
  }
  // Go's bound: 292 years.
  if (nanos > 9.2e18) return std::nullopt;
  const auto whole = static_cast<std::int64_t>(std::llround(nanos));
  return std::chrono::nanoseconds(is_negative ? -whole : whole);
}

Reader::Reader(const Node& node, std::string path, Errors& errors)
    : node_(node), path_(std::move(path)), errors_(errors) {
  if (node_.kind != NodeKind::kMap && !says_nothing(node_)) {
    errors_.add(node_.location, path_ + ": want a map, not " + describe(node_));
  }
}

Reader::~Reader() {
  const std::vector<std::string_view> known(asked_.begin(), asked_.end());
  for (std::size_t i = 0; i < node_.fields.size(); ++i) {
    const std::string& key = node_.fields[i].first;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    errors_.add(node_.field_locations[i], path_ + (path_.empty() ? "" : ": ") + "unknown key \"" +
                                              key + "\"" + did_you_mean(key, known));
  }
}

const Node* Reader::take(std::string_view key) {
  asked_.emplace_back(key);
  return node_.find(key);
}

const Node* Reader::raw(std::string_view key) {
  return take(key);
}

bool Reader::has(std::string_view key) {
  return take(key) != nullptr;
}

void Reader::error(std::string_view key, std::string message) {
  const Node* value = node_.find(key);
  // Maps and lists begin at their first item, which may be lines below.
  const bool is_placed = value != nullptr && value->kind == NodeKind::kScalar;
  std::string text = path_;
  if (!key.empty()) text += (text.empty() ? "" : "::") + std::string(key);
  errors_.add(is_placed ? value->location : node_.location_of(key), text + ": " + message);
}

void Reader::optional(std::string_view key, std::string& out) {
  const Node* value = take(key);
  if (value == nullptr || value->kind == NodeKind::kNull) return;
  // A list or map has a text where an expansion brought it.
  if (value->kind != NodeKind::kScalar && value->text.empty()) {
    error(key, "want a text, not " + describe(*value));
    return;
  }
  out = value->text;
}

void Reader::optional(std::string_view key, bool& out) {
  const Node* value = take(key);
  if (value == nullptr || says_nothing(*value)) return;
  const std::string* text = plain_text(*value);
  if (text != nullptr && (*text == "true" || *text == "True" || *text == "TRUE")) {
    out = true;
  } else if (text != nullptr && (*text == "false" || *text == "False" || *text == "FALSE")) {
    out = false;
  } else {
    error(key, "want true or false, not " + describe(*value));
  }
}

void Reader::optional(std::string_view key, std::int64_t& out) {
  const Node* value = take(key);
  if (value == nullptr || says_nothing(*value)) return;
  const std::string* text = plain_text(*value);
  if (text == nullptr || !to_integer(*text, out)) {
    error(key, "want a whole number, not " + describe(*value));
  }
}

void Reader::optional(std::string_view key, std::uint64_t& out) {
  const Node* value = take(key);
  if (value == nullptr || says_nothing(*value)) return;
  const std::string* text = plain_text(*value);
  if (text == nullptr || !to_magnitude(*text, out)) {
    error(key, "want a whole number of at least 0, not " + describe(*value));
  }
}

void Reader::optional(std::string_view key, std::uint16_t& out) {
  std::uint64_t wide = out;
  optional(key, wide);
  if (wide > std::numeric_limits<std::uint16_t>::max()) {
    error(key, "want a number of at most 65535");
    return;
  }
  out = static_cast<std::uint16_t>(wide);
}

void Reader::optional(std::string_view key, double& out) {
  const Node* value = take(key);
  if (value == nullptr || says_nothing(*value)) return;
  const std::string* text = plain_text(*value);
  double number = 0;
  if (text == nullptr || !to_double(*text, number) || !std::isfinite(number)) {
    error(key, "want a number, not " + describe(*value));
    return;
  }
  out = number;
}

void Reader::optional(std::string_view key, std::chrono::nanoseconds& out) {
  const Node* value = take(key);
  if (value == nullptr || says_nothing(*value)) return;
  const auto duration =
      value->kind == NodeKind::kScalar ? parse_duration(value->text) : std::nullopt;
  if (!duration) {
    error(key, "want a duration such as \"5s\" or \"200ms\", not " + describe(*value));
    return;
  }
  out = *duration;
}

void Reader::optional(std::string_view key, std::vector<std::string>& out) {
  const Node* value = take(key);
  if (value == nullptr || says_nothing(*value)) return;
  if (value->kind != NodeKind::kList) {
    error(key, "want a list, not " + describe(*value));
    return;
  }
  out.clear();
  for (const Node& item : value->items) {
    if (item.kind == NodeKind::kScalar) {
      out.push_back(item.text);
    } else {
      errors_.add(item.location,
                  path_ + "::" + std::string(key) + ": want a text, not " + describe(item));
    }
  }
}

void Reader::optional(std::string_view key, std::vector<std::pair<std::string, std::string>>& out) {
  const Node* value = take(key);
  if (value == nullptr || says_nothing(*value)) return;
  if (value->kind != NodeKind::kMap) {
    error(key, "want a map, not " + describe(*value));
    return;
  }
  out.clear();
  for (const auto& [name, text] : value->fields) {
    if (text.kind == NodeKind::kScalar || text.kind == NodeKind::kNull) {
      out.emplace_back(name, text.text);
    } else {
      errors_.add(text.location, path_ + "::" + std::string(key) + "::" + name +
                                     ": want a text, not " + describe(text));
    }
  }
}

void Reader::choice(std::string_view key, const std::vector<std::string_view>& choices,
                    std::size_t& out) {
  std::string text;
  const std::size_t mistakes = errors_.messages().size();
  optional(key, text);
  if (errors_.messages().size() != mistakes || !node_.find(key) ||
      node_.find(key)->kind == NodeKind::kNull) {
    return;
  }
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found != choices.end()) {
    out = static_cast<std::size_t>(found - choices.begin());
    return;
  }
  std::string list;
  for (const std::string_view choice : choices) {
    if (choice.empty()) continue;
    list += (list.empty() ? "" : ", ") + std::string(choice);
  }
  error(key, "want one of " + list + ", not \"" + text + "\"" + did_you_mean(text, choices));
}

std::unique_ptr<Reader> Reader::child(std::string_view key) {
  const Node* value = take(key);
  if (value == nullptr) return nullptr;
  return std::make_unique<Reader>(*value, (path_.empty() ? "" : path_ + "::") + std::string(key),
                                  errors_);
}

std::vector<std::unique_ptr<Reader>> Reader::children(std::string_view key) {
  std::vector<std::unique_ptr<Reader>> readers;
  const Node* value = take(key);
  if (value == nullptr || says_nothing(*value)) return readers;
  if (value->kind != NodeKind::kList) {
    error(key, "want a list, not " + describe(*value));
    return readers;
  }
  for (std::size_t i = 0; i < value->items.size(); ++i) {
    readers.push_back(std::make_unique<Reader>(
        value->items[i], path_ + "::" + std::string(key) + "::" + std::to_string(i), errors_));
  }
  return readers;
}

void Reader::ignored(std::string_view key, std::string_view why) {
  if (take(key) == nullptr) return;
  errors_.warn(node_.location_of(key), (path_.empty() ? "" : path_ + "::") + std::string(key) +
                                           " is ignored: " + std::string(why));
}

}  // namespace kolben::config
