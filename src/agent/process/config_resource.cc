#include "agent/process/config_resource.h"

#include <charconv>
#include <optional>
#include <string>

#include "agent/process/config_choice.h"
#include "agent/process/utf8.h"

namespace kolben::agent {
namespace {

using Item = std::variant<std::string, std::int64_t, double, bool>;

template <typename Number>
std::optional<Item> number_of(const std::string& text) {
  Number value{};
  const auto end = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end.ec != std::errc() || end.ptr != text.data() + text.size()) return std::nullopt;
  return Item(value);
}

std::optional<Item> item_of(const config::Node& node, std::string_view type) {
  if (node.kind != config::NodeKind::kScalar) return std::nullopt;
  if (type == "string") return Item(repair_utf8(node.text));
  if (type == "int") return number_of<std::int64_t>(node.text);
  if (type == "double") return number_of<double>(node.text);
  if (node.text == "true" || node.text == "false") return Item(node.text == "true");
  return std::nullopt;
}

void read_attribute(config::Reader& attribute, Settings& settings) {
  std::string name;
  attribute.optional("name", name);
  name = repair_utf8(name);  // of a variable, as the value may be
  std::size_t type = 0;
  const std::vector<std::string_view> types = {
      "string", "bool", "int", "double", "string_array", "bool_array", "int_array", "double_array"};
  attribute.choice("type", types, type);
  const config::Node* value = attribute.raw("value");
  if (name.empty()) return attribute.error("name", "is missing");
  if (value == nullptr || value->kind == config::NodeKind::kNull)
    return;  // a variable that is unset
  constexpr std::size_t kScalarTypes = 4;
  ResourceValue result;
  result.is_list = type >= kScalarTypes;
  const std::string_view item_type = types[type % kScalarTypes];
  const bool is_list = value->kind == config::NodeKind::kList;
  if (is_list != result.is_list) {
    return attribute.error("value", is_list ? "is a list; say which with type: string_array"
                                            : "want a list, as the type says");
  }
  const auto add = [&](const config::Node& node) {
    const auto item = item_of(node, item_type);
    if (item) {
      result.items.push_back(*item);
    } else {
      attribute.error("value", "is no " + std::string(item_type));
    }
  };
  if (is_list) {
    for (const config::Node& node : value->items) add(node);
  } else {
    add(*value);
  }
  if (result.items.empty() && !is_list) return;
  if (!is_list && type == 0) {
    put(settings.resource_attributes, name, repair_utf8(value->text));
  } else {
    settings.resource_values.emplace_back(name, std::move(result));
  }
}

void read_list(config::Reader& resource, NamedTexts& attributes) {
  std::string list;
  resource.optional("attributes_list", list);
  for (const std::string_view item : split_list(list)) {
    const auto pair = key_and_value(item);
    if (pair) {
      put(attributes, repair_utf8(pair->first), repair_utf8(pair->second));
    } else {
      resource.error("attributes_list", "\"" + std::string(item) + "\" is not key=value");
    }
  }
}

void read_detectors(config::Reader& detection, const Environment& environment, Settings& settings,
                    config::Errors& errors) {
  const config::Node* list = detection.raw("detectors");
  if (list == nullptr) return;
  for (const config::Node& item : list->items) {
    const std::string path = detection.path() + "::detectors";
    const ConfigChoice choice =
        read_choice(item, path, {"process", "host", "os", "service", "container"}, errors);
    if (choice.name == "container") {
      errors.warn(item.location, path + ": the agent has no detector \"container\"");
    } else if (choice.name == "service") {
      settings.resource_detectors.emplace_back("service_instance");
      const auto name = environment.find("OTEL_SERVICE_NAME");
      const bool is_set = name != environment.end() && !name->second.empty();
      if (is_set && !has_key(settings.resource_attributes, "service.name")) {
        put(settings.resource_attributes, "service.name", repair_utf8(name->second));
      }
    } else if (!choice.name.empty()) {
      settings.resource_detectors.emplace_back(choice.name);
    }
  }
}

}  // namespace

void read_resource(config::Reader& resource, const Environment& environment, Settings& settings,
                   config::Errors& errors) {
  read_list(resource, settings.resource_attributes);
  // Stronger than the list.
  for (const auto& attribute : resource.children("attributes"))
    read_attribute(*attribute, settings);
  // Of 1.x and 0.4, and of 0.3.
  for (const char* key : {"detection/development", "detectors"}) {
    const auto detection = resource.child(key);
    if (detection == nullptr) continue;
    read_detectors(*detection, environment, settings, errors);
    if (const auto filter = detection->child("attributes")) {
      filter->optional("included", settings.detected_included);
      filter->optional("excluded", settings.detected_excluded);
    }
  }
  resource.ignored("schema_url", "the agent's resource has none");
}

}  // namespace kolben::agent
