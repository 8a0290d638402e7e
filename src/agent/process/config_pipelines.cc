#include "agent/process/config_pipelines.h"

#include <algorithm>
#include <string>
#include <utility>

#include "agent/process/config_choice.h"
#include "agent/process/config_exporters.h"

namespace kolben::agent {
namespace {

// Metrics in a loop without a pause would be all that the agent does.
constexpr std::uint64_t kIntervalMin = 1'000'000;

void read_batch(config::Reader& reader, BatchSettings& batches) {
  // Bounds the memory that a typing error can ask for, as for variables.
  constexpr std::uint64_t kQueueItemsMax = 1 << 20;
  read_millis(reader, "schedule_delay", batches.schedule_delay_nanos);
  read_millis(reader, "export_timeout", batches.export_timeout_nanos);
  const auto number = [&](std::string_view key, std::uint32_t& target) {
    std::uint64_t value = target;
    reader.optional(key, value);
    if (value == 0) reader.error(key, "want a number of at least 1");
    target = static_cast<std::uint32_t>(std::min(value, kQueueItemsMax));
  };
  number("max_queue_size", batches.queue_items_max);
  number("max_export_batch_size", batches.batch_items_max);
  batches.batch_items_max = std::min(batches.batch_items_max, batches.queue_items_max);
}

// One batch for both: the shortest delay, the smallest batch, the longest queue.
BatchSettings joined(const BatchSettings& a, const BatchSettings& b) {
  BatchSettings both;
  both.schedule_delay_nanos = std::min(a.schedule_delay_nanos, b.schedule_delay_nanos);
  const bool is_endless = a.export_timeout_nanos == 0 || b.export_timeout_nanos == 0;
  both.export_timeout_nanos =
      is_endless ? 0 : std::max(a.export_timeout_nanos, b.export_timeout_nanos);
  both.queue_items_max = std::max(a.queue_items_max, b.queue_items_max);
  both.batch_items_max = std::min(a.batch_items_max, b.batch_items_max);
  return both;
}

void read_prometheus(config::Reader& reader, PrometheusSettings& prometheus) {
  prometheus.port_setting = "the key \"port\" of " + reader.path() + " in the configuration file";
  reader.optional("host", prometheus.host);
  reader.optional("port", prometheus.port);
  const auto without = [&](std::string_view key, bool& with) {
    bool is_without = !with;
    reader.optional(key, is_without);
    with = !is_without;
  };
  without("without_scope_info", prometheus.with_scope_info);
  without("without_target_info", prometheus.with_target_info);
  without("without_target_info/development", prometheus.with_target_info);
  reader.optional("scope_info_enabled", prometheus.with_scope_info);
  reader.optional("target_info_enabled/development", prometheus.with_target_info);
  bool with_units = true;
  bool with_type = true;
  without("without_units", with_units);
  without("without_type_suffix", with_type);
  if (with_units != with_type) {
    reader.error(with_type ? "without_units" : "without_type_suffix",
                 "the agent can leave out units and types together only: set both");
  }
  prometheus.with_suffixes = with_units && with_type;
  std::size_t strategy = 0;
  reader.choice("translation_strategy",
                {"underscore_escaping_with_suffixes", "underscore_escaping_without_suffixes",
                 "underscore_escaping_without_suffixes/development"},
                strategy);
  if (strategy != 0) prometheus.with_suffixes = false;
  for (const char* key : {"with_resource_constant_labels", "resource_constant_labels"}) {
    reader.ignored(key, "the resource is in target_info");
  }
}

void ignore_of_readers(config::Reader& reader) {
  reader.ignored("producers", "the agent has no other sources of metrics");
  reader.ignored("cardinality_limits", "an instrument has at most 2000 series");
  reader.ignored("max_export_batch_size/development", "metrics are sent at once");
}

}  // namespace

void read_processors(Signal signal, config::Reader& provider, Settings& settings,
                     config::Errors& errors) {
  std::vector<ExporterSettings>& exporters =
      signal == Signal::kTraces ? settings.traces : settings.logs;
  BatchSettings& batches = signal == Signal::kTraces ? settings.span_batches : settings.log_batches;
  const config::Node* list = provider.raw("processors");
  if (list == nullptr || list->kind != config::NodeKind::kList) {
    return provider.error("processors", "want a list of processors");
  }
  bool is_first = true;
  for (std::size_t i = 0; i < list->items.size(); ++i) {
    const std::string path = provider.path() + "::processors::" + std::to_string(i);
    const config::Node& item = list->items[i];
    const ConfigChoice choice = read_choice(
        item, path, {"batch", "simple", "event_to_span_event_bridge/development"}, errors);
    if (choice.name.empty()) continue;
    if (choice.name.starts_with("event")) {
      errors.warn(item.location, path + " is ignored: the agent makes no span events of logs");
      continue;
    }
    const auto reader = choice.reader(errors);
    BatchSettings own;
    if (choice.name == "batch") {
      read_batch(*reader, own);
    } else {
      own.schedule_delay_nanos = 0;
      own.batch_items_max = 1;
    }
    auto exporter = read_exporter(signal, *reader, errors);
    if (!exporter) continue;
    exporters.push_back(std::move(*exporter));
    if (!is_first && !(own == batches)) {
      errors.warn(item.location, path +
                                     ": all processors of a signal get the same batches; the "
                                     "shortest delay and the smallest batch hold");
    }
    batches = is_first ? own : joined(batches, own);
    is_first = false;
  }
}

namespace {

void read_pull(config::Reader& reader, Settings& settings, config::Errors& errors) {
  ignore_of_readers(reader);
  const ConfigChoice choice =
      read_choice(reader, "exporter", {"prometheus", "prometheus/development"}, errors);
  if (choice.name.empty()) return;
  ExporterSettings exporter;
  exporter.kind = ExporterKind::kPrometheus;
  exporter.reader.is_pulled = true;
  read_prometheus(*choice.reader(errors), exporter.prometheus);
  settings.metrics.push_back(std::move(exporter));
}

void read_periodic(config::Reader& reader, Settings& settings, config::Errors& errors) {
  ignore_of_readers(reader);
  std::uint64_t interval_nanos = ReaderSettings().interval_nanos;
  read_millis(reader, "interval", interval_nanos);
  read_millis(reader, "timeout", settings.metric_timeout_nanos);
  auto exporter = read_exporter(Signal::kMetrics, reader, errors);
  if (!exporter) return;
  exporter->reader.interval_nanos = std::max(interval_nanos, kIntervalMin);
  settings.metrics.push_back(std::move(*exporter));
}

}  // namespace

void read_readers(config::Reader& provider, Settings& settings, config::Errors& errors) {
  for (const auto& item : provider.children("readers")) {
    item->ignored("producers", "the agent has no other sources of metrics");  // 0.3 has them here
    const auto periodic = item->child("periodic");
    const auto pull = item->child("pull");
    if (periodic != nullptr) read_periodic(*periodic, settings, errors);
    if (pull != nullptr) read_pull(*pull, settings, errors);
    if (periodic != nullptr && pull != nullptr) {
      item->error("pull", "want one of periodic and pull; another reader is another item");
    }
  }
}

}  // namespace kolben::agent
