#include "agent/process/settings_names.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "config/node.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kNames[] = {
    "KOLBEN_AGENT_BINARY",
    "KOLBEN_AGENT_COMMAND",
    "KOLBEN_AGENT_COMMAND_SPANS",
    "KOLBEN_AGENT_CONSOLE_FORMAT",
    "KOLBEN_AGENT_DISABLED",
    "KOLBEN_AGENT_HTTP_BODY_SIZES",
    "KOLBEN_AGENT_LIBRARY",
    "KOLBEN_AGENT_LOG_FILES",
    "KOLBEN_AGENT_NODE",
    "KOLBEN_AGENT_PYTHON",
    "KOLBEN_AGENT_RING",
    "OTEL_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_BLRP_EXPORT_TIMEOUT",
    "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BLRP_MAX_QUEUE_SIZE",
    "OTEL_BLRP_SCHEDULE_DELAY",
    "OTEL_BSP_EXPORT_TIMEOUT",
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_BSP_SCHEDULE_DELAY",
    "OTEL_CONFIG_FILE",
    "OTEL_ENTITIES",
    "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_EXPERIMENTAL_CONFIG_FILE",
    "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS",
    "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
    "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
    "OTEL_EXPORTER_PROMETHEUS_HOST",
    "OTEL_EXPORTER_PROMETHEUS_PORT",
    "OTEL_EXPORTER_ZIPKIN_ENDPOINT",
    "OTEL_EXPORTER_ZIPKIN_TIMEOUT",
    "OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED",
    "OTEL_INSTRUMENTATION_COMMON_DB_STATEMENT_SANITIZER_ENABLED",
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_REQUEST",
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_CLIENT_RESPONSE",
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS",
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST",
    "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE",
    "OTEL_INSTRUMENTATION_PROCESS_ENABLED",
    "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_LOGS_EXPORTER",
    "OTEL_LOG_EXPORTER",
    "OTEL_LOG_LEVEL",
    "OTEL_METRICS_EXEMPLAR_FILTER",
    "OTEL_METRICS_EXPORTER",
    "OTEL_METRIC_EXPORT_INTERVAL",
    "OTEL_METRIC_EXPORT_TIMEOUT",
    "OTEL_PROPAGATORS",
    "OTEL_PYTHON_EXCLUDED_URLS",
    "OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS",
    "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED",
    "OTEL_PYTHON_LOG_CORRELATION",
    "OTEL_PYTHON_LOG_FORMAT",
    "OTEL_PYTHON_LOG_LEVEL",
    "OTEL_RESOURCE_ATTRIBUTES",
    "OTEL_SDK_DISABLED",
    "OTEL_SEMCONV_STABILITY_OPT_IN",
    "OTEL_SERVICE_NAME",
    "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
    "OTEL_SPAN_EVENT_COUNT_LIMIT",
    "OTEL_SPAN_LINK_COUNT_LIMIT",
    "OTEL_TRACES_EXPORTER",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
};
static_assert(std::is_sorted(std::begin(kNames), std::end(kNames)));

constexpr std::string_view kOtlpOptions[] = {
    "CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY", "COMPRESSION", "ENDPOINT",
    "HEADERS",     "INSECURE",           "PROTOCOL",   "TIMEOUT",
};

constexpr std::string_view kOtlp = "OTEL_EXPORTER_OTLP_";
constexpr std::string_view kOtlpSignals[] = {"TRACES_", "METRICS_", "LOGS_"};

std::vector<std::string> all_names() {
  std::vector<std::string> names(std::begin(kNames), std::end(kNames));
  for (const std::string_view option : kOtlpOptions) {
    names.push_back(std::string(kOtlp).append(option));
    for (const std::string_view signal : kOtlpSignals) {
      names.push_back(std::string(kOtlp).append(signal).append(option));
    }
  }
  return names;
}

// What is a mistyped name of ours, with the right one; else as it is.
std::string described(std::string_view name) {
  // Names of variables that we do not have are further away from ours.
  constexpr std::size_t kWrongLettersMax = 2;
  const std::vector<std::string> names = all_names();
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  const std::string_view right = config::nearest(name, candidates, kWrongLettersMax);
  if (right.empty() || right == name) return std::string(name);
  return std::string(name) + " (did you mean " + std::string(right) + "?)";
}

}  // namespace

std::string names_without_effect(const Environment& environment,
                                 const std::function<bool(std::string_view)>& has_effect) {
  std::string names;
  for (const auto& [name, value] : environment) {
    const bool is_ours = name.starts_with("OTEL_") || name.starts_with("KOLBEN_AGENT_");
    if (!is_ours || value.empty() || has_effect(name)) continue;
    if (!names.empty()) names += ", ";
    names += described(name);
  }
  return names;
}

bool is_known_setting(std::string_view name) {
  if (std::binary_search(std::begin(kNames), std::end(kNames), name)) return true;
  if (!name.starts_with(kOtlp)) return false;
  name.remove_prefix(kOtlp.size());
  for (const std::string_view signal : kOtlpSignals) {
    if (name.starts_with(signal)) name.remove_prefix(signal.size());
  }
  return std::find(std::begin(kOtlpOptions), std::end(kOtlpOptions), name) !=
         std::end(kOtlpOptions);
}

}  // namespace kolben::agent
