// The command line as a whole: help, wrong commands, exit codes.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/commands.h"
#include "config/node.h"

namespace kolben::app {
namespace {

constexpr int kWrongUsage = 2;

std::vector<std::string_view> option_names(const CLI::App& command) {
  std::vector<std::string_view> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  }
  return names;
}

// ` (did you mean "up"?)` for the first word after the program that is neither command nor option.
std::string unknown_word(const CLI::App& program, int argc, char** argv) {
  const CLI::App* command = &program;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word.starts_with("--")) {
      const std::string name = word.substr(2, word.find('=') - 2);
      const auto names = option_names(*command);
      if (std::find(names.begin(), names.end(), name) != names.end()) return "";
      return "unknown option \"--" + name + "\"" + config::did_you_mean(name, names);
    }
    const auto commands = command->get_subcommands([](const CLI::App*) { return true; });
    if (word.starts_with('-') || commands.empty()) return "";
    const auto found = std::find_if(commands.begin(), commands.end(),
                                    [&](const CLI::App* one) { return one->get_name() == word; });
    if (found == commands.end()) {
      std::vector<std::string_view> names;
      for (const CLI::App* one : commands) names.push_back(one->get_name());
      return "unknown command \"" + word + "\"" + config::did_you_mean(word, names);
    }
    command = *found;
  }
  return "";
}

void add_commands(CLI::App& program, int& exit_code) {
  add_up(program, exit_code);
  add_collector(program, exit_code);
  add_config(program, exit_code);
  add_components(program, exit_code);
  add_store(program, exit_code);
  add_version(program, exit_code);
  program.set_version_flag("--version", "kolben " KOLBEN_VERSION);
  program.require_subcommand(1);
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App program("Shows what your software does: collects, stores and shows its telemetry.",
                   "kolben");
  int exit_code = 0;
  try {
    add_commands(program, exit_code);
    if (argc < 2) {
      std::fputs(program.help().c_str(), stderr);
      return kWrongUsage;
    }
    program.parse(argc, argv);
    return exit_code;
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too, with code 0.
    if (error.get_exit_code() == 0) return program.exit(error);
    const std::string unknown = unknown_word(program, argc, argv);
    std::fprintf(stderr, "kolben: %s\nRun \"kolben --help\" for the commands.\n",
                 unknown.empty() ? error.what() : unknown.c_str());
    return kWrongUsage;
  }
}

}  // namespace kolben::app
