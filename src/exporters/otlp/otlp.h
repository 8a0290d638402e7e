// The exporter `otlp_grpc`: see README.md.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::exporters::otlp {

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context);

}  // namespace kolben::exporters::otlp
