// What `--traces_exporter console` and its siblings print: byte for byte the output of the
// OpenTelemetry SDK for Python (ConsoleSpanExporter, ConsoleMetricExporter, ConsoleLogExporter), of
// 1.27 or of the newest (1.44). Pure functions.
#pragma once

#include <cstdint>
#include <string>

#include "model/batch.h"

namespace kolben::agent {

enum class ConsoleFormat : std::uint8_t { k1_27, kNewest };

// A decoded batch, one JSON object a span or log record, or one for all metrics; each ends in a
// newline. Nothing is appended for an empty batch.
void format_console(const Batch& batch, ConsoleFormat format, std::string& out);

// "2024-10-28T13:20:33.123456Z", with the rounding of Python's float seconds.
std::string python_time(std::uint64_t unix_nanos);

}  // namespace kolben::agent
