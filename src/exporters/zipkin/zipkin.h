// The exporter `zipkin`: see README.md.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::exporters::zipkin {

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context);

}  // namespace kolben::exporters::zipkin
