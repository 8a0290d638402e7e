// Every component of the program: one line each, in components.cc.
#pragma once

#include <span>

#include "pipeline/component.h"

namespace kolben::app {

std::span<const pipeline::ComponentType> components();

}  // namespace kolben::app
