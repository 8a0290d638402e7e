// Jaeger's file of strategies -> Strategies. JSON, or YAML, of which JSON is a part, so that each
// mistake is told with its line. Pure; bounded as config/yaml.h is.
// Source: https://www.jaegertracing.io/docs/latest/architecture/sampling/, "File-based Sampling
// Configuration".
#pragma once

#include <string>
#include <string_view>

#include "config/node.h"
#include "extensions/remote_sampling/strategies.h"

namespace kolben::extensions::remote_sampling {

// `default_probability` where the file names no strategy. What is wrong goes to the errors, under
// the file's name.
Strategies read_strategies(std::string_view text, const std::string& file,
                           double default_probability, config::Errors& errors);

bool is_probability(double value);

}  // namespace kolben::extensions::remote_sampling
