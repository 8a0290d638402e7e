// The commands, a file each. Every function adds its command to the program; when the command line
// names it, it runs while the line is parsed and leaves its exit code: 0 done, 1 failed, 2 wrong
// usage.
#pragma once

namespace CLI {
class App;
}

namespace kolben::app {

void add_up(CLI::App& program, int& exit_code);
void add_collector(CLI::App& program, int& exit_code);
void add_config(CLI::App& program, int& exit_code);
void add_components(CLI::App& program, int& exit_code);
void add_store(CLI::App& program, int& exit_code);
void add_version(CLI::App& program, int& exit_code);

// Parses and runs. Everything but the agent's command, which main() takes out before.
int run_command_line(int argc, char** argv);

}  // namespace kolben::app
