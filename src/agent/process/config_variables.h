// ${NAME}, ${env:NAME}, ${NAME:-default} and $$ in the values of a configuration file.
// Source: OpenTelemetry specification, "Instrumentation Configuration File", environment variable
// substitution. What a variable brings is text: it is not looked at for further ${...}, and cannot
// become a list or a map. (src/config's own expansion is the Collector's, which does both.)
#pragma once

#include <set>
#include <string>

#include "agent/process/variables.h"
#include "config/node.h"

namespace kolben::agent {

// A value that comes out empty says nothing, like one that is not there. `used` gets the names.
void substitute_variables(config::Node& root, const Environment& environment,
                          std::set<std::string>& used, config::Errors& errors);

}  // namespace kolben::agent
