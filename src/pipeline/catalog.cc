#include "pipeline/catalog.h"

#include <algorithm>

#include "pipeline/component_id.h"

namespace kolben::pipeline {
namespace {

constexpr Kind kKinds[] = {Kind::kReceiver, Kind::kProcessor, Kind::kExporter, Kind::kConnector,
                           Kind::kExtension};

const config::Node& empty_map() {
  static const config::Node node = [] {
    config::Node map;
    map.kind = config::NodeKind::kMap;
    return map;
  }();
  return node;
}

const ComponentType* find_type(std::span<const ComponentType> types, Kind kind,
                               std::string_view name) {
  const auto found = std::find_if(types.begin(), types.end(), [&](const ComponentType& type) {
    return type.kind == kind && (type.type == name || (!type.alias.empty() && type.alias == name));
  });
  return found == types.end() ? nullptr : &*found;
}

std::string unknown_type(std::span<const ComponentType> types, Kind kind, std::string_view type,
                         std::string_view id) {
  std::vector<std::string_view> names;
  std::string list;
  for (const ComponentType& candidate : types) {
    if (candidate.kind != kind) continue;
    names.push_back(candidate.type);
    list.append(list.empty() ? "" : " ").append(candidate.type);
    if (!candidate.alias.empty()) names.push_back(candidate.alias);
  }
  if (kind == Kind::kExporter && type == "logging") {
    return "the logging exporter has been removed, use the debug exporter instead";
  }
  return "unknown type: \"" + std::string(type) + "\" for id: \"" + std::string(id) +
         "\" (valid values: [" + list + "])" + config::did_you_mean(type, names);
}

}  // namespace

std::string_view section_name(Kind kind) {
  switch (kind) {
    case Kind::kReceiver:
      return "receivers";
    case Kind::kProcessor:
      return "processors";
    case Kind::kExporter:
      return "exporters";
    case Kind::kConnector:
      return "connectors";
    case Kind::kExtension:
      return "extensions";
  }
  return "";
}

Catalog::Catalog(const config::Node& root, std::span<const ComponentType> types,
                 config::Errors& errors) {
  for (const Kind kind : kKinds) read_section(root, kind, types, errors);
}

void Catalog::read_section(const config::Node& root, Kind kind,
                           std::span<const ComponentType> types, config::Errors& errors) {
  const std::string name(section_name(kind));
  const config::Node* node = root.find(name);
  if (node == nullptr || node->kind == config::NodeKind::kNull) return;
  if (node->kind != config::NodeKind::kMap) {
    errors.add(node->location, name + ": want a map, not " + config::describe(*node));
    return;
  }
  Section& section = sections_[static_cast<std::size_t>(kind)];
  for (std::size_t i = 0; i < node->fields.size(); ++i) {
    const auto& [key, value] = node->fields[i];
    const config::Location& location = node->field_locations[i];
    const Result<ComponentId> parsed = parse_component_id(key);
    if (!parsed.has_value()) {
      errors.add(location, name + ": " + std::string(parsed.error().message()));
      continue;
    }
    const std::string id = parsed->to_string();
    if (mentions(kind, id)) {
      errors.add(location, name + ": duplicate name \"" + id + "\"");
      continue;
    }
    section.ids.push_back(id);
    const ComponentType* type = find_type(types, kind, parsed->type);
    if (type == nullptr) {
      errors.add(location, name + ": " + unknown_type(types, kind, parsed->type, id));
      continue;
    }
    if (parsed->type != type->type) {
      errors.warn(location, name + ": \"" + parsed->type + "\" alias is deprecated; use \"" +
                                std::string(type->type) + "\" instead");
    }
    const bool is_empty = value.kind == config::NodeKind::kNull;
    section.definitions.push_back({id, type, is_empty ? &empty_map() : &value, location});
  }
}

const std::vector<Definition>& Catalog::of(Kind kind) const {
  return sections_[static_cast<std::size_t>(kind)].definitions;
}

const Definition* Catalog::find(Kind kind, std::string_view id) const {
  const auto& definitions = of(kind);
  const auto found = std::find_if(definitions.begin(), definitions.end(),
                                  [&](const Definition& one) { return one.id == id; });
  return found == definitions.end() ? nullptr : &*found;
}

bool Catalog::mentions(Kind kind, std::string_view id) const {
  const auto& ids = sections_[static_cast<std::size_t>(kind)].ids;
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string Catalog::did_you_mean(Kind kind, std::string_view id) const {
  const auto& ids = sections_[static_cast<std::size_t>(kind)].ids;
  return config::did_you_mean(id, {ids.begin(), ids.end()});
}

}  // namespace kolben::pipeline
