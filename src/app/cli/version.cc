// kolben version

#include <CLI/CLI.hpp>
#include <cstdio>

#include "app/cli/commands.h"

namespace kolben::app {

void add_version(CLI::App& program, int& exit_code) {
  program.add_subcommand("version", "Print the version")->callback([&exit_code] {
    std::puts("kolben " KOLBEN_VERSION);
    exit_code = 0;
  });
}

}  // namespace kolben::app
