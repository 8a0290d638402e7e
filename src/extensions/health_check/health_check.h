// The extension `health_check`: see README.md.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::extensions::health_check {

std::unique_ptr<pipeline::Extension> create(pipeline::CreateContext& context);

}  // namespace kolben::extensions::health_check
