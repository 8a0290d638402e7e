// kolben-agent: the process beside a program under opentelemetry-instrument.
#include "agent/process/process_main.h"
#include "base/standard_streams.h"

int main(int argc, char** argv) {
  kolben::open_standard_streams();
  return kolben::agent::process_main(argc, argv);
}
