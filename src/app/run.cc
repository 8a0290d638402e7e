#include "app/run.h"

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/banner.h"
#include "app/ports_file.h"
#include "app/signals.h"
#include "base/clock.h"
#include "config/emit.h"
#include "pipeline/graph.h"
#include "pipeline/log.h"
#include "pipeline/metrics_server.h"
#include "pipeline/service_host.h"

namespace kolben::app {
namespace {

// For queues to empty and connections to end. Service managers wait longer before they kill
// (systemd 90 s, Kubernetes 30 s, Docker 10 s); an impatient person sends a second signal.
constexpr auto kStopMax = std::chrono::seconds(8);

// The built-in configuration holds some 40 before anybody connects; gRPC aborts where it gets none.
constexpr rlim_t kDescriptorsMin = 64;

// Many connections need many descriptors; the soft limit is there for programs that use select().
Status raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return Status::ok();
  if (limit.rlim_max < kDescriptorsMin) {
    return failed_precondition("only " + std::to_string(limit.rlim_max) + " files may be open, " +
                               std::to_string(kDescriptorsMin) +
                               " are needed at least: raise the limit (ulimit -n)");
  }
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return Status::ok();
}

void tell(const Status& status) {
  std::fprintf(stderr, "kolben: %s\n", std::string(status.message()).c_str());
}

void log_ports(const std::vector<pipeline::BoundPort>& ports) {
  for (const pipeline::BoundPort& port : ports) {
    log::info("kolben", "listening",
              {{"name", port.name}, {"host", port.host}, {"port", std::to_string(port.port)}});
  }
}

// The graph and its surroundings, while they run.
class Program {
 public:
  Program(const config::Node& root, std::unique_ptr<pipeline::Graph> graph)
      : host_(system_clock(), config::to_masked_yaml(root)), graph_(std::move(graph)) {}

  Status start() {
    const pipeline::TelemetrySettings& telemetry = graph_->service().telemetry;
    if (telemetry.metrics_enabled) {
      auto server = pipeline::MetricsServer::start(telemetry.metrics_address, host_);
      if (!server.has_value()) {
        return std::move(server).error().with_context("failed to serve own metrics");
      }
      metrics_ = std::move(server).value();
    }
    KOLBEN_RETURN_IF_ERROR(graph_->start(host_));
    host_.set_ready(true);
    return Status::ok();
  }

  void stop() {
    const auto deadline = std::chrono::steady_clock::now() + kStopMax;
    host_.set_ready(false);
    graph_->stop(deadline);
    if (metrics_ != nullptr) metrics_->stop(deadline);
  }

  std::vector<pipeline::BoundPort> ports() const { return host_.ports(); }

 private:
  // Destroyed from the last to the first: the host outlives what asks it.
  pipeline::ServiceHost host_;
  std::unique_ptr<pipeline::MetricsServer> metrics_;
  std::unique_ptr<pipeline::Graph> graph_;
};

int serve(Program& program, StopSignals& signals, const RunOptions& options) {
  const std::vector<pipeline::BoundPort> ports = program.ports();
  log_ports(ports);
  if (!options.ports_file.empty()) {
    if (const Status status = write_ports_file(options.ports_file, ports); !status.is_ok()) {
      tell(status);
      program.stop();
      return 1;
    }
  }
  if (options.with_banner && isatty(STDOUT_FILENO) == 1) print_banner(ports);
  log::info("kolben", "ready");
  const int signal = signals.wait();
  log::info("kolben", "stopping", {{"signal", std::to_string(signal)}});
  program.stop();
  if (!options.ports_file.empty()) ::unlink(options.ports_file.c_str());
  log::info("kolben", "stopped");
  return 0;
}

}  // namespace

int run(const config::Node& root, config::Errors& errors,
        std::span<const pipeline::ComponentType> components, const RunOptions& options) {
  auto graph = errors.empty() ? pipeline::Graph::build(root, components, errors) : nullptr;
  if (graph == nullptr) {
    std::fputs(errors.to_string().c_str(), stderr);
    return 1;
  }
  log::set_level(graph->service().telemetry.log_level);
  for (const std::string& warning : errors.warnings()) log::warn("config", warning);
  if (const Status raised = raise_descriptor_limit(); !raised.is_ok()) {
    tell(raised);
    return 1;
  }
  // A file of an earlier run must not be taken for this one's.
  if (!options.ports_file.empty()) ::unlink(options.ports_file.c_str());
  StopSignals signals;
  Program program(root, std::move(graph));
  if (const Status status = program.start(); !status.is_ok()) {
    tell(status);
    return 1;
  }
  return serve(program, signals, options);
}

}  // namespace kolben::app
