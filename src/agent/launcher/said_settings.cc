#include "agent/launcher/said_settings.h"

#include <cstdio>
#include <string>

#include "agent/launcher/exporter_names.h"
#include "agent/process/settings.h"
#include "agent/process/shown_line.h"

namespace kolben::agent {
namespace {

// Wrong names of exporters are said elsewhere (main.cc); the agent process does not get them.
Environment environment_of_agent() {
  Environment environment = process_environment();
  for (const char* variable : kExporterVariables) {
    const auto found = environment.find(variable);
    if (found == environment.end()) continue;
    ExporterFault fault;
    if (!find_exporter_fault(variable, found->second.c_str(), &fault)) continue;
    char kept[1024];
    keep_known_exporters(variable, found->second.c_str(), kept, sizeof(kept));
    found->second = kept;
  }
  return environment;
}

}  // namespace

void say_settings() {
  const Environment environment = environment_of_agent();
  const Settings settings = read_settings(environment);
  if (settings.log_level != LogLevel::kAll) return;
  for (const std::string& warning : settings.warnings) {
    std::fprintf(stderr, "%s\n", shown_line("kolben agent: " + warning).c_str());
  }
}

}  // namespace kolben::agent
