// Settings: what the OTEL_* environment variables ask of the agent process. Names, defaults and odd
// corners are those of opentelemetry-instrument for Python 1.27, except that spans and logs are
// sent every 200 ms and that queues are larger.
//
// Sources: OpenTelemetry specification, "Environment Variable Specification" and "OTLP Exporter
// Configuration"; opentelemetry-python 1.27.
//
// A wrong value never stops the program: it is said once in `warnings`, and the default holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/process/exporter_settings.h"
#include "agent/process/variables.h"
#include "model/batch.h"

namespace kolben::agent {

// Of spans and log records (BatchSpanProcessor, BatchLogRecordProcessor).
struct BatchSettings {
  std::uint64_t schedule_delay_nanos = 200'000'000;
  std::uint64_t export_timeout_nanos = 30'000'000'000;
  // A server of 100,000 requests a second may wait 160 ms for its collector; about 8 MiB.
  std::uint32_t queue_items_max = 16 * 1024;
  std::uint32_t batch_items_max = 512;
};

struct Limits {
  static constexpr std::uint32_t kNoLimit = 0xffffffff;
  std::uint32_t span_attributes_max = 128;
  std::uint32_t span_value_bytes_max = kNoLimit;
  std::uint32_t span_events_max = 128;
  std::uint32_t event_attributes_max = 128;
  std::uint32_t log_attributes_max = 128;
  std::uint32_t log_value_bytes_max = kNoLimit;
};

// OTEL_SEMCONV_STABILITY_OPT_IN: which names of attributes and metrics.
struct SemanticConventions {
  bool old_http = true;
  bool stable_http = false;
  bool old_database = true;
  bool stable_database = false;
};

struct Settings {
  bool is_disabled = false;  // OTEL_SDK_DISABLED
  NamedTexts resource_attributes;
  std::vector<std::pair<std::string, std::int64_t>> resource_numbers;  // further ones
  std::vector<std::string> resource_detectors;
  std::vector<ExporterSettings> traces, metrics, logs;
  BatchSettings span_batches, log_batches;
  std::uint64_t metric_interval_nanos = 60'000'000'000;
  std::uint64_t metric_timeout_nanos = 30'000'000'000;
  Temporality counter_temporality = Temporality::kCumulative;
  Temporality histogram_temporality = Temporality::kCumulative;
  Limits limits;
  SemanticConventions conventions;
  bool process_metrics = false;  // OTEL_INSTRUMENTATION_PROCESS_ENABLED
  // Lines that the program prints become log records.
  bool captures_output = true;

  const std::vector<ExporterSettings>& exporters(Signal signal) const;

  std::vector<std::string> warnings;  // for stderr, one line each, in the order they were found
};

Settings read_settings(const Environment& environment);
// Runs the resource detectors of the settings for the program `pid`; what the variables say is
// stronger.
void detect_resource(Settings& settings, std::uint32_t pid);

// "kolben", "0.1.0": the name and version that telemetry carries.
std::string_view agent_version();

}  // namespace kolben::agent
