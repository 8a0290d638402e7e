#include "agent/process/settings.h"

#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "agent/process/resource_detectors.h"
#include "agent/process/settings_names.h"

extern char** environ;  // NOLINT: POSIX

namespace kolben::agent {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

std::vector<std::string_view> split_list(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = trimmed(text.substr(0, comma));
    if (!item.empty()) items.push_back(item);
    text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
  }
  return items;
}

// Signal names as they stand in the middle of variables.
std::string_view upper_name(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "TRACES";
    case Signal::kMetrics:
      return "METRICS";
    case Signal::kLogs:
      break;
  }
  return "LOGS";
}

constexpr std::string_view kGeneralEndpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
constexpr std::string_view kElasticEndpoint = "ELASTIC_APM_SERVER_ENDPOINT";

class Reader {
 public:
  Reader(const Environment& environment, Settings& settings)
      : environment_(environment), settings_(settings) {}

  void read() {
    settings_.is_disabled = boolean("OTEL_SDK_DISABLED", false);
    read_resource();
    read_detectors();
    settings_.traces = exporters_of(Signal::kTraces);
    settings_.metrics = exporters_of(Signal::kMetrics);
    settings_.logs = exporters_of(Signal::kLogs);
    read_batches(settings_.span_batches, "OTEL_BSP_");
    read_batches(settings_.log_batches, "OTEL_BLRP_");
    millis("OTEL_METRIC_EXPORT_INTERVAL", settings_.metric_interval_nanos);
    millis("OTEL_METRIC_EXPORT_TIMEOUT", settings_.metric_timeout_nanos);
    read_temporality();
    check_sampler();
    read_limits();
    read_conventions();
    settings_.captures_output = boolean("OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED", true);
    name_the_ignored();
  }

 private:
  void warn(std::string text) { settings_.warnings.push_back(std::move(text)); }
  void warn_value(std::string_view name, std::string_view value, std::string_view what) {
    warn(std::string(name) + "=" + std::string(value) + ": " + std::string(what));
  }

  // The value; empty counts as unset.
  std::string_view text(std::string_view name) const {
    const auto found = environment_.find(name);
    return found == environment_.end() ? std::string_view() : trimmed(found->second);
  }

  bool boolean(std::string_view name, bool fallback) {
    const std::string value = lower(text(name));
    if (value.empty()) return fallback;
    if (value != "true" && value != "false") warn_value(name, value, "neither true nor false");
    return value == "true";
  }

  template <typename Integer>
  void number(std::string_view name, Integer& target, Integer smallest) {
    const std::string_view value = text(name);
    if (value.empty()) return;
    Integer parsed = 0;
    const auto end = std::from_chars(value.data(), value.data() + value.size(), parsed);
    if (end.ec != std::errc() || end.ptr != value.data() + value.size() || parsed < smallest) {
      return warn_value(name, value, "not a number that fits; using the default");
    }
    target = parsed;
  }

  void millis(std::string_view name, std::uint64_t& nanos) {
    // A day: longer waits are mistakes, and must not overflow.
    constexpr std::uint64_t kMillisMax = 86'400'000;
    std::uint64_t value = nanos / 1'000'000;
    number<std::uint64_t>(name, value, 1);
    nanos = std::min(value, kMillisMax) * 1'000'000;
  }

  // "%s=%s,..." of resource attributes and headers.
  NamedTexts pairs(std::string_view name, bool lower_keys) {
    NamedTexts result;
    for (const std::string_view item : split_list(text(name))) {
      const std::size_t equals = item.find('=');
      if (equals == std::string_view::npos || equals == 0) {
        warn_value(name, item, "not key=value; left out");
        continue;
      }
      std::string key = percent_decoded(trimmed(item.substr(0, equals)));
      if (lower_keys) key = lower(key);
      put(result, key, percent_decoded(trimmed(item.substr(equals + 1))));
    }
    return result;
  }

  static void put(NamedTexts& texts, std::string_view key, std::string value) {
    for (auto& [name, old] : texts) {
      if (name == key) {
        old = std::move(value);
        return;
      }
    }
    texts.emplace_back(key, std::move(value));
  }

  // The order is Python's: its SDK, the variable's items, the launcher, the fallback name.
  void read_resource() {
    NamedTexts& all = settings_.resource_attributes;
    put(all, "telemetry.sdk.language", "cpp");
    put(all, "telemetry.sdk.name", "kolben");
    put(all, "telemetry.sdk.version", std::string(agent_version()));
    for (auto& [key, value] : pairs("OTEL_RESOURCE_ATTRIBUTES", false)) {
      put(all, key, std::move(value));
    }
    const std::string_view service = text("OTEL_SERVICE_NAME");
    if (!service.empty()) put(all, "service.name", std::string(service));
    put(all, "telemetry.auto.version", std::string(agent_version()));
    const auto is_service = [](const auto& item) { return item.first == "service.name"; };
    if (std::none_of(all.begin(), all.end(), is_service)) {
      put(all, "service.name", "unknown_service");
    }
  }

  void read_detectors() {
    const std::string_view name = "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS";
    for (const std::string_view item : split_list(text(name))) {
      if (is_resource_detector(item)) {
        settings_.resource_detectors.emplace_back(item);
      } else {
        warn_value(name, item, "unknown (known: process, os, host, service_instance, otel, *)");
      }
    }
  }

  std::string exporters_variable(Signal signal) {
    const std::string name = "OTEL_" + std::string(upper_name(signal)) + "_EXPORTER";
    if (signal != Signal::kLogs || text("OTEL_LOG_EXPORTER").empty()) return name;
    if (!text(name).empty()) {
      warn("OTEL_LOG_EXPORTER is ignored: OTEL_LOGS_EXPORTER is set as well");
      return name;
    }
    warn("OTEL_LOG_EXPORTER is taken for OTEL_LOGS_EXPORTER, which is its standard name");
    return "OTEL_LOG_EXPORTER";
  }

  std::vector<ExporterSettings> exporters_of(Signal signal) {
    std::vector<ExporterSettings> result;
    const std::string variable = exporters_variable(signal);
    const auto found = environment_.find(variable);
    // Unset means otlp; set and empty means none, as in Python.
    const std::string_view list =
        found == environment_.end() ? "otlp" : std::string_view(found->second);
    for (const std::string_view item : split_list(list)) {
      const std::string name = lower(item);
      if (name == "none") continue;
      if (const auto kind = exporter_kind(signal, name)) {
        result.push_back({*kind, {}});
        if (*kind != ExporterKind::kConsole) read_otlp(signal, *kind, result.back().otlp);
      } else {
        warn("error: " + variable + ": unknown exporter \"" + std::string(item) +
             "\" (known: console, otlp, otlp_proto_grpc, otlp_proto_http, none)");
      }
    }
    return result;
  }

  std::optional<ExporterKind> exporter_kind(Signal signal, std::string_view name) {
    if (name == "console") return ExporterKind::kConsole;
    if (name == "otlp_proto_grpc") return ExporterKind::kOtlpGrpc;
    if (name == "otlp_proto_http") return ExporterKind::kOtlpHttpProtobuf;
    if (name == "otlp_json_http") return ExporterKind::kOtlpHttpJson;
    if (name != "otlp") return std::nullopt;
    const std::string variable = otlp_variable(signal, "PROTOCOL");
    const std::string protocol = lower(text(variable));
    if (protocol == "http/protobuf") return ExporterKind::kOtlpHttpProtobuf;
    if (protocol == "http/json") return ExporterKind::kOtlpHttpJson;
    if (!protocol.empty() && protocol != "grpc") {
      warn_value(variable, protocol,
                 "unknown protocol (known: grpc, http/protobuf, http/json); using grpc");
    }
    return ExporterKind::kOtlpGrpc;
  }

  // The signal's own variable where it is set, else the general one.
  std::string otlp_variable(Signal signal, std::string_view option) const {
    std::string own = "OTEL_EXPORTER_OTLP_";
    own.append(upper_name(signal)).append("_").append(option);
    if (!text(own).empty()) return own;
    return "OTEL_EXPORTER_OTLP_" + std::string(option);
  }

  // Where no endpoint of OTLP's is set, the one of Elastic's agents serves.
  std::string endpoint_variable(Signal signal) const {
    std::string variable = otlp_variable(signal, "ENDPOINT");
    const bool is_set = !text(variable).empty() || text(kElasticEndpoint).empty();
    return is_set ? variable : std::string(kElasticEndpoint);
  }

  void add_elastic_token(NamedTexts& headers) const {
    const std::string_view token = text("ELASTIC_APM_SECRET_TOKEN");
    const auto is_authorization = [](const auto& item) { return item.first == "authorization"; };
    if (token.empty() || std::any_of(headers.begin(), headers.end(), is_authorization)) return;
    headers.emplace_back("authorization", "Bearer " + std::string(token));
  }

  void read_otlp(Signal signal, ExporterKind kind, OtlpSettings& otlp) {
    const auto value = [&](std::string_view option) { return text(otlp_variable(signal, option)); };
    if (kind == ExporterKind::kOtlpGrpc) {
      read_grpc_endpoint(signal, otlp);
    } else {
      read_http_endpoint(signal, otlp);
    }
    otlp.headers = pairs(otlp_variable(signal, "HEADERS"), true);
    if (endpoint_variable(signal) == kElasticEndpoint) add_elastic_token(otlp.headers);
    read_otlp_timeout(otlp_variable(signal, "TIMEOUT"), otlp);
    const std::string compression = lower(value("COMPRESSION"));
    if (compression == "gzip") {
      otlp.compression = wire::Compression::kGzip;
    } else if (!compression.empty() && compression != "none") {
      warn_value(otlp_variable(signal, "COMPRESSION"), compression,
                 "unknown (known: gzip, none); using none");
    }
    otlp.certificate_file = value("CERTIFICATE");
    otlp.client_key_file = value("CLIENT_KEY");
    otlp.client_certificate_file = value("CLIENT_CERTIFICATE");
  }

  // "http://host:port", "https://host:port", or "host:port", which is TLS unless INSECURE is true.
  void read_grpc_endpoint(Signal signal, OtlpSettings& otlp) {
    const std::string variable = endpoint_variable(signal);
    std::string_view endpoint = text(variable);
    if (endpoint.empty()) endpoint = "http://localhost:4317";
    const std::size_t scheme_end = endpoint.find("://");
    if (scheme_end == std::string_view::npos) {
      otlp.insecure = boolean(otlp_variable(signal, "INSECURE"), false);
    } else {
      const std::string scheme = lower(endpoint.substr(0, scheme_end));
      if (scheme != "http" && scheme != "https")
        warn_value(variable, endpoint, "neither http nor https; using TLS");
      otlp.insecure = scheme == "http";
      endpoint.remove_prefix(scheme_end + 3);
      endpoint = endpoint.substr(0, endpoint.find('/'));
    }
    otlp.endpoint = endpoint;
    const std::size_t colon = endpoint.rfind(':');
    const bool has_port =
        colon != std::string_view::npos && endpoint.find(']', colon) == std::string_view::npos;
    if (!has_port) otlp.endpoint += ":4317";
  }

  // The signal's own endpoint is used as it is, the general one is a base.
  void read_http_endpoint(Signal signal, OtlpSettings& otlp) {
    const std::string variable = endpoint_variable(signal);
    std::string endpoint(text(variable));
    const bool is_own = variable != kGeneralEndpoint && variable != kElasticEndpoint;
    if (endpoint.empty()) endpoint = "http://localhost:4318";
    if (endpoint.find("://") == std::string::npos) {
      const bool insecure = boolean(otlp_variable(signal, "INSECURE"), true);
      endpoint.insert(0, insecure ? "http://" : "https://");
      warn_value(variable, endpoint, "the scheme was missing");
    }
    if (!is_own) {
      while (endpoint.ends_with('/')) endpoint.pop_back();
      endpoint += "/v1/" + std::string(to_string(signal));
    } else if (endpoint.find('/', endpoint.find("://") + 3) == std::string::npos) {
      endpoint += '/';
    }
    otlp.insecure = endpoint.starts_with("http://");
    otlp.endpoint = std::move(endpoint);
  }

  // Seconds, as Python has it; the specification says milliseconds, and nobody waits for a thousand
  // seconds.
  void read_otlp_timeout(const std::string& variable, OtlpSettings& otlp) {
    std::uint64_t value = 0;
    number<std::uint64_t>(variable, value, 1);
    if (value == 0) return;
    if (value >= 1000) {
      value = std::min<std::uint64_t>(value, 3'600'000);
      otlp.timeout_nanos = value * 1'000'000;
      warn_value(variable, std::to_string(value),
                 "taken for milliseconds (below 1000 it is seconds)");
    } else {
      otlp.timeout_nanos = value * 1'000'000'000;
    }
  }

  void read_batches(BatchSettings& batches, const std::string& prefix) {
    // Bounds the memory that a typing error can ask for: about 500 MiB of queued spans.
    constexpr std::uint32_t kQueueItemsMax = 1 << 20;
    millis(prefix + "SCHEDULE_DELAY", batches.schedule_delay_nanos);
    millis(prefix + "EXPORT_TIMEOUT", batches.export_timeout_nanos);
    number<std::uint32_t>(prefix + "MAX_QUEUE_SIZE", batches.queue_items_max, 1);
    batches.queue_items_max = std::min(batches.queue_items_max, kQueueItemsMax);
    number<std::uint32_t>(prefix + "MAX_EXPORT_BATCH_SIZE", batches.batch_items_max, 1);
    if (batches.batch_items_max > batches.queue_items_max) {
      if (!text(prefix + "MAX_EXPORT_BATCH_SIZE").empty()) {
        warn(prefix + "MAX_EXPORT_BATCH_SIZE is larger than " + prefix +
             "MAX_QUEUE_SIZE; using the latter");
      }
      batches.batch_items_max = batches.queue_items_max;
    }
  }

  void read_temporality() {
    const std::string_view name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
    const std::string value = lower(text(name));
    if (value == "delta" || value == "lowmemory") {
      settings_.counter_temporality = Temporality::kDelta;
      settings_.histogram_temporality = Temporality::kDelta;
    } else if (!value.empty() && value != "cumulative") {
      warn_value(name, value, "unknown (known: cumulative, delta, lowmemory); using cumulative");
    }
  }

  // The library samples (agent/preload/sampler.h); what it takes for the default is said here.
  void check_sampler() {
    const std::string_view name = "OTEL_TRACES_SAMPLER";
    const std::string value = lower(text(name));
    std::string_view root = value;
    constexpr std::string_view kParentBased = "parentbased_";
    if (root.starts_with(kParentBased)) root.remove_prefix(kParentBased.size());
    if (root == "traceidratio") return check_ratio();
    if (!root.empty() && root != "always_on" && root != "always_off") {
      warn_value(name, value, "unknown sampler; using parentbased_always_on");
    }
  }

  void check_ratio() {
    const std::string_view name = "OTEL_TRACES_SAMPLER_ARG";
    const std::string value(text(name));
    if (value.empty()) return;
    char* end = nullptr;
    const double parsed = std::strtod(value.c_str(), &end);
    const bool is_whole = end == value.c_str() + value.size();
    const bool is_plain = value.find_first_not_of("0123456789.") == std::string::npos;
    if (is_whole && is_plain && parsed <= 1) return;
    warn_value(name, value, "not a number from 0 to 1; using 1");
  }

  void read_limits() {
    Limits& limits = settings_.limits;
    std::uint32_t count = limits.span_attributes_max;
    std::uint32_t bytes = Limits::kNoLimit;
    number<std::uint32_t>("OTEL_ATTRIBUTE_COUNT_LIMIT", count, 0);
    number<std::uint32_t>("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", bytes, 0);
    limits.span_attributes_max = limits.log_attributes_max = count;
    limits.span_value_bytes_max = limits.log_value_bytes_max = bytes;
    number<std::uint32_t>("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", limits.span_attributes_max, 0);
    number<std::uint32_t>("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", limits.span_value_bytes_max, 0);
    number<std::uint32_t>("OTEL_SPAN_EVENT_COUNT_LIMIT", limits.span_events_max, 0);
    number<std::uint32_t>("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", limits.event_attributes_max, 0);
    number<std::uint32_t>("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", limits.log_attributes_max, 0);
    number<std::uint32_t>("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", limits.log_value_bytes_max,
                          0);
  }

  void read_conventions() {
    SemanticConventions& conventions = settings_.conventions;
    for (const std::string_view item : split_list(text("OTEL_SEMCONV_STABILITY_OPT_IN"))) {
      const std::string name = lower(item);
      if (name == "http/dup") {
        conventions = {.old_http = true, .stable_http = true};
        return;  // dup wins
      }
      if (name == "http") conventions = {.old_http = false, .stable_http = true};
    }
  }

  void name_the_ignored() {
    std::string names;
    for (const auto& [name, value] : environment_) {
      if (!name.starts_with("OTEL_") || value.empty() || is_known_setting(name)) continue;
      if (!names.empty()) names += ", ";
      names += name;
    }
    if (!names.empty()) warn("these settings have no effect: " + names);
  }

  const Environment& environment_;
  Settings& settings_;
};

}  // namespace

Environment process_environment() {
  Environment result;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return result;
}

const std::vector<ExporterSettings>& Settings::exporters(Signal signal) const {
  switch (signal) {
    case Signal::kTraces:
      return traces;
    case Signal::kMetrics:
      return metrics;
    case Signal::kLogs:
      break;
  }
  return logs;
}

Settings read_settings(const Environment& environment) {
  Settings settings;
  Reader(environment, settings).read();
  // A list of exporters in two signals would say the same twice.
  std::vector<std::string> unique;
  for (std::string& warning : settings.warnings) {
    if (std::find(unique.begin(), unique.end(), warning) == unique.end()) {
      unique.push_back(std::move(warning));
    }
  }
  settings.warnings = std::move(unique);
  return settings;
}

void detect_resource(Settings& settings, std::uint32_t pid) {
  const auto is_set = [&](const std::string& key) {
    const auto has_key = [&](const auto& item) { return item.first == key; };
    return std::any_of(settings.resource_attributes.begin(), settings.resource_attributes.end(),
                       has_key);
  };
  DetectedResource found = detect_resource(settings.resource_detectors, pid);
  for (auto& [key, value] : found.texts) {
    if (!is_set(key)) settings.resource_attributes.emplace_back(key, std::move(value));
  }
  for (auto& [key, value] : found.numbers) {
    if (!is_set(key)) settings.resource_numbers.emplace_back(key, value);
  }
}

std::string_view agent_version() {
  return KOLBEN_VERSION;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto end = std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
      if (end.ec == std::errc() && end.ptr == text.data() + i + 3) {
        result += static_cast<char>(byte);
        i += 2;
        continue;
      }
    }
    result += text[i];
  }
  return result;
}

}  // namespace kolben::agent
