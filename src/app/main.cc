// kolben: one program, two ways in.
//
//   kolben agent ...   the process beside a program under opentelemetry-instrument; started by the
//                      launcher, it must be quick and small, so it goes before everything else
//   kolben COMMAND     for people and scripts: cli/, a file a command
//
// `kolben up` reads: cli/up.cc -> configuration.h (built-in, files, flags) -> run.h (graph, ports
// file, signals) -> pipeline/graph.h with the table of components.cc.

#include <string_view>

#include "agent/process/process_main.h"
#include "app/cli/commands.h"
#include "app/last_words.h"
#include "base/standard_streams.h"

int main(int argc, char** argv) {
  kolben::open_standard_streams();
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "agent") return kolben::agent::process_main(argc - 1, argv + 1);
  kolben::app::say_last_words();
  return kolben::app::run_command_line(argc, argv);
}
