#include "agent/process/own_settings.h"

#include <string>
#include <string_view>

namespace kolben::agent {
namespace {

// The library decides (agent/preload/process_context.h).
void check_command_spans(Variables& variables) {
  const std::string_view name = "KOLBEN_AGENT_COMMAND_SPANS";
  const std::string value = lower(variables.text(name));
  if (value.empty() || value == "auto" || value == "always" || value == "never") return;
  variables.warn_value(name, value, "unknown (known: auto, always, never); using auto");
}

void read_console_format(Variables& variables, Settings& settings) {
  const std::string_view name = "KOLBEN_AGENT_CONSOLE_FORMAT";
  const std::string value = lower(variables.text(name));
  if (value == "newest") settings.console_format = ConsoleFormat::kNewest;
  if (value.empty() || value == "newest" || value == "1.27") return;
  variables.warn_value(name, value, "unknown (known: 1.27, newest); using 1.27");
}

// What is mistyped must not show values that nobody asked to see.
void read_sanitization(Variables& variables, Settings& settings) {
  for (const std::string_view name : kSanitizationVariables) {
    const std::string value = lower(variables.text(name));
    if (value.empty()) continue;
    settings.sanitizes_sql = value != "false";
    if (value == "true" || value == "false") return;
    return variables.warn_value(name, value, "neither true nor false; true holds");
  }
}

}  // namespace

void read_own_settings(Variables& variables, Settings& settings) {
  check_command_spans(variables);
  read_console_format(variables, settings);
  read_sanitization(variables, settings);
  settings.conventions.body_sizes = variables.boolean("KOLBEN_AGENT_HTTP_BODY_SIZES", false);
}

}  // namespace kolben::agent
