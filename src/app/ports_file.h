// The ports file: what a script needs to know of a program that runs, as JSON:
//   {"pid":4711,"ports":{"otlp/grpc":4317,"query":16686}}
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "pipeline/component.h"

namespace kolben::app {

std::string ports_json(int pid, const std::vector<pipeline::BoundPort>& ports);

// Whole or not at all: a temporary file beside it, then a rename.
Status write_ports_file(const std::string& path, const std::vector<pipeline::BoundPort>& ports);

}  // namespace kolben::app
