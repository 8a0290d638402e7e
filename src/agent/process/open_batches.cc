#include "agent/process/open_batches.h"

#include <variant>

#include "agent/process/limits.h"
#include "agent/process/records.h"

namespace kolben::agent {
namespace {

// A batch of logs may hold long lines: it is sent before it grows past this.
constexpr std::size_t kBatchBytesMax = 2 << 20;
// Of a batch: libraries name theirs once. What comes beyond goes into the first.
constexpr std::uint32_t kScopesMax = 64;

// The scope of that name; appended where there is none.
template <typename T>
std::uint32_t scope_in(List<T>& scopes, std::string_view name, std::string_view version,
                       Arena& arena) {
  for (std::uint32_t i = 0; i < scopes.size(); ++i) {
    if (scopes[i].scope.name == name && scopes[i].scope.version == version) return i;
  }
  if (scopes.size() == kScopesMax) return 0;
  T& scope = scopes.add(arena);
  scope.scope.name = owned_text(name, Limits::kNoLimit, arena);
  scope.scope.version = owned_text(version, Limits::kNoLimit, arena);
  return scopes.size() - 1;
}

// The texts are the settings'.
Value value_of(const ResourceValue& value, Arena& arena) {
  struct ToValue {
    Value operator()(const std::string& text) const { return Value::string(text); }
    Value operator()(std::int64_t number) const { return Value::integer(number); }
    Value operator()(double number) const { return Value::real(number); }
    Value operator()(bool truth) const { return Value::boolean(truth); }
  };
  if (!value.is_list && value.items.size() == 1) return std::visit(ToValue(), value.items[0]);
  List<Value> list;
  for (const auto& item : value.items) list.push_back(arena, std::visit(ToValue(), item));
  return Value::array(list);
}

List<std::string_view> keys_of(const NamedTexts& texts, Arena& arena) {
  List<std::string_view> keys;
  for (const auto& [key, value] : texts) keys.push_back(arena, key);
  return keys;
}

}  // namespace

void OpenBatches::fill(Resource& resource, Arena& arena) const {
  for (const auto& [key, value] : settings_.resource_attributes) {
    resource.attributes.push_back(arena, {key, Value::string(value)});
  }
  for (const auto& [key, value] : settings_.resource_numbers) {
    resource.attributes.push_back(arena, {key, Value::integer(value)});
  }
  for (const auto& [key, value] : settings_.resource_values) {
    resource.attributes.push_back(arena, {key, value_of(value, arena)});
  }
  for (const Entity& entity : settings_.entities) {
    EntityRef& reference = resource.entity_refs.add(arena);
    reference.type = entity.type;
    reference.schema_url = entity.schema_url;
    reference.id_keys = keys_of(entity.ids, arena);
    reference.description_keys = keys_of(entity.descriptions, arena);
  }
}

Span& OpenBatches::add_span(std::uint64_t now) {
  return add_span(kAgentScope, agent_version(), now);
}

Span& OpenBatches::add_span(std::string_view scope, std::string_view version, std::uint64_t now) {
  Arena& arena = spans_.batch.arena();
  DecodedTraces& traces = spans_.batch.traces();
  if (traces.resources.empty()) {
    ResourceSpans& resource = traces.resources.add(arena);
    fill(resource.resource, arena);
    spans_.since = now;
  }
  List<ScopeSpans>& scopes = traces.resources[0].scopes;
  last_scope_ = scope_in(scopes, scope, version, arena);
  return scopes[last_scope_].spans.add(arena);
}

void OpenBatches::trim_spans() {
  if (spans_.batch.arena().reserved_bytes() > kBatchBytesMax) {
    export_open(spans_, exporters_.traces);
  }
}

void OpenBatches::keep_span(const Context& context) {
  auto& spans = spans_.batch.traces().resources[0].scopes[last_scope_].spans;
  if (!is_sampled(context) || exporters_.traces.empty()) {
    spans.truncate(spans.size() - 1);
    return trim_spans();
  }
  const Limits& limits = settings_.limits;
  limit_links(limits.span_links_max, {limits.link_attributes_max, limits.span_value_bytes_max},
              spans[spans.size() - 1], spans_.batch.arena());
  ++spans_.items;
  if (spans_.items >= settings_.span_batches.batch_items_max ||
      spans_.batch.arena().reserved_bytes() > kBatchBytesMax) {
    export_open(spans_, exporters_.traces);
  }
}

LogRecord& OpenBatches::add_log(std::string_view scope, std::uint64_t now) {
  if (logs_.items >= settings_.log_batches.batch_items_max ||
      logs_.batch.arena().reserved_bytes() > kBatchBytesMax) {
    export_open(logs_, exporters_.logs);
  }
  Arena& arena = logs_.batch.arena();
  DecodedLogs& logs = logs_.batch.logs();
  if (logs.resources.empty()) {
    ResourceLogs& resource = logs.resources.add(arena);
    fill(resource.resource, arena);
    logs_.since = now;
  }
  ++logs_.items;
  List<ScopeLogs>& scopes = logs.resources[0].scopes;
  const std::string_view version = scope == kAgentScope ? agent_version() : std::string_view();
  return scopes[scope_in(scopes, scope, version, arena)].records.add(arena);
}

void OpenBatches::export_open(Open& open, const std::vector<Exporter*>& exporters) {
  if (open.items > 0) {
    open.batch.recount();
    for (Exporter* exporter : exporters) exporter->export_batch(open.batch);
  }
  open = Open(open.batch.signal());
}

void OpenBatches::export_due(std::uint64_t now) {
  const auto is_due = [now](const Open& open, const BatchSettings& batches) {
    return open.items > 0 && now >= open.since + batches.schedule_delay_nanos;
  };
  if (is_due(spans_, settings_.span_batches)) export_open(spans_, exporters_.traces);
  if (is_due(logs_, settings_.log_batches)) export_open(logs_, exporters_.logs);
}

void OpenBatches::export_all() {
  export_open(spans_, exporters_.traces);
  export_open(logs_, exporters_.logs);
}

}  // namespace kolben::agent
