// The exporter `store`: takes every signal into the embedded store, and resolves receipts when the
// data is on disk. It provides storage::Store to the rest of the program under its id.
// Its keys are in README.md.
//
// consume() refuses with RESOURCE_EXHAUSTED and a delay while the store's memory, or the disk, is
// full. Threads: those of the engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pipeline/component.h"
#include "storage/engine/engine.h"

namespace kolben::exporters::store {

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context);

class StoreExporter final : public pipeline::Exporter {
 public:
  StoreExporter(std::string id, storage::engine::Options options);

  Status start(pipeline::Host& host) override;
  Status consume(pipeline::Delivery&& delivery) override;
  void stop(pipeline::Deadline deadline) override;

 private:
  struct Counters {
    pipeline::Counter* sent = nullptr;
    pipeline::Counter* failed = nullptr;
    pipeline::Counter* refused = nullptr;
  };

  void register_metrics();
  Counters& counters_of(Signal signal) { return counters_[static_cast<std::size_t>(signal) - 1]; }

  const std::string id_;
  const storage::engine::Options options_;
  pipeline::Host* host_ = nullptr;
  std::unique_ptr<storage::engine::Engine> engine_;
  Counters counters_[std::size(kAllSignals)];
  std::vector<pipeline::TelemetryRegistry::GaugeId> gauges_;
  pipeline::HealthRegistry::CheckId health_check_ = 0;
};

}  // namespace kolben::exporters::store
