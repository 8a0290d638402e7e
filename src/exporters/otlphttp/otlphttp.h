// The exporter `otlp_http`: see README.md.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::exporters::otlphttp {

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context);

}  // namespace kolben::exporters::otlphttp
