// The settings that OpenTelemetry has no name for, KOLBEN_AGENT_*, and a configuration file no key:
// they hold beside one, too. (For log files it has one.) Those that only the library reads are
// checked here. Of OpenTelemetry's own, those that a configuration file has for Java alone.
#pragma once

#include <string_view>

#include "agent/process/settings.h"
#include "agent/process/variables.h"

namespace kolben::agent {

// The agent for Java has these, the second one by its older name.
inline constexpr std::string_view kSanitizationVariables[] = {
    "OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED",
    "OTEL_INSTRUMENTATION_COMMON_DB_STATEMENT_SANITIZER_ENABLED"};

void read_own_settings(Variables& variables, Settings& settings);

}  // namespace kolben::agent
