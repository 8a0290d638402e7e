// The receiver `zipkin`: see README.md.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::receivers::zipkin {

std::unique_ptr<pipeline::Receiver> create(pipeline::CreateContext& context);

}  // namespace kolben::receivers::zipkin
