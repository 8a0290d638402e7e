// The name of a component in a configuration: "type" or "type/name".
// Source: the Collector's component.ID (rules and error texts).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace kolben::pipeline {

struct ComponentId {
  std::string type;
  std::string name;  // empty where there is none

  std::string to_string() const { return name.empty() ? type : type + "/" + name; }
};

// Spaces around the parts are trimmed. INVALID_ARGUMENT tells which part is wrong.
Result<ComponentId> parse_component_id(std::string_view text);

}  // namespace kolben::pipeline
