// The variables that have an effect in the agent (its process, its launcher or its library); all
// others of that prefix are accepted, and named in one warning.
#pragma once

#include <string_view>

namespace kolben::agent {

bool is_known_setting(std::string_view name);

}  // namespace kolben::agent
