// MetricReaders: who gets the metrics, and when. Exporters that want them alike (temporality, kind
// of histograms, interval) share one MetricStore; a measurement goes into each store. An exporter
// that is asked (Prometheus) gets them when it says so, the others by time. One thread.
#pragma once

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

  // As MetricStore's.
  void record(const Measured& measured, const Attributes& attributes, std::uint64_t now);
  void record_total(const Measured& measured, const Attributes& attributes, std::uint64_t now);
  // Measurements that were refused.
  std::uint64_t refused() const;

  enum class Which : bool { kDue, kAll };
  // Whether export_to() would do something.
  bool are_due(std::uint64_t now) const;
  // `fill_resource(Resource&, Arena&)` says whose metrics they are.
  // `processes`: those of whose numbers metrics are to be made, see ProcessMetrics.
  template <typename FillResource>
  void export_to(Which which, const std::vector<std::uint32_t>& processes, std::uint64_t now,
                 FillResource fill_resource) {
    for (Group& group : groups_) {
      if (which == Which::kDue && !is_due(group, now)) continue;
      group.last = now;
      Batch batch(Signal::kMetrics);
      ResourceMetrics& resource = batch.metrics().resources.add(batch.arena());
      fill_resource(resource.resource, batch.arena());
      group.store->collect(resource, batch.arena(), now);
      group.processes->collect(processes, resource, batch.arena(), now);
      // Nothing was measured: who pushes sends nothing, who is asked says so.
      if (resource.scopes.empty() && !group.reader.is_pulled) continue;
      batch.recount();
      for (Exporter* exporter : group.exporters) exporter->export_batch(batch);
    }
  }

 private:
  struct Group {
    ReaderSettings reader;
    std::unique_ptr<MetricStore> store;
    std::unique_ptr<ProcessMetrics> processes;
    std::vector<Exporter*> exporters;
    std::uint64_t last = 0;
  };
  static bool is_due(const Group& group, std::uint64_t now);

  std::vector<Group> groups_;
};

}  // namespace kolben::agent
