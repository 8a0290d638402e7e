// What `kolben up` says to a person at a terminal.
#pragma once

#include <string>
#include <vector>

#include "pipeline/component.h"

namespace kolben::app {

std::string banner(const std::vector<pipeline::BoundPort>& ports);
// Where the page is, "http://localhost:16686"; empty where the configuration serves none.
std::string page_address(const std::vector<pipeline::BoundPort>& ports);

void print_banner(const std::vector<pipeline::BoundPort>& ports);

}  // namespace kolben::app
