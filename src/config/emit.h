// Node -> YAML text, for `kolben config show` and the page that shows the configuration in force.
#pragma once

#include <string>

#include "config/node.h"

namespace kolben::config {

// Block style, keys in their order. What looks like a secret is written as "[REDACTED]": values of
// `headers`, and texts under keys that speak of passwords, tokens, secrets or private keys.
std::string to_masked_yaml(const Node& node);

// Everything as it is.
std::string to_yaml(const Node& node);

}  // namespace kolben::config
