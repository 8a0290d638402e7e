// kolben up: everything, with the built-in configuration.

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/commands.h"
#include "app/components.h"
#include "app/configuration.h"
#include "app/run.h"

namespace kolben::app {
namespace {

constexpr const char* kPorts =
    R"(Ports, and what moves them (0 takes a free one), e.g. --set receivers.zipkin.endpoint=localhost:0
  4317    receivers.otlp.protocols.grpc.endpoint
  4318    receivers.otlp.protocols.http.endpoint
  9411    receivers.zipkin.endpoint
  5778    extensions.remote_sampling.http.endpoint
  5779    extensions.remote_sampling.grpc.endpoint
  16686   extensions.query.endpoint
  8888    service.telemetry.metrics.address
  8889    exporters.prometheus.endpoint
  13133   extensions.health_check.endpoint)";

}  // namespace

void add_up(CLI::App& program, int& exit_code) {
  struct Options {
    ConfigurationOptions configuration;
    RunOptions run;
  };
  // Shared by the options' targets and the callback, which outlive this function.
  const auto options = std::make_shared<Options>();
  options->run.with_banner = true;
  CLI::App* up = program.add_subcommand("up", "Run everything: receive, store, show");
  up->add_option("--data", options->configuration.data_dir,
                 "Where data is kept (default: kolben in the XDG data home)")
      ->type_name("DIR");
  up->add_option("--listen", options->configuration.listen_host,
                 "Address to listen on (default: $KOLBEN_LISTEN_HOST, or localhost)")
      ->type_name("HOST");
  up->add_option("--config", options->configuration.files,
                 "YAML merged over the built-in configuration; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false);
  up->add_option("--set", options->configuration.sets,
                 "Change one value of `kolben config show`; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  up->add_option("--ports-file", options->run.ports_file,
                 "Write the bound ports there as JSON once everything is ready")
      ->type_name("FILE");
  up->footer(kPorts);
  up->callback([options, &exit_code] {
    const auto load = [&options](config::Errors& errors) {
      return load_configuration(options->configuration, config::process_environment(), errors);
    };
    exit_code = run(load, components(), options->run);
  });
}

}  // namespace kolben::app
