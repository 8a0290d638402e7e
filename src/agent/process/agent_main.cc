// The agent process as a program of its own, for tests of this folder.
#include "agent/process/process_main.h"

int main(int argc, char** argv) {
  return kolben::agent::process_main(argc, argv);
}
