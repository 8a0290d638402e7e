// Starts the agent process beside the program: no child of it, in a session of its own, with its
// stdout and stderr (the console exporter writes there).
#pragma once

namespace kolben::agent {

struct RingHeader;

// Finds the agent process: $KOLBEN_AGENT_BINARY, beside this launcher or in ../lib/kolben. False:
// nowhere.
bool find_agent_binary(char* path);
// Finds libkolben-agent.so: $KOLBEN_AGENT_LIBRARY, beside this launcher, in ../lib or
// ../lib/kolben.
bool find_agent_library(char* path);
// Finds what of us runs within a runtime: ../lib/kolben/`name` from here.
bool find_runtime_part(const char* name, char* path);

// Does not wait until the agent runs: it begins when the program has something to tell. kFailed: no
// process could be made. Where `binary` cannot be executed, the new process says so on stderr and
// removes the ring.
struct AgentStart {
  const char* binary;
  const char* ring_path;
  RingHeader* ring;
  const char* crash_marks;  // null: none
  // OTEL_CONFIG_FILE is set: waits until the agent process has read it and has told the library
  // what it says (agent/ring/ring.h), which must be before the program begins.
  bool reads_file;
};
// kRefused: it wants no program to look at, and has said why; kSilent: it has not answered.
enum class AgentResult { kStarted, kRefused, kSilent, kFailed };
AgentResult start_agent_process(const AgentStart& start);

}  // namespace kolben::agent
