#include "pipeline/service.h"

#include <algorithm>
#include <array>
#include <optional>

#include "config/reader.h"
#include "pipeline/component_id.h"

namespace kolben::pipeline {
namespace {

using config::Errors;
using config::Node;
using config::NodeKind;
using config::Reader;

// How the Collector spells levels: upper case as well.
std::optional<LogLevel> parse_log_level(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (text == "debug") return LogLevel::kDebug;
  if (text == "info") return LogLevel::kInfo;
  if (text == "warn" || text == "warning") return LogLevel::kWarn;
  if (text == "error" || text == "dpanic" || text == "panic" || text == "fatal") {
    return LogLevel::kError;
  }
  return std::nullopt;
}

void read_logs(Reader& telemetry, TelemetrySettings& settings) {
  const auto logs = telemetry.child("logs");
  if (!logs) return;
  std::string level = "info";
  logs->optional("level", level);
  if (const auto parsed = parse_log_level(level)) {
    settings.log_level = *parsed;
  } else {
    logs->error("level", "want one of debug, info, warn, error, not \"" + level + "\"" +
                             config::did_you_mean(level, {"debug", "info", "warn", "error"}));
  }
  constexpr std::string_view kWhy = "logs go to stderr as text";
  for (const char* key :
       {"encoding", "development", "disable_caller", "disable_stacktrace", "sampling",
        "output_paths", "error_output_paths", "initial_fields", "processors"}) {
    logs->ignored(key, kWhy);
  }
}

// `readers: [{pull: {exporter: {prometheus: {host, port}}}}]`
void read_pull_reader(Reader& reader, TelemetrySettings& settings) {
  const auto pull = reader.child("pull");
  if (!pull) return;
  const auto exporter = pull->child("exporter");
  if (!exporter) return;
  const auto prometheus = exporter->child("prometheus");
  if (!prometheus) return;
  std::string host = "localhost";
  std::uint16_t port = 8888;
  prometheus->optional("host", host);
  prometheus->optional("port", port);
  for (const char* key : {"without_scope_info", "without_units", "without_type_suffix",
                          "with_resource_constant_labels"}) {
    prometheus->ignored(key, "names are those of the Collector's default reader");
  }
  const bool is_ipv6 = host.find(':') != std::string::npos;
  settings.metrics_address = (is_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

void read_metrics(Reader& telemetry, TelemetrySettings& settings) {
  const auto metrics = telemetry.child("metrics");
  if (!metrics) return;
  const std::vector<std::string_view> levels = {"none", "basic", "normal", "detailed"};
  std::size_t level = 2;
  metrics->choice("level", levels, level);
  settings.metrics_enabled = level != 0;
  metrics->optional("address", settings.metrics_address);
  for (const auto& reader : metrics->children("readers")) {
    read_pull_reader(*reader, settings);
    reader->ignored("periodic", "own metrics are pulled, not pushed");
  }
  metrics->ignored("views", "own metrics have one view");
}

void read_telemetry(Reader& service, TelemetrySettings& settings) {
  const auto telemetry = service.child("telemetry");
  if (!telemetry) return;
  read_logs(*telemetry, settings);
  read_metrics(*telemetry, settings);
  telemetry->ignored("traces", "the program does not trace itself yet");
  telemetry->ignored("resource", "own metrics carry no resource yet");
}

// The list of ids under `key`, each with its place.
std::vector<Reference> read_references(Reader& reader, std::string_view key, Errors& errors) {
  std::vector<Reference> references;
  const Node* list = reader.raw(key);
  if (list == nullptr || list->kind == NodeKind::kNull) return references;
  if (list->kind != NodeKind::kList) {
    reader.error(key, "want a list of ids, not " + config::describe(*list));
    return references;
  }
  for (const Node& item : list->items) {
    const Result<ComponentId> id = item.kind == NodeKind::kScalar
                                       ? parse_component_id(item.text)
                                       : invalid_argument("want an id, not " + describe(item));
    if (id.has_value()) {
      references.push_back({id->to_string(), item.location});
    } else {
      errors.add(item.location, reader.path() + "::" + std::string(key) + ": " +
                                    std::string(id.error().message()));
    }
  }
  return references;
}

std::optional<Signal> signal_by_name(std::string_view name) {
  for (const Signal signal : kAllSignals) {
    if (to_string(signal) == name) return signal;
  }
  return std::nullopt;
}

void read_pipeline(Reader& pipelines, const std::string& key, const config::Location& location,
                   Errors& errors, std::vector<PipelineSettings>& out) {
  const auto reader = pipelines.child(key);
  PipelineSettings pipeline;
  pipeline.receivers = read_references(*reader, "receivers", errors);
  pipeline.processors = read_references(*reader, "processors", errors);
  pipeline.exporters = read_references(*reader, "exporters", errors);
  pipeline.location = location;
  const Result<ComponentId> id = parse_component_id(key);
  if (!id.has_value()) {
    pipelines.error(key, std::string(id.error().message()));
    return;
  }
  const auto signal = signal_by_name(id->type);
  if (!signal) {
    pipelines.error(key, "unknown signal \"" + id->type +
                             "\" (valid values: traces, metrics, logs)" +
                             config::did_you_mean(id->type, {"traces", "metrics", "logs"}));
    return;
  }
  pipeline.name = id->to_string();
  pipeline.signal = *signal;
  out.push_back(std::move(pipeline));
}

}  // namespace

bool contains(const std::vector<Reference>& references, std::string_view id) {
  return std::any_of(references.begin(), references.end(),
                     [&](const Reference& one) { return one.id == id; });
}

ServiceSettings read_service(const Node& root, Errors& errors) {
  ServiceSettings settings;
  const Node* node = root.find("service");
  static const Node kEmpty;
  Reader service(node == nullptr ? kEmpty : *node, "service", errors);
  read_telemetry(service, settings.telemetry);
  settings.extensions = read_references(service, "extensions", errors);
  const Node* pipelines_node = service.raw("pipelines");
  if (pipelines_node == nullptr || pipelines_node->fields.empty()) {
    errors.add(node == nullptr ? root.location : service.location(),
               "service must have at least one pipeline");
  }
  if (const auto pipelines = service.child("pipelines")) {
    for (std::size_t i = 0; i < pipelines_node->fields.size(); ++i) {
      read_pipeline(*pipelines, pipelines_node->fields[i].first, pipelines_node->field_locations[i],
                    errors, settings.pipelines);
    }
  }
  return settings;
}

}  // namespace kolben::pipeline
