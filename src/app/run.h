// run(): from a configuration to a running program, until a signal ends it.
#pragma once

#include <functional>
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

// Reads the configuration; mistakes go to the errors. Called again by SIGHUP.
using LoadConfiguration = std::function<config::Node(config::Errors&)>;

// The exit code: 0 after a graceful stop, 1 where the configuration is wrong or the start failed;
// the reasons are on stderr then.
//
// SIGHUP (app/signals.h) loads and checks the configuration again. Where it is right, what runs
// finishes what it has taken and ends, and the new takes its place: ports are closed for that time,
// and own counters begin anew. Where it is wrong, that is logged, and what runs goes on.
int run(const LoadConfiguration& load, std::span<const pipeline::ComponentType> components,
        const RunOptions& options);

}  // namespace kolben::app
