// kolben config show, kolben config check: the configuration in force, and whether it is right.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "app/cli/commands.h"
#include "app/components.h"
#include "app/configuration.h"
#include "config/emit.h"
#include "pipeline/graph.h"

namespace kolben::app {
namespace {

void add_options(CLI::App& command, ConfigurationOptions& options) {
  command.add_option("--data", options.data_dir, "As for `kolben up`")->type_name("DIR");
  command.add_option("--listen", options.listen_host, "As for `kolben up`")->type_name("HOST");
  command.add_option("--config", options.files, "YAML, merged from left to right")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command.add_option("--set", options.sets, "Change one value")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  command.add_flag_callback(
      "--no-built-in", [&options] { options.with_built_in = false; },
      "Leave the built-in configuration out, as `kolben collector` does");
}

void print(const std::vector<std::string>& lines, const char* prefix) {
  for (const std::string& line : lines) std::fprintf(stderr, "%s%s\n", prefix, line.c_str());
}

int show(const ConfigurationOptions& options) {
  config::Errors errors;
  const config::Node root = load_configuration(options, config::process_environment(), errors);
  print(errors.warnings(), "warning: ");
  print(errors.messages(), "");
  if (!errors.empty()) return 1;
  std::fputs(config::to_masked_yaml(root).c_str(), stdout);
  return 0;
}

int check(const ConfigurationOptions& options) {
  config::Errors errors;
  const config::Node root = load_configuration(options, config::process_environment(), errors);
  const bool is_built =
      errors.empty() && pipeline::Graph::build(root, components(), errors) != nullptr;
  print(errors.warnings(), "warning: ");
  print(errors.messages(), "");
  if (is_built) std::puts("The configuration is right.");
  return is_built ? 0 : 1;
}

}  // namespace

void add_config(CLI::App& program, int& exit_code) {
  CLI::App* config = program.add_subcommand("config", "Show or check the configuration");
  config->require_subcommand(1);
  const auto options = std::make_shared<ConfigurationOptions>();
  CLI::App* show_command =
      config->add_subcommand("show", "Print the configuration in force as YAML, secrets masked");
  add_options(*show_command, *options);
  show_command->callback([options, &exit_code] { exit_code = show(*options); });
  CLI::App* check_command =
      config->add_subcommand("check", "Find all mistakes, without starting anything");
  add_options(*check_command, *options);
  check_command->callback([options, &exit_code] { exit_code = check(*options); });
}

}  // namespace kolben::app
