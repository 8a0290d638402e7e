// The names in OTEL_TRACES_EXPORTER and its like: a wrong one is said before the program starts,
// not by the agent process after it. No C++ library, no allocation.
#pragma once

#include <cstddef>

namespace kolben::agent {

inline constexpr const char* kExporterVariables[] = {"OTEL_TRACES_EXPORTER",
                                                     "OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"};
bool is_exporter_variable(const char* variable);

// A name that is none of the agent's exporters of a signal. Points into the list.
struct ExporterFault {
  const char* variable = nullptr;
  const char* name = nullptr;
  std::size_t name_size = 0;
  bool is_known_elsewhere = false;  // OpenTelemetry has such an exporter, the agent has not
};

// The first one of the comma-separated list of this variable; false: the agent has them all.
bool find_exporter_fault(const char* variable, const char* list, ExporterFault* fault);
// A sentence without a full stop.
void describe(const ExporterFault& fault, char* text, std::size_t size);
// "it is left out", or that without such names nothing is exported: "no spans are exported".
const char* what_holds(const char* variable, const char* list);
// Copies the list without such names; "none" where nothing is left.
void keep_known_exporters(const char* variable, const char* list, char* kept, std::size_t size);

}  // namespace kolben::agent
