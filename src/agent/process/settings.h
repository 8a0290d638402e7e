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
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "agent/process/console_format.h"
#include "agent/process/entities.h"
#include "agent/process/exporter.h"
#include "agent/process/exporter_settings.h"
#include "agent/process/sampler_settings.h"
#include "agent/process/variables.h"
#include "agent/protocols/captured_headers.h"
#include "agent/protocols/sampler.h"
#include "model/batch.h"

namespace kolben::agent {

// Of spans and log records (BatchSpanProcessor, BatchLogRecordProcessor).
struct BatchSettings {
  std::uint64_t schedule_delay_nanos = 200'000'000;
  // After so long a batch is tried no more; 0: after the last of its tries.
  std::uint64_t export_timeout_nanos = 0;
  // A server of 100,000 requests a second may wait 160 ms for its collector; about 8 MiB.
  std::uint32_t queue_items_max = 16 * 1024;
  std::uint32_t batch_items_max = 512;

  bool operator==(const BatchSettings&) const = default;
};

struct Limits {
  static constexpr std::uint32_t kNoLimit = 0xffffffff;
  std::uint32_t span_attributes_max = 128;
  std::uint32_t span_value_bytes_max = kNoLimit;
  std::uint32_t span_events_max = 128;
  std::uint32_t span_links_max = 128;
  std::uint32_t event_attributes_max = 128;
  std::uint32_t link_attributes_max = 128;
  std::uint32_t log_attributes_max = 128;
  std::uint32_t log_value_bytes_max = kNoLimit;
};

// OTEL_SEMCONV_STABILITY_OPT_IN: which names of attributes and metrics.
struct SemanticConventions {
  bool all_methods = false;  // unknown ones of HTTP are told as they are
  bool body_sizes = false;   // those of HTTP are told: KOLBEN_AGENT_HTTP_BODY_SIZES
  bool old_http = true;
  bool stable_http = false;
  bool old_database = true;
  bool stable_database = false;
  bool old_rpc = true;
  bool stable_rpc = false;
};

// What a configuration file says in place of variables that the library reads; see
// agent/ring/ring.h.
struct LibraryTexts {
  std::string sampler = "parentbased_always_on";
  std::string sampler_argument;
  std::string propagators = "none";
  std::string captured_headers[CapturedHeaders::kLists];
};

// Of the resource, where a configuration file gives it a type: one item, or a list.
struct ResourceValue {
  bool is_list = false;
  std::vector<std::variant<std::string, std::int64_t, double, bool>> items;

  bool operator==(const ResourceValue&) const = default;
};

struct Settings {
  Environment environment;   // that they were read from
  bool is_disabled = false;  // OTEL_SDK_DISABLED
  NamedTexts resource_attributes;
  std::vector<std::pair<std::string, std::int64_t>> resource_numbers;  // further ones,
  std::vector<std::pair<std::string, ResourceValue>> resource_values;  // and these
  std::vector<Entity> entities;  // whose attributes are among the former
  std::vector<std::string> resource_detectors;
  // Of what they find; patterns with '*' and '?'. Nothing included: all.
  std::vector<std::string> detected_included, detected_excluded;
  std::vector<ExporterSettings> traces, metrics, logs;
  BatchSettings span_batches, log_batches;
  std::uint64_t metric_timeout_nanos = 0;  // as BatchSettings::export_timeout_nanos
  Limits limits;
  SemanticConventions conventions;
  // Of requests whose headers the library does not read (HTTP/2): OTEL_PROPAGATORS, and the
  // library's sampler.
  std::uint8_t trace_formats = 0;
  Sampler sampler;
  std::optional<RemoteSampling> remote_sampling;  // of a remote one
  CapturedHeaders captured_headers;
  TextPatterns sanitized_headers;  // of those, whose values are not shown
  ConsoleFormat console_format = ConsoleFormat::k1_27;
  ExemplarFilter exemplar_filter = ExemplarFilter::kTraceBased;
  // OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED: texts are told without literals.
  bool sanitizes_sql = true;
  bool process_metrics = false;  // OTEL_INSTRUMENTATION_PROCESS_ENABLED
  // Lines that the program prints become log records.
  bool captures_output = true;

  const std::vector<ExporterSettings>& exporters(Signal signal) const;

  LogLevel log_level = LogLevel::kAll;
  std::vector<std::string> warnings;  // for stderr, one line each, in the order they were found

  // Of a configuration file (config_file.h):
  std::optional<LibraryTexts> for_library;
  std::vector<std::string> log_files;  // whose lines become log records
  std::vector<std::string> mistakes;   // with any there is no telemetry
  // The file as it was read; no name: there is none. Services of one command are made of it, too.
  std::string file_name, file_text;
};

// Settings::trace_formats and sampler, from the texts of OTEL_PROPAGATORS, OTEL_TRACES_SAMPLER and
// OTEL_TRACES_SAMPLER_ARG.
void set_propagation(const std::string& formats, const std::string& sampler,
                     const std::string& argument, Settings& settings);

Settings read_settings(const Environment& environment);

// Parts of it, for configuration files as well.
void read_conventions(std::string_view list, SemanticConventions& conventions);
// False: no level.
bool parse_log_level(std::string_view text, LogLevel& level);
// What a service is called that nobody names.
inline constexpr std::string_view kUnknownService = "unknown_service";
std::string_view service_name_of(const Settings& settings);
// telemetry.sdk.*
void set_sdk_attributes(NamedTexts& attributes);

// Runs the resource detectors of the settings for the program `pid`; what the variables say is
// stronger.
void detect_resource(Settings& settings, std::uint32_t pid);

// "0.1.0" that telemetry carries.
std::string_view agent_version();

}  // namespace kolben::agent
