// ExporterSet: all exporters that the settings ask for, by signal, and their common end.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "agent/process/console_exporter.h"
#include "agent/process/network_exporter.h"
#include "agent/process/prometheus_exporter.h"
#include "agent/process/recorder.h"
#include "agent/process/settings.h"
#include "base/clock.h"

namespace kolben::agent {

class ExporterSet {
 public:
  // All but the settings outlive it.
  ExporterSet(const Settings& settings, SharedOutput& output, Clock& clock, Messages& messages);

  // In the order of the settings.
  const Exporters& by_signal() const { return by_signal_; }
  // Sends what is left, says what was lost. Whatever hangs in a library, the process ends.
  void shutdown(std::chrono::steady_clock::time_point deadline);

 private:
  std::vector<Exporter*>& list_of(Signal signal);
  Exporter* add(const Settings& settings, Signal signal, const ExporterSettings& exporter);
  Exporter* add_network(const Settings& settings, Signal signal, const ExporterSettings& exporter);

  SharedOutput& output_;
  Clock& clock_;
  Messages& messages_;
  // Exporters of three signals say once why a collector takes nothing.
  const std::shared_ptr<SaidOnce> causes_ = std::make_shared<SaidOnce>();
  // And together when it takes something again.
  const std::shared_ptr<Outages> outages_ = std::make_shared<Outages>();
  std::unique_ptr<ConsoleExporter> console_;
  std::vector<std::unique_ptr<NetworkExporter>> network_;
  std::vector<std::unique_ptr<PrometheusExporter>> prometheus_;
  Exporters by_signal_;
};

}  // namespace kolben::agent
