#include "agent/process/config_choice.h"

#include <algorithm>

namespace kolben::agent {
namespace {

// What has an effect.
std::vector<std::string_view> useful(const std::vector<std::string_view>& names) {
  return {names.begin(), std::find(names.begin(), names.end(), std::string_view())};
}

std::string letters_of(std::string_view name) {
  std::string letters(name);
  std::erase(letters, '_');
  return letters;
}

// As the variables have it: traceidratio for trace_id_ratio_based, parentbased_always_on for
// parent_based. Too many letters are different for a typing error.
std::string hint(std::string_view key, const std::vector<std::string_view>& names) {
  constexpr std::size_t kLettersMin = 8;
  const std::string written = letters_of(key);
  for (const std::string_view name : names) {
    const std::string known = letters_of(name);
    const bool is_begin = known.starts_with(written) || written.starts_with(known);
    if (is_begin && std::min(known.size(), written.size()) >= kLettersMin) {
      return " (did you mean \"" + std::string(name) + "\"?)";
    }
  }
  return config::did_you_mean(key, names);
}

std::string listed(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : useful(names)) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace

std::unique_ptr<config::Reader> ConfigChoice::reader(config::Errors& errors) const {
  return std::make_unique<config::Reader>(*value, path, errors);
}

ConfigChoice read_choice(config::Reader& owner, std::string_view key,
                         const std::vector<std::string_view>& names, config::Errors& errors) {
  const config::Node* node = owner.raw(key);
  if (node != nullptr)
    return read_choice(*node, owner.path() + "::" + std::string(key), names, errors);
  owner.error(key, "is missing: want one of " + listed(names));
  return {};
}

ConfigChoice read_choice(const config::Node& node, const std::string& path,
                         const std::vector<std::string_view>& names, config::Errors& errors) {
  if (node.kind != config::NodeKind::kMap || node.fields.size() != 1) {
    errors.add(node.location, path + ": want a map with one key of " + listed(names));
    return {};
  }
  const auto& [key, value] = node.fields[0];
  const auto found = std::find(names.begin(), names.end(), key);
  if (key.empty() || found == names.end()) {
    errors.add(node.field_locations[0], path + ": unknown \"" + key + "\"" +
                                            hint(key, useful(names)) + "; want one of " +
                                            listed(names));
    return {};
  }
  return {*found, &value, path + "::" + key};
}

}  // namespace kolben::agent
