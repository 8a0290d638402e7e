// Names as Prometheus wants them. Source: OpenTelemetry specification, "Prometheus and OpenMetrics
// Compatibility", OTLP metric points to Prometheus. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "model/metrics.h"

namespace kolben::prometheus {

struct NameOptions {
  std::string name_space;  // "app" gives "app_..."
  bool add_suffixes = true;
};

// "http.server.duration", "ms" -> "http_server_duration_milliseconds".
std::string metric_name(const Metric& metric, const NameOptions& options);

// "http.method" -> "http_method"; a leading digit gets "key_" before it, two
// leading underscores "key".
std::string label_name(std::string_view key);

}  // namespace kolben::prometheus
