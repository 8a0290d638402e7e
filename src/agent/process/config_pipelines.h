// The part of a configuration file that says where telemetry goes: processors with their exporters,
// and metric readers.
// Source: opentelemetry-configuration 1.1, tracer_provider.yaml, meter_provider.yaml,
// logger_provider.yaml; the names of 0.3 and 0.4 are understood as well.
#pragma once

#include "agent/process/settings.h"
#include "config/reader.h"

namespace kolben::agent {

// `processors` of a tracer_provider (kTraces) or logger_provider (kLogs). The agent has one batch a
// signal: several processors share the shortest delay.
void read_processors(Signal signal, config::Reader& provider, Settings& settings,
                     config::Errors& errors);
// `readers` of a meter_provider.
void read_readers(config::Reader& provider, Settings& settings, config::Errors& errors);

}  // namespace kolben::agent
