// OTEL_CONFIG_FILE: OpenTelemetry's declarative configuration, in YAML or JSON. Where it is set,
// the other variables of the SDK count only as ${NAME} within the file.
//
// A mistake is told with its line and column, and then there is no telemetry: half of a
// configuration is none. What the agent understands and cannot do is a warning; the rest holds.
// Source: OpenTelemetry specification, "Declarative configuration";
// opentelemetry-configuration 1.1, and where names differ 0.3, 0.4 and 1.0.
#pragma once

#include <string>
#include <string_view>

#include "agent/process/settings.h"

namespace kolben::agent {

// The file that the variables name; empty: none.
std::string_view config_file_of(const Environment& environment);

// From the file where there is one, else from the variables.
Settings load_settings(const Environment& environment);
// As the first ones were loaded, of other variables, without a look at the file: it may be another
// one by now, or gone, or a pipe.
Settings load_like(const Settings& first, const Environment& environment);

// From the text of a file, which messages call `name`.
Settings read_config(std::string_view text, const std::string& name,
                     const Environment& environment);

}  // namespace kolben::agent
