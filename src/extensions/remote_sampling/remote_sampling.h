// The extension `remote_sampling`: see README.md.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::extensions::remote_sampling {

std::unique_ptr<pipeline::Extension> create(pipeline::CreateContext& context);

}  // namespace kolben::extensions::remote_sampling
