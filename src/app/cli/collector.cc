// kolben collector: the same program without the built-in configuration.

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli/commands.h"
#include "app/components.h"
#include "app/configuration.h"
#include "app/run.h"

namespace kolben::app {

void add_collector(CLI::App& program, int& exit_code) {
  struct Options {
    ConfigurationOptions configuration;
    RunOptions run;
  };
  const auto options = std::make_shared<Options>();
  options->configuration.with_built_in = false;
  CLI::App* collector = program.add_subcommand(
      "collector", "Run an OpenTelemetry Collector configuration as it stands");
  collector
      ->add_option("--config", options->configuration.files,
                   "YAML; several are merged from left to right")
      ->type_name("FILE")
      ->required()
      ->allow_extra_args(false);
  collector
      ->add_option("--set", options->configuration.sets,
                   "Change one value, e.g. exporters.otlp.endpoint=localhost:4317")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  collector
      ->add_option("--ports-file", options->run.ports_file,
                   "Write the bound ports there as JSON once everything is ready")
      ->type_name("FILE");
  collector->callback([options, &exit_code] {
    const auto load = [&options](config::Errors& errors) {
      return load_configuration(options->configuration, config::process_environment(), errors);
    };
    exit_code = run(load, components(), options->run);
  });
}

}  // namespace kolben::app
