// Says what is wrong with the variables of the settings before the program begins: the agent
// process, which does what they say, starts later, and its lines would stand among the program's,
// or behind the shell's next prompt.
#pragma once

namespace kolben::agent {

// With OTEL_LOG_LEVEL=error and above nothing.
void say_settings();

}  // namespace kolben::agent
