// The processor `attributes`: see README.md.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::processors::attributes {

std::unique_ptr<pipeline::Processor> create(pipeline::CreateContext& context);

}  // namespace kolben::processors::attributes
