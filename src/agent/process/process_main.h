// `kolben-agent --ring PATH --pid PID`: the process beside the program. Started by the launcher in
// a session of its own, with the program's environment and output.
#pragma once

namespace kolben::agent {

// Runs until the program, and all processes that it left behind, have ended; removes the ring. The
// exit code: 0; 2 where the arguments are wrong; 1 where the ring cannot be mapped. Reports on
// stderr; never disturbs the program.
int process_main(int argc, char** argv);

}  // namespace kolben::agent
