// The section `resource` of a configuration file.
// Source: opentelemetry-configuration 1.1, resource.yaml.
#pragma once

#include "agent/process/settings.h"
#include "config/reader.h"

namespace kolben::agent {

void read_resource(config::Reader& resource, const Environment& environment, Settings& settings,
                   config::Errors& errors);

}  // namespace kolben::agent
