#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <unordered_set>
#include <utility>

namespace kolben::config {
namespace {

Location location_at(const std::string& file, const YAML::Mark& mark) {
  return {file, mark.line + 1, mark.column + 1};
}

std::string too_deep() {
  return "nested deeper than " + std::to_string(kDepthMax) + " levels";
}

std::string too_wide() {
  return "more than " + std::to_string(kFieldsMax) + " keys in one map; use lists, or fewer";
}

// Where the text has one mark more than there may be; 0: nowhere. Counts them wherever they stand,
// also in quotes, comments and blocks of text: whoever tells those apart as the parser does is one.
std::size_t first_mark_too_many(std::string_view text) {
  std::array<bool, 256> is_mark{};
  for (const char mark : kMarks) is_mark[static_cast<unsigned char>(mark)] = true;
  std::size_t marks = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_mark[static_cast<unsigned char>(text[i])] && ++marks > kMarksMax) return i;
  }
  return 0;
}

Location location_in(const std::string& file, std::string_view text, std::size_t at) {
  const std::string_view before = text.substr(0, at);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_begin = before.rfind('\n') + 1;  // 0 where there is none
  return {file, static_cast<int>(lines) + 1, static_cast<int>(at - line_begin) + 1};
}

// What yaml-cpp says where a line is indented with a tab names anything but that; within {} and []
// tabs are allowed. `line` from 0 on.
std::string hint_of_tab(std::string_view text, int line, std::string_view message) {
  if (message.find("flow") != std::string_view::npos) return {};
  for (int skipped = 0; skipped < line; ++skipped) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  const std::size_t text_begin = std::min(text.find_first_not_of(" \t"), text.size());
  if (text.substr(0, text_begin).find('\t') == std::string_view::npos) return {};
  return ": line " + std::to_string(line + 1) + " begins with a tab; YAML indents with spaces";
}

// Whether one of the maps on a path of keys has no room for what is added at its end.
bool is_full(const Node& map, std::string_view path, const Node& value) {
  const Node* there = &map;
  while (there != nullptr) {
    if (there->fields.size() >= kFieldsMax) return true;
    if (path.empty()) return there->fields.size() + value.fields.size() > kFieldsMax;
    const std::size_t colons = path.find("::");
    there = there->find(path.substr(0, colons));
    path.remove_prefix(colons == path.npos ? path.size() : colons + 2);
  }
  return false;
}

std::size_t path_length(std::string_view path) {
  std::size_t parts = 1;
  for (std::size_t at = path.find("::"); at != std::string_view::npos;
       at = path.find("::", at + 2)) {
    ++parts;
  }
  return parts;
}

// The first node that lies too deep. Paths in keys and aliases add levels that the parser's own
// depth does not show, at most kDepthMax at each.
const Node* find_too_deep(const Node& node, std::size_t depth) {
  if (depth > kDepthMax) return &node;
  for (const Node& item : node.items) {
    if (const Node* found = find_too_deep(item, depth + 1)) return found;
  }
  for (const auto& [key, value] : node.fields) {
    if (const Node* found = find_too_deep(value, depth + 1)) return found;
  }
  return nullptr;
}

// Builds nodes from the parser's events. After the first breach of a bound it only listens.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::string& file, Errors& errors) : file_(file), errors_(errors) {}

  Node take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node;
    node.location = location_at(file_, mark);
    place(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node;
    node.kind = NodeKind::kScalar;
    node.location = location_at(file_, mark);
    node.text = value;
    // yaml-cpp gives plain scalars the tag "?", quoted and block ones "!".
    node.is_quoted = tag == "!" || tag == "tag:yaml.org,2002:str";
    place(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (failed_) return;
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      // Only an alias inside its own anchor gets here.
      fail(location_at(file_, mark),
           "an alias may not contain itself; write out what is meant here");
      return;
    }
    const Location here = location_at(file_, mark);
    if (charge_copy(found->second, here)) place(Node(found->second), 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(NodeKind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(NodeKind::kMap, mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  // A list or map that is not complete yet.
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    std::optional<Node> key;   // the key whose value comes next
    std::vector<Node> merges;  // values of "<<"
    // Of the map, to be looked up: Node::find() compares with one after the other.
    std::unordered_set<std::string> keys;
  };

  void fail(const Location& location, std::string_view message) {
    if (!failed_) errors_.add(location, message);
    failed_ = true;
  }

  void open(NodeKind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (failed_) return;
    if (open_.size() >= kDepthMax) {
      fail(location_at(file_, mark), too_deep());
      return;
    }
    Open entry;
    entry.node.kind = kind;
    entry.node.location = location_at(file_, mark);
    entry.anchor = anchor;
    open_.push_back(std::move(entry));
  }

  void close() {
    if (failed_) return;
    Open entry = std::move(open_.back());
    open_.pop_back();
    if (!entry.merges.empty()) merge_below(entry);
    if (failed_) return;
    place(std::move(entry.node), entry.anchor);
  }

  void place(Node node, YAML::anchor_t anchor) {
    if (failed_ || !charge(node, node.location)) return;
    if (anchor != 0) {
      if (!charge_copy(node, node.location)) return;
      anchors_[anchor] = node;
    }
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == NodeKind::kList) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      parent.key = std::move(node);
    } else {
      add_field(parent, std::move(*std::exchange(parent.key, std::nullopt)), std::move(node));
    }
  }

  void add_field(Open& parent, Node key, Node value) {
    if (key.kind != NodeKind::kScalar) {
      errors_.add(key.location, "a key is a word, not " + describe(key));
      return;
    }
    if (key.text == "<<" && !key.is_quoted) {
      add_merges(parent, std::move(value));
      return;
    }
    if (path_length(key.text) > kDepthMax) return fail(key.location, too_deep());
    if (parent.node.fields.size() >= kFieldsMax) return fail(key.location, too_wide());
    const std::string first = key.text.substr(0, key.text.find("::"));
    if (parent.keys.insert(first).second && first == key.text) {
      parent.node.add(std::move(key.text), key.location, std::move(value));
      return;
    }
    if (is_full(parent.node, key.text, value)) return fail(key.location, too_wide());
    if (!add_at_path(parent.node, key.text, key.location, std::move(value))) {
      errors_.add(key.location, "duplicate key \"" + key.text + "\" (first at " +
                                    first_location(parent.node, key.text).to_string() + ")");
    }
  }

  static const Location& first_location(const Node& map, std::string_view path) {
    return map.location_of(path.substr(0, path.find("::")));
  }

  void add_merges(Open& parent, Node value) {
    if (value.kind == NodeKind::kMap) {
      parent.merges.push_back(std::move(value));
      return;
    }
    for (Node& item : value.items) {
      if (item.kind != NodeKind::kMap) break;
      parent.merges.push_back(std::move(item));
    }
    if (value.kind != NodeKind::kList) {
      errors_.add(value.location, "\"<<\" wants a map or a list of maps, not " + describe(value));
    }
  }

  // Keys that the map has itself win, then those of the first map.
  void merge_below(Open& entry) {
    Node& map = entry.node;
    for (const Node& merged : entry.merges) {
      for (std::size_t i = 0; i < merged.fields.size(); ++i) {
        const auto& [key, value] = merged.fields[i];
        if (!entry.keys.insert(key).second) continue;
        if (map.fields.size() >= kFieldsMax) return fail(map.location, too_wide());
        map.add(key, merged.field_locations[i], value);
      }
    }
  }

  // A node without its parts: those were charged when they came.
  bool charge(const Node& node, const Location& place) {
    ++nodes_;
    text_bytes_ += node.text.size();
    if (nodes_ <= kNodesMax && text_bytes_ <= kTextBytesMax) return true;
    fail(place, "the configuration is too large once its aliases are expanded: at most " +
                    std::to_string(kNodesMax) + " values of " +
                    std::to_string(kTextBytesMax >> 20) +
                    " MiB; use fewer aliases, or fewer values");
    return false;
  }

  // `place`: of who wants the copy.
  bool charge_copy(const Node& node, const Location& place) {
    if (!charge(node, place)) return false;
    for (const Node& item : node.items) {
      if (!charge_copy(item, place)) return false;
    }
    for (const auto& [key, value] : node.fields) {
      text_bytes_ += key.size();
      if (!charge_copy(value, place)) return false;
    }
    return true;
  }

  const std::string& file_;
  Errors& errors_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t nodes_ = 0;
  std::size_t text_bytes_ = 0;
  bool failed_ = false;
};

}  // namespace

bool add_at_path(Node& map, std::string_view path, const Location& key_location, Node value) {
  const std::size_t colons = path.find("::");
  const std::string_view key = path.substr(0, colons);
  Node* there = map.find(key);
  if (colons == std::string_view::npos) {
    if (there == nullptr) {
      map.add(std::string(key), key_location, std::move(value));
      return true;
    }
    // "a::b: 1" and "a: {c: 2}" are parts of one map.
    if (there->kind != NodeKind::kMap || value.kind != NodeKind::kMap) return false;
    bool all_added = true;
    for (std::size_t i = 0; i < value.fields.size(); ++i) {
      all_added &= add_at_path(*there, value.fields[i].first, value.field_locations[i],
                               std::move(value.fields[i].second));
    }
    return all_added;
  }
  if (there == nullptr) {
    Node inner;
    inner.kind = NodeKind::kMap;
    inner.location = key_location;
    there = &map.add(std::string(key), key_location, std::move(inner));
  }
  if (there->kind != NodeKind::kMap) return false;
  return add_at_path(*there, path.substr(colons + 2), key_location, std::move(value));
}

Node parse_yaml(std::string_view text, const std::string& file, Errors& errors) {
  if (text.size() > kFileBytesMax) {
    errors.add({file, 0, 0}, "is larger than " + std::to_string(kFileBytesMax >> 20) + " MiB");
    return {};
  }
  if (const std::size_t at = first_mark_too_many(text)) {
    errors.add(location_in(file, text, at),
               "more than " + std::to_string(kMarksMax) + " of the characters " +
                   std::string(kMarks) +
                   " in one file: reading it would need too much memory; use fewer values, or keep "
                   "long texts in files of their own");
    return {};
  }
  // yaml-cpp reads from a stream, and throws on malformed text.
  std::istringstream stream{std::string(text)};
  Builder builder(file, errors);
  try {
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    Builder second(file, errors);
    if (parser.HandleNextDocument(second)) {
      errors.add({file, 0, 0}, "holds more than one YAML document");
    }
  } catch (const YAML::Exception& exception) {
    errors.add(location_at(file, exception.mark),
               exception.msg + hint_of_tab(text, exception.mark.line, exception.msg));
    return {};
  }
  Node root = builder.take_root();
  if (const Node* deep = find_too_deep(root, 0)) {
    errors.add(deep->location, too_deep());
    return {};
  }
  return root;
}

}  // namespace kolben::config
