// run(): from a configuration to a running program, until a signal ends it.
#pragma once

#include <span>
#include <string>

#include "config/node.h"
#include "pipeline/component.h"

namespace kolben::app {

struct RunOptions {
  // Written once everything is ready; empty: none.
  std::string ports_file;
  // Greets a person at a terminal with addresses.
  bool with_banner = false;
};

// The exit code: 0 after a graceful stop, 1 where the configuration is wrong or the start failed;
// the reasons are on stderr then. `errors` holds what loading `root` found.
int run(const config::Node& root, config::Errors& errors,
        std::span<const pipeline::ComponentType> components, const RunOptions& options);

}  // namespace kolben::app
