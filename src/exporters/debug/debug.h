// The exporter `debug`: see README.md.
#pragma once

#include <memory>

#include "pipeline/component.h"

namespace kolben::exporters::debug {

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context);

}  // namespace kolben::exporters::debug
