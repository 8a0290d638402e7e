#include "agent/process/metric_readers.h"

#include <algorithm>
#include <utility>

namespace kolben::agent {

MetricReaders::MetricReaders(const std::vector<ExporterSettings>& settings,
                             const std::vector<Exporter*>& exporters,
                             ExemplarFilter exemplar_filter, std::uint64_t now)
    : exemplar_filter_(exemplar_filter) {
  for (std::size_t i = 0; i < exporters.size(); ++i) {
    const ReaderSettings reader = i < settings.size() ? settings[i].reader : ReaderSettings();
    auto group = std::find_if(groups_.begin(), groups_.end(),
                              [&](const Group& other) { return other.reader == reader; });
    if (group == groups_.end()) {
      groups_.push_back({.reader = reader, .kept = {}, .exporters = {}, .last = now});
      group = groups_.end() - 1;
      make_kept(*group, 0);
    }
    group->exporters.push_back(exporters[i]);
  }
}

MetricReaders::Kept& MetricReaders::make_kept(Group& group, std::uint32_t resource) const {
  if (resource >= group.kept.size()) group.kept.resize(resource + 1);
  const ReaderSettings& reader = group.reader;
  group.kept[resource] = std::make_unique<Kept>(
      Kept{MetricStore(reader.counters, reader.histograms, reader.histogram_kind, exemplar_filter_,
                       Random::from_system()),
           ProcessMetrics(reader.counters)});
  return *group.kept[resource];
}

void MetricReaders::Kept::collect(const std::vector<std::uint32_t>& pids, ResourceMetrics& owner,
                                  Arena& arena, std::uint64_t now) {
  store.collect(owner, arena, now);
  processes.collect(pids, owner, arena, now);
}

void MetricReaders::record(const Measured& measured, const Attributes& attributes,
                           std::uint64_t now) {
  for (Group& group : groups_) kept_of(group, resource_).store.record(measured, attributes, now);
}

void MetricReaders::record_total(const Measured& measured, const Attributes& attributes,
                                 std::uint64_t now) {
  for (Group& group : groups_) {
    kept_of(group, resource_).store.record_total(measured, attributes, now);
  }
}

std::uint64_t MetricReaders::refused() const {
  std::uint64_t most = 0;  // each store refuses what the others refuse
  for (const Group& group : groups_) {
    std::uint64_t refused = 0;
    for (const auto& kept : group.kept) refused += kept == nullptr ? 0 : kept->store.refused();
    most = std::max(most, refused);
  }
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
