// The section `service` of a configuration as plain structs: telemetry, extensions, pipelines.
// Source: the Collector's service/config.go and service/telemetry.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/node.h"
#include "model/batch.h"

namespace kolben::pipeline {

// A component's id where a pipeline or the list of extensions names it.
struct Reference {
  std::string id;
  config::Location location;
};

bool contains(const std::vector<Reference>& references, std::string_view id);

struct PipelineSettings {
  std::string name;  // "traces/in"
  Signal signal = Signal::kTraces;
  config::Location location;
  std::vector<Reference> receivers, processors, exporters;
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

struct TelemetrySettings {
  LogLevel log_level = LogLevel::kInfo;
  // False for `metrics::level: none`.
  bool metrics_enabled = true;
  std::string metrics_address = "localhost:8888";
};

struct ServiceSettings {
  TelemetrySettings telemetry;
  std::vector<Reference> extensions;
  std::vector<PipelineSettings> pipelines;
};

// `root` is the whole configuration. Mistakes go to `errors`; the result holds what could be read.
ServiceSettings read_service(const config::Node& root, config::Errors& errors);

}  // namespace kolben::pipeline
