// kolben COMMAND: cli/, a file a command.
//
// `kolben up` reads: cli/up.cc -> configuration.h (built-in, files, flags) -> run.h (graph, ports
// file, signals) -> pipeline/graph.h with the table of components.cc.

#include "app/cli/commands.h"
#include "app/last_words.h"
#include "app/signals.h"
#include "base/standard_streams.h"

int main(int argc, char** argv) {
  kolben::open_standard_streams();
  kolben::app::say_last_words();
  kolben::app::let_writes_fail();
  return kolben::app::run_command_line(argc, argv);
}
