#include "app/run.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/banner.h"
#include "app/descriptor_limit.h"
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

void tell(const Status& status) {
  const std::string message(status.message());
  std::fprintf(stderr, "kolben: %s\n", message.c_str());
  if (message.find(": port ") != std::string::npos &&
      message.find(" is in use") != std::string::npos) {
    std::fputs("kolben: `kolben up --help` names the setting that moves each port\n", stderr);
  }
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
  // Null where `errors` got something. Nothing runs yet.
  static std::unique_ptr<Program> build(const LoadConfiguration& load,
                                        std::span<const pipeline::ComponentType> components,
                                        config::Errors& errors) {
    const config::Node root = load(errors);
    auto graph = errors.empty() ? pipeline::Graph::build(root, components, errors) : nullptr;
    if (graph == nullptr) return nullptr;
    return std::make_unique<Program>(root, std::move(graph));
  }

  Program(const config::Node& root, std::unique_ptr<pipeline::Graph> graph)
      : host_(system_clock(), config::to_masked_yaml(root)), graph_(std::move(graph)) {}

  Status start() {
    const pipeline::TelemetrySettings& telemetry = graph_->service().telemetry;
    log::set_level(telemetry.log_level);
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

// Starts the program and tells the world where it is to be found.
Status launch(Program& program, const config::Errors& errors, const RunOptions& options,
              Signals& signals) {
  {
    const Signals::Starting starting(signals);
    KOLBEN_RETURN_IF_ERROR(program.start());
  }
  for (const std::string& warning : errors.warnings()) log::warn("config", warning);
  const std::vector<pipeline::BoundPort> ports = program.ports();
  log_ports(ports);
  if (!options.ports_file.empty()) {
    if (Status status = write_ports_file(options.ports_file, ports); !status.is_ok()) {
      program.stop();
      return status;
    }
  }
  if (options.with_banner && isatty(STDOUT_FILENO) == 1) print_banner(ports);
  if (const std::string page = page_address(ports); !page.empty()) {
    log::info("kolben", "ready", {{"page", page}});
  } else {
    log::info("kolben", "ready");
  }
  return Status::ok();
}

// Puts a program of the configuration as it is now in the place of the one that runs, which stays
// where the configuration is wrong. An error: nothing runs any more.
Status reload(std::unique_ptr<Program>& program, const LoadConfiguration& load,
              std::span<const pipeline::ComponentType> components, const RunOptions& options,
              Signals& signals) {
  log::info("kolben", "reading the configuration again");
  config::Errors errors;
  std::unique_ptr<Program> next = Program::build(load, components, errors);
  if (next == nullptr) {
    for (const std::string& mistake : errors.messages()) log::error("config", mistake);
    log::error("kolben", "the configuration is wrong; the one before stays in force");
    return Status::ok();
  }
  program->stop();
  program = std::move(next);
  return launch(*program, errors, options, signals);
}

}  // namespace

int run(const LoadConfiguration& load, std::span<const pipeline::ComponentType> components,
        const RunOptions& options) {
  if (const Status raised = raise_descriptor_limit(); !raised.is_ok()) {
    tell(raised);
    return 1;
  }
  config::Errors errors;
  std::unique_ptr<Program> program = Program::build(load, components, errors);
  if (program == nullptr) {
    std::fputs(errors.to_string().c_str(), stderr);
    return 1;
  }
  // A file of an earlier run must not be taken for this one's.
  const auto remove_ports_file = [&options] {
    if (!options.ports_file.empty()) ::unlink(options.ports_file.c_str());
  };
  remove_ports_file();
  Signals signals(remove_ports_file);
  Status status = launch(*program, errors, options, signals);
  while (status.is_ok() && signals.wait() == Wish::kReload) {
    status = reload(program, load, components, options, signals);
  }
  if (status.is_ok()) {
    log::info("kolben", "stopping");
    program->stop();
  } else {
    tell(status);
  }
  // While there is somebody to hear a second signal: what is destroyed may take its time.
  program.reset();
  remove_ports_file();
  if (status.is_ok()) log::info("kolben", "stopped");
  return status.is_ok() ? 0 : 1;
}

}  // namespace kolben::app
