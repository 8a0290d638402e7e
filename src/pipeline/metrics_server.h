// MetricsServer: the program's own metrics at GET /metrics of service.telemetry.metrics.address, in
// the Prometheus text format, with those of the process itself among them. Started and stopped by
// one thread; scrapes are answered on the server's own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/http/server.h"
#include "pipeline/component.h"

namespace kolben::pipeline {

class MetricsServer {
 public:
  // Listens, and reports the port as "telemetry". The host outlives the server.
  static Result<std::unique_ptr<MetricsServer>> start(const std::string& address, Host& host);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  void stop(Deadline deadline);

 private:
  explicit MetricsServer(Host& host) : host_(host) {}

  Host& host_;
  std::vector<TelemetryRegistry::GaugeId> gauges_;
  std::unique_ptr<net::http::Server> server_;
};

// otelcol_process_*: uptime, CPU time and resident memory of this process. Remove the gauges before
// the registry goes.
std::vector<TelemetryRegistry::GaugeId> add_process_metrics(TelemetryRegistry& registry,
                                                            const Clock& clock);

}  // namespace kolben::pipeline
