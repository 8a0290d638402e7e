// What `kolben up` says to a person at a terminal.
#pragma once

#include <string>
#include <vector>

#include "pipeline/component.h"

namespace kolben::app {

std::string banner(const std::vector<pipeline::BoundPort>& ports);
void print_banner(const std::vector<pipeline::BoundPort>& ports);

}  // namespace kolben::app
