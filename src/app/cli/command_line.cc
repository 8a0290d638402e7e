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

std::vector<std::string> option_names(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& names) {
  const std::vector<std::string_view> views(names.begin(), names.end());
  return config::did_you_mean(word, views);
}

// How far a command line could be followed.
struct Followed {
  const CLI::App* command;
  std::string words = "kolben";  // that lead to it
  std::string mistake = {};      // the first word that is neither command nor option of it
  bool is_complete = false;      // false: it ended where another command has to follow
};

Followed follow(const CLI::App& program, int argc, char** argv) {
  Followed out{&program};
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    out.is_complete = out.command->get_require_subcommand_min() == 0;
    if (word.starts_with("--")) {
      const std::string name = word.substr(0, word.find('='));
      const auto names = option_names(*out.command);
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        out.mistake = "unknown option \"" + name + "\"" + did_you_mean(name, names);
      }
      return out;
    }
    const auto commands = out.command->get_subcommands([](const CLI::App*) { return true; });
    if (word.starts_with('-') || commands.empty()) return out;
    const auto found = std::find_if(commands.begin(), commands.end(),
                                    [&](const CLI::App* one) { return one->get_name() == word; });
    if (found == commands.end()) {
      std::vector<std::string> names;
      for (const CLI::App* one : commands) names.push_back(one->get_name());
      out.mistake = "unknown command \"" + word + "\"" + did_you_mean(word, names);
      return out;
    }
    out.command = *found;
    out.words += " " + word;
  }
  out.is_complete = out.command->get_require_subcommand_min() == 0;
  return out;
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
    if (argc == 2 && argv[1] == std::string_view("help")) {
      std::fputs(program.help().c_str(), stdout);
      return 0;
    }
    program.parse(argc, argv);
    return exit_code;
  } catch (const CLI::ParseError& error) {
    // --help and --version come this way too, with code 0.
    if (error.get_exit_code() == 0) return program.exit(error);
    const Followed followed = follow(program, argc, argv);
    if (followed.mistake.empty() && !followed.is_complete) {
      std::fputs(followed.command->help(followed.command == &program ? "" : "kolben").c_str(),
                 stderr);
      return kWrongUsage;
    }
    std::fprintf(
        stderr, "kolben: %s\nRun \"%s --help\" for %s.\n",
        followed.mistake.empty() ? error.what() : followed.mistake.c_str(), followed.words.c_str(),
        followed.command->get_require_subcommand_min() == 0 ? "its options" : "the commands");
    return kWrongUsage;
  }
}

}  // namespace kolben::app
