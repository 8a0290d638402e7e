#include "agent/process/metric_readers.h"

#include <algorithm>
#include <utility>

namespace kolben::agent {

MetricReaders::MetricReaders(const std::vector<ExporterSettings>& settings,
                             const std::vector<Exporter*>& exporters,
                             ExemplarFilter exemplar_filter, std::uint64_t now) {
  for (std::size_t i = 0; i < exporters.size(); ++i) {
    const ReaderSettings reader = i < settings.size() ? settings[i].reader : ReaderSettings();
    auto group = std::find_if(groups_.begin(), groups_.end(),
                              [&](const Group& other) { return other.reader == reader; });
    if (group == groups_.end()) {
      groups_.push_back({.reader = reader,
                         .store = std::make_unique<MetricStore>(
                             reader.counters, reader.histograms, reader.histogram_kind,
                             exemplar_filter, Random::from_system()),
                         .processes = std::make_unique<ProcessMetrics>(reader.counters),
                         .exporters = {},
                         .last = now});
      group = groups_.end() - 1;
    }
    group->exporters.push_back(exporters[i]);
  }
}

void MetricReaders::record(const Measured& measured, const Attributes& attributes,
                           std::uint64_t now) {
  for (Group& group : groups_) group.store->record(measured, attributes, now);
}

void MetricReaders::record_total(const Measured& measured, const Attributes& attributes,
                                 std::uint64_t now) {
  for (Group& group : groups_) group.store->record_total(measured, attributes, now);
}

std::uint64_t MetricReaders::refused() const {
  std::uint64_t most = 0;  // each store refuses what the others refuse
  for (const Group& group : groups_) most = std::max(most, group.store->refused());
  return most;
}

bool MetricReaders::is_due(const Group& group, std::uint64_t now) {
  if (!group.reader.is_pulled) return now >= group.last + group.reader.interval_nanos;
  return std::any_of(group.exporters.begin(), group.exporters.end(),
                     [](const Exporter* exporter) { return exporter->wants_batch(); });
}

bool MetricReaders::are_due(std::uint64_t now) const {
  return std::any_of(groups_.begin(), groups_.end(),
                     [now](const Group& group) { return is_due(group, now); });
}

}  // namespace kolben::agent
