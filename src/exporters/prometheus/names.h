// Names as Prometheus wants them. Source: OpenTelemetry specification, "Prometheus and OpenMetrics
// Compatibility", OTLP metric points to Prometheus. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "model/metrics.h"

namespace kolben::exporters::prometheus {

struct NameOptions {
  std::string name_space;  // "app" gives "app_..."
  bool add_suffixes = true;
};

// "http.server.duration", "ms" -> "http_server_duration_milliseconds".
std::string metric_name(const Metric& metric, const NameOptions& options);

// "http.method" -> "http_method"; a leading digit gets "key_" before it.
std::string label_name(std::string_view key);

// With \\, \" and \n escaped; bytes that are not UTF-8 become U+FFFD.
void append_label_value(std::string& out, std::string_view value);
// With \\ and \n escaped.
void append_help(std::string& out, std::string_view text);
// "+Inf", "-Inf", "NaN", else the shortest text that reads back the same.
void append_number(std::string& out, double value);

}  // namespace kolben::exporters::prometheus
