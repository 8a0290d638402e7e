// Telemetry as text for people: the layouts of the Collector's debug exporter, which people know
// and grep for. Pure functions over decoded batches; invalid UTF-8 and control characters are
// replaced, so that a stranger's bytes can't drive a terminal.
#pragma once

#include <string>

#include "model/batch.h"

namespace kolben::exporters::debug {

// "Traces {"resource spans": 1, "spans": 2}"
std::string summary_line(const Batch& batch);
// A line for each span, data point or log record.
std::string normal_text(const Batch& batch);
// Every field.
std::string detailed_text(const Batch& batch);

}  // namespace kolben::exporters::debug
