// MetricReaders: who gets the metrics, and when. Exporters that want them alike (temporality, kind
// of histograms, interval) share a MetricStore for each resource; a measurement goes into each
// group's store. An exporter that is asked (Prometheus) gets them when it says so, the others by
// time. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "agent/process/exporter.h"
#include "agent/process/exporter_settings.h"
#include "agent/process/metric_store.h"
#include "agent/process/process_metrics.h"

namespace kolben::agent {

class MetricReaders {
 public:
  // `settings` of the exporters, in their order; the rest has the defaults. The exporters outlive
  // it.
  MetricReaders(const std::vector<ExporterSettings>& settings,
                const std::vector<Exporter*>& exporters, ExemplarFilter exemplar_filter,
                std::uint64_t now);

  // Whose measurements come from here on: the number of a resource.
  void set_resource(std::uint32_t number) { resource_ = number; }
  std::uint32_t resource() const { return resource_; }
  // As MetricStore's.
  void record(const Measured& measured, const Attributes& attributes, std::uint64_t now);
  void record_total(const Measured& measured, const Attributes& attributes, std::uint64_t now);
  // Measurements that were refused.
  std::uint64_t refused() const;

  enum class Which : bool { kDue, kAll };
  // Whether export_to() would do something.
  bool are_due(std::uint64_t now) const;
  // `fill_resource(number, Resource&, Arena&)` says whose metrics they are. `processes`: by
  // resource, those of whose numbers metrics are to be made, see ProcessMetrics.
  template <typename FillResource>
  void export_to(Which which, const std::vector<std::vector<std::uint32_t>>& processes,
                 std::uint64_t now, FillResource fill_resource) {
    for (Group& group : groups_) {
      if (which == Which::kDue && !is_due(group, now)) continue;
      group.last = now;
      Batch batch(Signal::kMetrics);
      List<ResourceMetrics>& owners = batch.metrics().resources;
      const std::size_t count = std::max(group.kept.size(), processes.size());
      for (std::uint32_t number = 0; number < count; ++number) {
        const auto pids =
            number < processes.size() ? processes[number] : std::vector<std::uint32_t>();
        const bool has_kept = number < group.kept.size() && group.kept[number] != nullptr;
        if (!has_kept && pids.empty()) continue;
        ResourceMetrics& owner = owners.add(batch.arena());
        kept_of(group, number).collect(pids, owner, batch.arena(), now);
        // Nothing was measured: who pushes sends nothing, who is asked says so.
        const bool is_told = !owner.scopes.empty() || (group.reader.is_pulled && number == 0);
        is_told ? fill_resource(number, owner.resource, batch.arena())
                : owners.truncate(owners.size() - 1);
      }
      if (owners.empty()) continue;
      batch.recount();
      for (Exporter* exporter : group.exporters) exporter->export_batch(batch);
    }
  }

 private:
  // Of a resource.
  struct Kept {
    MetricStore store;
    ProcessMetrics processes;
    void collect(const std::vector<std::uint32_t>& pids, ResourceMetrics& owner, Arena& arena,
                 std::uint64_t now);
  };
  struct Group {
    ReaderSettings reader;
    std::vector<std::unique_ptr<Kept>> kept;  // by resource; null: nothing was measured yet
    std::vector<Exporter*> exporters;
    std::uint64_t last = 0;
  };
  static bool is_due(const Group& group, std::uint64_t now);
  Kept& kept_of(Group& group, std::uint32_t resource) {
    const bool is_there = resource < group.kept.size() && group.kept[resource] != nullptr;
    return is_there ? *group.kept[resource] : make_kept(group, resource);
  }
  Kept& make_kept(Group& group, std::uint32_t resource) const;

  const ExemplarFilter exemplar_filter_;
  std::uint32_t resource_ = 0;
  std::vector<Group> groups_;
};

}  // namespace kolben::agent
