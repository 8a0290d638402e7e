// The variables that have an effect in the agent (its process, its launcher or its library); all
// others that begin like them are accepted, and named in one warning.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "agent/process/variables.h"

namespace kolben::agent {

bool is_known_setting(std::string_view name);

// "OTEL_SERVICENAME (did you mean OTEL_SERVICE_NAME?), OTEL_GO_X_ALL": those of OpenTelemetry and
// of ours that are set, but for the ones that have an effect.
std::string names_without_effect(const Environment& environment,
                                 const std::function<bool(std::string_view)>& has_effect);

}  // namespace kolben::agent
