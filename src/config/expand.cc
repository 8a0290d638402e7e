// ${...} in values: the rules are in load.h.

#include <algorithm>
#include <string>
#include <utility>

#include "config/load.h"
#include "config/yaml.h"

namespace kolben::config {
namespace {

// Values that bring expansions that bring expansions: the Collector's documented limit.
constexpr int kRecursionMax = 100;
// Of all values together: an expansion reads at least four bytes, so real files have far fewer.
constexpr int kExpansionsMax = 10'000;
// Between "${" and "}": bounds the search for the end.
constexpr std::size_t kExpressionBytesMax = 64 << 10;

Node null_at(const Location& location) {
  Node node;
  node.location = location;
  return node;
}

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Position of the '}' that closes the "${" whose content begins at `begin`.
std::size_t find_closing(std::string_view text, std::size_t begin) {
  int depth = 1;
  const std::size_t end = std::min(text.size(), begin + kExpressionBytesMax);
  for (std::size_t i = begin; i < end; ++i) {
    if (text.substr(i, 2) == "${") {
      ++depth;
      ++i;
    } else if (text[i] == '}' && --depth == 0) {
      return i;
    }
  }
  return std::string_view::npos;
}

// Whether the text is one "${...}" and nothing else; then its content.
bool is_one_expansion(std::string_view text, std::string_view& content) {
  if (!text.starts_with("${") || find_closing(text, 2) != text.size() - 1) return false;
  content = text.substr(2, text.size() - 3);
  return true;
}

class Expander {
 public:
  Expander(const Environment& environment, Errors& errors)
      : environment_(environment), errors_(errors) {}

  void expand_tree(Node& node, int recursion) {
    if (node.kind == NodeKind::kScalar && node.text.find('$') != std::string::npos) {
      expand_scalar(node, recursion);
      return;
    }
    for (Node& item : node.items) expand_tree(item, recursion);
    for (auto& [key, value] : node.fields) expand_tree(value, recursion);
  }

 private:
  // What an expression stands for; `is_set` is false for an unset variable.
  struct Value {
    std::string text;
    std::string origin;  // "env:NAME": how locations inside call it
    bool is_set = true;
  };
  static Value unset() { return {"", "", false}; }

  void expand_scalar(Node& node, int recursion) {
    std::string_view content;
    if (!is_one_expansion(node.text, content)) {
      node.text = expand_text(node.text, node.location, recursion);
      return;
    }
    const Value value = resolve(std::string(content), node.location, recursion);
    if (!value.is_set) {
      node = null_at(node.location);
      return;
    }
    replace_by_yaml(node, value, recursion);
  }

  // The node becomes what the text is as YAML; text that is no YAML is a string.
  void replace_by_yaml(Node& node, const Value& value, int recursion) {
    Errors ignored;
    Node parsed = parse_yaml(value.text, value.origin, ignored);
    const bool is_tree = parsed.kind == NodeKind::kList || parsed.kind == NodeKind::kMap;
    if (ignored.empty() && is_tree) {
      // Kept for fields that want a text: "a: b" is a map in YAML, and a fine path.
      parsed.text = expand_text(value.text, node.location, recursion + 1);
      node = std::move(parsed);
      if (!charge(node.location, count_nodes(node))) return;
      expand_tree(node, recursion + 1);
      return;
    }
    if (ignored.empty() && parsed.kind == NodeKind::kNull && !value.text.empty()) {
      node = null_at(node.location);
      return;
    }
    node.is_quoted = ignored.empty() && parsed.is_quoted;
    node.text = expand_text(value.text, node.location, recursion + 1);
    charge(node.location, 0);
  }

  std::string expand_text(std::string_view text, const Location& location, int recursion) {
    std::string out;
    std::size_t i = 0;
    while (i < text.size()) {
      if (text.substr(i, 2) == "$$") {
        out += '$';
        i += 2;
        continue;
      }
      const bool may_begin = text.substr(i, 2) == "${" && ++searches_ <= kExpansionsMax;
      const std::size_t closing = may_begin ? find_closing(text, i + 2) : std::string_view::npos;
      if (closing == std::string_view::npos) {
        out += text[i++];
        continue;
      }
      const Value value =
          resolve(std::string(text.substr(i + 2, closing - i - 2)), location, recursion);
      out += expand_text(value.text, location, recursion + 1);
      if (!charge_text(location, out.size())) return {};
      i = closing + 1;
    }
    return out;
  }

  // The value of "env:NAME:-default" and its like.
  Value resolve(std::string expression, const Location& location, int recursion) {
    if (recursion > kRecursionMax || ++expansions_ > kExpansionsMax) {
      fail(location, "too many recursive expansions");
      return unset();
    }
    if (expression.find("${") != std::string::npos) {
      expression = expand_text(expression, location, recursion + 1);
    }
    const std::size_t colon = expression.find(':');
    const std::string scheme = colon == std::string::npos ? "" : expression.substr(0, colon);
    const std::string rest = colon == std::string::npos ? expression : expression.substr(colon + 1);
    // "${NAME:-default}": a name, then a default, and no scheme.
    if (scheme.empty() || rest.starts_with("-")) return variable(expression, location);
    if (scheme == "env") return variable(rest, location);
    if (scheme == "yaml") return {rest, "yaml"};
    if (scheme == "file") return file(rest, location);
    errors_.add(location, "expanding ${" + expression + "}: scheme \"" + scheme +
                              "\" is not supported (env, file, yaml are)");
    return unset();
  }

  Value variable(const std::string& expression, const Location& location) {
    const std::size_t dash = expression.find(":-");
    const std::string name = expression.substr(0, dash);
    if (!is_variable_name(name)) {
      errors_.add(location, "environment variable \"" + name +
                                "\" has an invalid name: want letters, digits and _");
      return unset();
    }
    if (std::optional<std::string> value = environment_.variable(name)) {
      return {std::move(*value), "env:" + name};
    }
    if (dash != std::string::npos) {
      return {expression.substr(dash + 2), "env:" + name};
    }
    errors_.warn(location, "environment variable " + name + " is not set; the value is empty");
    return unset();
  }

  Value file(const std::string& path, const Location& location) {
    Result<std::string> text = environment_.file(path);
    if (!text.has_value()) {
      errors_.add(location,
                  "expanding ${file:" + path + "}: " + std::string(text.error().message()));
      return unset();
    }
    // The end of the last line is the file's, not the value's.
    while (text->ends_with('\n')) text->pop_back();
    return {std::move(*text), path};
  }

  static std::size_t count_nodes(const Node& node) {
    std::size_t count = 1;
    for (const Node& item : node.items) count += count_nodes(item);
    for (const auto& [key, value] : node.fields) count += count_nodes(value);
    return count;
  }

  bool charge(const Location& location, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ <= kNodesMax) return true;
    fail(location, "the configuration is too large once it is expanded");
    return false;
  }
  bool charge_text(const Location& location, std::size_t bytes) {
    text_bytes_ += bytes;
    if (text_bytes_ <= kTextBytesMax) return true;
    fail(location, "the configuration is too large once it is expanded");
    return false;
  }

  // Bounds are told once, not once for each value beyond them.
  void fail(const Location& location, std::string_view message) {
    if (!std::exchange(failed_, true)) errors_.add(location, message);
  }

  const Environment& environment_;
  Errors& errors_;
  int expansions_ = 0;
  int searches_ = 0;
  std::size_t nodes_ = 0;
  std::size_t text_bytes_ = 0;
  bool failed_ = false;
};

}  // namespace

bool is_variable_name(std::string_view name) {
  return !name.empty() && is_name_start(name[0]) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_name_start(c) || is_digit(c); });
}

void expand(Node& root, const Environment& environment, Errors& errors) {
  Expander(environment, errors).expand_tree(root, 0);
}

}  // namespace kolben::config
