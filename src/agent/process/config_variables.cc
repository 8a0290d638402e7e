#include "agent/process/config_variables.h"

#include <algorithm>
#include <string_view>

#include "config/load.h"
#include "config/yaml.h"

namespace kolben::agent {
namespace {

class Substitution {
 public:
  Substitution(const Environment& environment, std::set<std::string>& used, config::Errors& errors)
      : environment_(environment), used_(used), errors_(errors) {}

  // As deep as YAML may be (config::kDepthMax).
  void walk(config::Node& node) {
    if (node.kind == config::NodeKind::kScalar && node.text.find('$') != std::string::npos) {
      substitute(node);
    }
    for (config::Node& item : node.items) walk(item);
    for (auto& [key, value] : node.fields) walk(value);
  }

 private:
  void substitute(config::Node& node) {
    std::string out;
    std::string_view text = node.text;
    while (!text.empty()) {
      if (text.starts_with("$$")) {
        out += '$';
        text.remove_prefix(2);
      } else if (text.starts_with("${")) {
        const std::size_t end = text.find('}');
        if (end == std::string_view::npos) {
          errors_.add(node.location, "\"${\" without \"}\"; write $${ where none is meant");
          return;
        }
        out += value_of(text.substr(2, end - 2), node.location);
        text.remove_prefix(end + 1);
      } else {
        out += text.front();
        text.remove_prefix(1);
      }
    }
    bytes_ += out.size();
    if (bytes_ > config::kTextBytesMax) {
      if (bytes_ - out.size() <= config::kTextBytesMax) {
        errors_.add(node.location, "the configuration is too large with its variables");
      }
      out.clear();
    }
    if (out.empty() && !node.is_quoted) node.kind = config::NodeKind::kNull;
    node.text = std::move(out);
  }

  std::string_view value_of(std::string_view expression, const config::Location& location) {
    std::string_view name = expression;
    if (name.starts_with("env:")) name.remove_prefix(4);
    const std::size_t dash = name.find(":-");
    const std::string_view fallback =
        dash == std::string_view::npos ? std::string_view() : name.substr(dash + 2);
    name = name.substr(0, dash);
    if (!config::is_variable_name(name)) {
      errors_.add(location, "${" + std::string(expression) +
                                "} is not understood: want ${NAME} or ${NAME:-default}");
      return {};
    }
    used_.emplace(name);
    const auto found = environment_.find(name);
    return found == environment_.end() || found->second.empty() ? fallback
                                                                : std::string_view(found->second);
  }

  const Environment& environment_;
  std::set<std::string>& used_;
  config::Errors& errors_;
  std::size_t bytes_ = 0;
};

}  // namespace

void substitute_variables(config::Node& root, const Environment& environment,
                          std::set<std::string>& used, config::Errors& errors) {
  Substitution(environment, used, errors).walk(root);
}

}  // namespace kolben::agent
