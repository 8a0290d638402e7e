#include "config/node.h"

#include <algorithm>
#include <numeric>

namespace kolben::config {
namespace {

// Longer words are not worth a quadratic comparison: no key of ours comes near.
constexpr std::size_t kWordBytesMax = 128;
// A configuration that is wrong everywhere is told often enough with this many lines.
constexpr std::size_t kMessagesMax = 100;

// Optimal string alignment: insertions, deletions, changes and swaps of neighbours count one each.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

void add_to(std::vector<std::string>& messages, const Location& location,
            std::string_view message) {
  if (messages.size() > kMessagesMax) return;
  if (messages.size() == kMessagesMax) {
    messages.emplace_back("... and more of the like");
    return;
  }
  const std::string place = location.to_string();
  std::string line = place.empty() ? std::string(message) : place + ": " + std::string(message);
  // A processor of several pipelines is checked once for each.
  if (std::find(messages.begin(), messages.end(), line) != messages.end()) return;
  messages.push_back(std::move(line));
}

// Its begin, as far as whole characters go, for a terminal.
std::string begin_of(const std::string& text) {
  std::size_t size = std::min(text.size(), kWordBytesMax);
  const auto is_within = [&] { return (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80; };
  while (size > 0 && size < text.size() && is_within()) --size;
  std::string begin = text.substr(0, size);
  for (char& c : begin) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return begin;
}

}  // namespace

Node::Node() = default;
Node::Node(const Node&) = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(const Node&) = default;
Node& Node::operator=(Node&&) noexcept = default;
Node::~Node() = default;

std::string Location::to_string() const {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

const Node* Node::find(std::string_view key) const {
  for (const auto& [name, value] : fields) {
    if (name == key) return &value;
  }
  return nullptr;
}

Node* Node::find(std::string_view key) {
  return const_cast<Node*>(std::as_const(*this).find(key));
}

const Location& Node::location_of(std::string_view key) const {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].first == key) return field_locations[i];
  }
  return location;
}

Node& Node::add(std::string key, Location key_location, Node value) {
  field_locations.push_back(std::move(key_location));
  return fields.emplace_back(std::move(key), std::move(value)).second;
}

std::string describe(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "nothing";
    case NodeKind::kScalar:
      return '"' + begin_of(node.text) + '"';
    case NodeKind::kList:
      return "a list";
    case NodeKind::kMap:
      return "a map";
  }
  return "nothing";
}

void Errors::add(const Location& location, std::string_view message) {
  add_to(messages_, location, message);
}

void Errors::warn(const Location& location, std::string_view message) {
  add_to(warnings_, location, message);
}

std::string Errors::to_string() const {
  std::string text;
  for (const std::string& message : messages_) text += message + "\n";
  return text;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  // A third of the letters may be wrong; short words get one.
  return nearest(word, candidates, std::max<std::size_t>(1, word.size() / 3));
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates,
                         std::size_t distance_max) {
  if (word.empty() || word.size() > kWordBytesMax) return {};
  std::size_t best_distance = distance_max + 1;
  std::string_view best;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kWordBytesMax) continue;
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view best = nearest(word, candidates);
  return best.empty() ? "" : " (did you mean \"" + std::string(best) + "\"?)";
}

}  // namespace kolben::config
