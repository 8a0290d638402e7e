#include "agent/process/resources.h"

#include <algorithm>
#include <variant>

#include "agent/process/config_file.h"
#include "agent/process/utf8.h"
#include "agent/ring/record.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kServiceName = "OTEL_SERVICE_NAME";
constexpr std::string_view kResourceAttributes = "OTEL_RESOURCE_ATTRIBUTES";
constexpr std::uint32_t kNoRoom = 0xffffffff;
constexpr std::uint32_t kMistaken = 0xfffffffe;  // there is no resource for it

Value value_of(const ResourceValue& value, Arena& arena) {
  struct ToValue {
    Arena& arena;
    Value operator()(const std::string& text) const { return Value::string(arena.copy(text)); }
    Value operator()(std::int64_t number) const { return Value::integer(number); }
    Value operator()(double number) const { return Value::real(number); }
    Value operator()(bool truth) const { return Value::boolean(truth); }
  };
  if (!value.is_list && value.items.size() == 1) {
    return std::visit(ToValue{arena}, value.items[0]);
  }
  List<Value> list;
  for (const auto& item : value.items) list.push_back(arena, std::visit(ToValue{arena}, item));
  return Value::array(list);
}

Attributes attributes_of(const Settings& settings, Arena& arena) {
  Attributes attributes;
  for (const auto& [key, value] : settings.resource_attributes) {
    attributes.push_back(arena, {arena.copy(key), Value::string(arena.copy(value))});
  }
  for (const auto& [key, value] : settings.resource_numbers) {
    attributes.push_back(arena, {arena.copy(key), Value::integer(value)});
  }
  for (const auto& [key, value] : settings.resource_values) {
    attributes.push_back(arena, {arena.copy(key), value_of(value, arena)});
  }
  return attributes;
}

List<std::string_view> keys_of(const NamedTexts& texts, Arena& arena) {
  List<std::string_view> keys;
  for (const auto& [key, value] : texts) keys.push_back(arena, key);
  return keys;
}

void add_entities(const std::vector<Entity>& entities, Resource& resource, Arena& arena) {
  for (const Entity& entity : entities) {
    EntityRef& reference = resource.entity_refs.add(arena);
    reference.type = entity.type;
    reference.schema_url = entity.schema_url;
    reference.id_keys = keys_of(entity.ids, arena);
    reference.description_keys = keys_of(entity.descriptions, arena);
  }
}

// Of a list that was cut the last item may be half of one.
std::string_view whole_items(std::string_view list) {
  if (list.size() < kResourceAttributesBytesMax) return list;
  const std::size_t comma = list.rfind(',');
  return list.substr(0, comma == std::string_view::npos ? 0 : comma);
}

}  // namespace

Resources::Resources(const Settings& settings) : settings_(settings) {
  entries_.reserve(kResourcesMax);  // the entities stay where they are
  entries_.push_back({{}, attributes_of(settings, arena_), settings.entities});
}

void Resources::began(std::uint32_t pid, std::string_view service_name,
                      std::string_view attributes) {
  std::uint32_t number = number_of(pid, service_name, attributes);
  const bool has_room = by_process_.size() < kProcessesMax || by_process_.contains(pid);
  const bool is_mistaken = number == kMistaken;
  if (is_mistaken || number == kNoRoom || (number != 0 && !has_room)) {
    ++refused_;
    number = 0;
    if (!is_mistaken && !std::exchange(has_said_room_, true)) {
      say(pid, service_name,
          "there is no room for one more resource; told of as the launched program "
          "(docs/agent.md)");
    }
  }
  if (number != 0) {
    by_process_[pid] = {number, false};
  } else if (!by_process_.empty()) {
    by_process_.erase(pid);
  }
}

void Resources::gone(std::uint32_t pid) {
  const auto found = by_process_.find(pid);
  if (found == by_process_.end() || found->second.is_gone) return;
  found->second.is_gone = true;
  gone_.push_back(pid);
  if (gone_.size() <= kGoneMax) return;
  const auto oldest = by_process_.find(gone_.front());
  gone_.pop_front();
  // Its number may be another one's by now.
  if (oldest != by_process_.end() && oldest->second.is_gone) by_process_.erase(oldest);
}

// What is not set is as it was for the launched program.
bool Resources::is_launched_ones(std::string_view variable, std::string_view text,
                                 std::size_t max) const {
  if (text.empty()) return true;
  const auto found = settings_.environment.find(variable);
  return found != settings_.environment.end() &&
         text == std::string_view(found->second).substr(0, max);
}

std::uint32_t Resources::number_of(std::uint32_t pid, std::string_view service_name,
                                   std::string_view attributes) {
  if (is_launched_ones(kServiceName, service_name, kServiceNameBytesMax) &&
      is_launched_ones(kResourceAttributes, attributes, kResourceAttributesBytesMax)) {
    return 0;
  }
  std::pair<std::string, std::string> texts(service_name, attributes);
  if (const auto found = by_texts_.find(texts); found != by_texts_.end()) return found->second;
  if (by_texts_.size() == kTextsMax) return kNoRoom;
  const std::uint32_t number = make(pid, service_name, attributes);
  by_texts_.emplace(std::move(texts), number);
  return number;
}

std::uint32_t Resources::make(std::uint32_t pid, std::string_view service_name,
                              std::string_view attributes) {
  Environment environment = settings_.environment;
  if (!service_name.empty()) environment[std::string(kServiceName)] = service_name;
  if (!attributes.empty()) {
    environment[std::string(kResourceAttributes)] = whole_items(attributes);
  }
  Settings settings = load_like(settings_, environment);
  const std::string service(service_name_of(settings));
  for (const std::string& mistake : settings.mistakes) {
    warn_once(pid, service_name, mistake + "; told of as the launched program");
  }
  if (!settings.mistakes.empty()) return kMistaken;
  for (const std::string& warning : settings.warnings) warn_once(pid, service, warning);
  const auto said = [](const Settings& of) {
    return Said{of.resource_attributes, of.resource_values};
  };
  if (entries_.size() == 1) entries_[0].said = said(load_like(settings_, settings_.environment));
  Said own = said(settings);
  const auto same = std::find_if(entries_.begin(), entries_.end(),
                                 [&](const Entry& entry) { return entry.said == own; });
  if (same != entries_.end()) return static_cast<std::uint32_t>(same - entries_.begin());
  if (entries_.size() == kResourcesMax) return kNoRoom;
  detect_resource(settings, pid);
  entries_.push_back(
      {std::move(own), attributes_of(settings, arena_), std::move(settings.entities)});
  return static_cast<std::uint32_t>(entries_.size() - 1);
}

void Resources::warn_once(std::uint32_t pid, std::string_view service, const std::string& text) {
  // Some were said when the launched program began.
  const auto& of_launched = settings_.warnings;
  if (std::find(of_launched.begin(), of_launched.end(), text) != of_launched.end()) return;
  if (said_.size() == kSaidMax || !said_.insert(text).second) return;
  say(pid, service, text);
  if (said_.size() == kSaidMax) {
    warnings_.emplace_back("what is wrong with further programs' resources is not said");
  }
}

void Resources::say(std::uint32_t pid, std::string_view service, std::string_view text) {
  std::string line = "process " + std::to_string(pid);
  if (!service.empty()) line.append(" (").append(repair_utf8(service)).append(")");
  warnings_.push_back(line.append(": ").append(text));
}

void Resources::fill(std::uint32_t number, Resource& resource, Arena& arena) const {
  const Entry& entry = entries_[number];
  resource.attributes.reserve(arena, entry.attributes.size());
  for (const KeyValue& attribute : entry.attributes) {
    resource.attributes.push_back(arena, attribute);
  }
  add_entities(entry.entities, resource, arena);
}

}  // namespace kolben::agent
