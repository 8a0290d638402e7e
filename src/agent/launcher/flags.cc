#include "agent/launcher/flags.h"

#include <strings.h>

#include <cstdio>
#include <cstring>

#include "agent/launcher/exporter_names.h"

namespace kolben::agent {
namespace {

#define KOLBEN_OTLP_FLAGS(prefix, PREFIX)                                                      \
  {prefix "certificate", PREFIX "CERTIFICATE", "file with the collector's CA"},                \
      {prefix "client_certificate", PREFIX "CLIENT_CERTIFICATE", "file with our certificate"}, \
      {prefix "client_key", PREFIX "CLIENT_KEY", "file with its key"},                         \
      {prefix "compression", PREFIX "COMPRESSION", "gzip or none (none)"},                     \
      {prefix "endpoint", PREFIX "ENDPOINT", "the collector (http://localhost:4317)"},         \
      {prefix "headers", PREFIX "HEADERS", "key=value,... sent along"},                        \
      {prefix "insecure", PREFIX "INSECURE", "true: no TLS where the endpoint has no scheme"}, \
      {prefix "protocol", PREFIX "PROTOCOL", "grpc, http/protobuf or http/json (grpc)"},       \
      {prefix "timeout", PREFIX "TIMEOUT", "seconds that a batch may take (10)"}

// The flag that no other launcher has, and that is true or false.
constexpr char kBodySizes[] = "http_body_sizes";

// The union of what the launchers of opentelemetry-python 1.27 to 1.45 accept.
constexpr Flag kFlags[] = {
    {"attribute_count_limit", "OTEL_ATTRIBUTE_COUNT_LIMIT",
     "attributes of a span or log record (128)"},
    {"attribute_value_length_limit", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
     "bytes of an attribute's value (no limit)"},
    {"auto_instrumentation_experimental_gevent_patch",
     "OTEL_PYTHON_AUTO_INSTRUMENTATION_EXPERIMENTAL_GEVENT_PATCH", nullptr},
    {"blrp_export_timeout", "OTEL_BLRP_EXPORT_TIMEOUT",
     "ms that all tries of a batch may take (7 tries)"},
    {"blrp_max_export_batch_size", "OTEL_BLRP_MAX_EXPORT_BATCH_SIZE",
     "log records sent at once (512)"},
    {"blrp_max_queue_size", "OTEL_BLRP_MAX_QUEUE_SIZE", "log records that may wait (16384)"},
    {"blrp_schedule_delay", "OTEL_BLRP_SCHEDULE_DELAY", "ms until log records are sent (200)"},
    {"bsp_export_timeout", "OTEL_BSP_EXPORT_TIMEOUT",
     "ms that all tries of a batch may take (7 tries)"},
    {"bsp_max_export_batch_size", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "spans sent at once (512)"},
    {"bsp_max_queue_size", "OTEL_BSP_MAX_QUEUE_SIZE", "spans that may wait (16384)"},
    {"bsp_schedule_delay", "OTEL_BSP_SCHEDULE_DELAY", "ms until spans are sent (200)"},
    {"config_file", "OTEL_CONFIG_FILE", "YAML or JSON, in place of all other settings"},
    {"configurator", "OTEL_PYTHON_CONFIGURATOR", nullptr},
    {"console_format", "KOLBEN_AGENT_CONSOLE_FORMAT", "as Python's SDK 1.27 or newest (1.27)"},
    {"context", "OTEL_PYTHON_CONTEXT", nullptr},
    {"disabled_instrumentations", "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", nullptr},
    {"distro", "OTEL_PYTHON_DISTRO", nullptr},
    {"event_attribute_count_limit", "OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
     "attributes of a span's event (128)"},
    {"experimental_disable_prometheus_unit_normalization",
     "OTEL_EXPERIMENTAL_DISABLE_PROMETHEUS_UNIT_NORMALIZATION", nullptr},
    {"experimental_resource_detectors", "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS",
     "process, os, host, service_instance, otel or *"},
    {"exporter_jaeger_agent_host", "OTEL_EXPORTER_JAEGER_AGENT_HOST", nullptr},
    {"exporter_jaeger_agent_port", "OTEL_EXPORTER_JAEGER_AGENT_PORT", nullptr},
    {"exporter_jaeger_agent_split_oversized_batches",
     "OTEL_EXPORTER_JAEGER_AGENT_SPLIT_OVERSIZED_BATCHES", nullptr},
    {"exporter_jaeger_certificate", "OTEL_EXPORTER_JAEGER_CERTIFICATE", nullptr},
    {"exporter_jaeger_endpoint", "OTEL_EXPORTER_JAEGER_ENDPOINT", nullptr},
    {"exporter_jaeger_grpc_insecure", "OTEL_EXPORTER_JAEGER_GRPC_INSECURE", nullptr},
    {"exporter_jaeger_password", "OTEL_EXPORTER_JAEGER_PASSWORD", nullptr},
    {"exporter_jaeger_timeout", "OTEL_EXPORTER_JAEGER_TIMEOUT", nullptr},
    {"exporter_jaeger_user", "OTEL_EXPORTER_JAEGER_USER", nullptr},
    KOLBEN_OTLP_FLAGS("exporter_otlp_", "OTEL_EXPORTER_OTLP_"),
    KOLBEN_OTLP_FLAGS("exporter_otlp_logs_", "OTEL_EXPORTER_OTLP_LOGS_"),
    KOLBEN_OTLP_FLAGS("exporter_otlp_metrics_", "OTEL_EXPORTER_OTLP_METRICS_"),
    {"exporter_otlp_metrics_default_histogram_aggregation",
     "OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
     "or base2_exponential_bucket_histogram"},
    {"exporter_otlp_metrics_temporality_preference",
     "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE",
     "cumulative, delta or lowmemory (cumulative)"},
    KOLBEN_OTLP_FLAGS("exporter_otlp_traces_", "OTEL_EXPORTER_OTLP_TRACES_"),
    {"exporter_prometheus_host", "OTEL_EXPORTER_PROMETHEUS_HOST", "where its page is (localhost)"},
    {"exporter_prometheus_port", "OTEL_EXPORTER_PROMETHEUS_PORT", "and its port (9464)"},
    {"exporter_zipkin_endpoint", "OTEL_EXPORTER_ZIPKIN_ENDPOINT",
     "(http://localhost:9411/api/v2/spans)"},
    {"exporter_zipkin_timeout", "OTEL_EXPORTER_ZIPKIN_TIMEOUT",
     "seconds that a batch may take (10)"},
    {kBodySizes, "KOLBEN_AGENT_HTTP_BODY_SIZES",
     "sizes of HTTP's bodies are told (needs no value)"},
    {"id_generator", "OTEL_PYTHON_ID_GENERATOR", nullptr},
    {"instrumentation_common_db_query_sanitization_enabled",
     "OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED",
     "false: SQL is told with its values"},
    {"link_attribute_count_limit", "OTEL_LINK_ATTRIBUTE_COUNT_LIMIT",
     "attributes of a span's link (128)"},
    {"log_files", "KOLBEN_AGENT_LOG_FILES", "files, * allowed, whose lines are log records"},
    {"log_level", "OTEL_LOG_LEVEL", "info, error or none: what the agent says (info)"},
    {"logger_configurator", "OTEL_PYTHON_LOGGER_CONFIGURATOR", nullptr},
    {"logrecord_attribute_count_limit", "OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
     "attributes of a log record (128)"},
    {"logrecord_attribute_value_length_limit", "OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
     "bytes of a log record's value (no limit)"},
    {"logs_exporter", "OTEL_LOGS_EXPORTER", "where log records go (otlp)"},
    {"meter_configurator", "OTEL_PYTHON_METER_CONFIGURATOR", nullptr},
    {"meter_provider", "OTEL_PYTHON_METER_PROVIDER", nullptr},
    {"metric_export_interval", "OTEL_METRIC_EXPORT_INTERVAL",
     "ms between two exports of metrics (60000)"},
    {"metric_export_timeout", "OTEL_METRIC_EXPORT_TIMEOUT",
     "ms that all tries of metrics may take (7 tries)"},
    {"metrics_exemplar_filter", "OTEL_METRICS_EXEMPLAR_FILTER",
     "trace_based (default), always_on, always_off"},
    {"metrics_exporter", "OTEL_METRICS_EXPORTER", "where metrics go (otlp)"},
    {"propagators", "OTEL_PROPAGATORS", "headers of outgoing requests (tracecontext,baggage)"},
    {"resource_attributes", "OTEL_RESOURCE_ATTRIBUTES", "what else is known of the program"},
    {"sdk_disabled", "OTEL_SDK_DISABLED", "true: run the command without the agent"},
    {"sdk_internal_metrics_enabled", "OTEL_PYTHON_SDK_INTERNAL_METRICS_ENABLED", nullptr},
    {"semconv_stability_opt_in", "OTEL_SEMCONV_STABILITY_OPT_IN",
     "http, database, rpc, or with /dup: stable names"},
    {"service_name", "OTEL_SERVICE_NAME", "the program's name (unknown_service)"},
    {"span_attribute_count_limit", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "attributes of a span (128)"},
    {"span_attribute_value_length_limit", "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
     "bytes of a span's value (no limit)"},
    {"span_event_count_limit", "OTEL_SPAN_EVENT_COUNT_LIMIT", "events of a span (128)"},
    {"span_link_count_limit", "OTEL_SPAN_LINK_COUNT_LIMIT", "links of a span (128)"},
    {"tracer_configurator", "OTEL_PYTHON_TRACER_CONFIGURATOR", nullptr},
    {"tracer_provider", "OTEL_PYTHON_TRACER_PROVIDER", nullptr},
    {"traces_exporter", "OTEL_TRACES_EXPORTER", "where spans go (otlp)"},
    {"traces_sampler", "OTEL_TRACES_SAMPLER", "which traces are recorded (parentbased_always_on)"},
    {"traces_sampler_arg", "OTEL_TRACES_SAMPLER_ARG",
     "the share for traceidratio, 0 to 1 (1), or jaeger_remote's list"},
};

// What a name on the command line stands for.
struct Match {
  const Flag* flag = nullptr;
  bool help = false;
  bool version = false;
  int count = 0;
};

bool is_prefix(const char* name, std::size_t size, const char* whole) {
  return std::strncmp(name, whole, size) == 0;
}

Match match(const char* name, std::size_t size) {
  Match result;
  for (const Flag& flag : kFlags) {
    if (!is_prefix(name, size, flag.name)) continue;
    if (flag.name[size] == '\0')
      return {.flag = &flag, .help = false, .version = false, .count = 1};
    result.flag = &flag;
    ++result.count;
  }
  if (is_prefix(name, size, "help")) {
    result.help = true;
    ++result.count;
  }
  if (is_prefix(name, size, "version")) {
    result.version = true;
    ++result.count;
  }
  return result;
}

void fail(CommandLine* line, const char* format, const char* name) {
  line->result = CommandLineResult::kError;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  std::snprintf(line->error, sizeof(line->error), format, name);
#pragma GCC diagnostic pop
}

// "ambiguous option: --exporter could match --exporter_otlp_endpoint, ..."
void fail_ambiguous(CommandLine* line, const char* name, std::size_t size) {
  line->result = CommandLineResult::kError;
  int used = std::snprintf(line->error, sizeof(line->error), "ambiguous option: --%.*s could match",
                           static_cast<int>(size), name);
  const char* separator = " --";
  for (const Flag& flag : kFlags) {
    if (!is_prefix(name, size, flag.name)) continue;
    if (used < 0 || static_cast<std::size_t>(used) >= sizeof(line->error)) return;
    const auto room = sizeof(line->error) - static_cast<std::size_t>(used);
    used += std::snprintf(line->error + used, room, "%s%s", separator, flag.name);
    separator = ", --";
  }
}

bool is_negative_number(const char* text) {
  if (*text++ != '-' || *text == '\0') return false;
  return text[std::strspn(text, "0123456789.")] == '\0';
}

// argparse takes nothing that looks like another flag for a value.
bool is_value(const char* text) {
  return text != nullptr && (text[0] != '-' || text[1] == '\0' || is_negative_number(text) ||
                             std::strchr(text, ' ') != nullptr);
}

bool is_boolean_value(const char* text) {
  return text != nullptr && (strcasecmp(text, "true") == 0 || strcasecmp(text, "false") == 0);
}

// What is true or false, all of them Python's, whose launcher wants a value.
bool is_boolean(const Flag& flag) {
  constexpr char kEnd[] = "_insecure";
  constexpr std::size_t kEndSize = sizeof(kEnd) - 1;
  const std::size_t size = std::strlen(flag.name);
  return std::strcmp(flag.name, "sdk_disabled") == 0 ||
         (size > kEndSize && std::strcmp(flag.name + size - kEndSize, kEnd) == 0);
}

// The word that stands behind a flag may have been meant as the command.
void note_taken(const Flag& flag, const char* value, CommandLine* line) {
  std::snprintf(line->hint, sizeof(line->hint), "; --%s has taken \"%.*s\" for its value%s%s%s",
                flag.name, 64, value, is_boolean(flag) ? ": write --" : "",
                is_boolean(flag) ? flag.name : "", is_boolean(flag) ? "=true" : "");
}

// False: the agent has no such exporter.
bool accepts(const Flag& flag, const char* value, CommandLine* line) {
  ExporterFault fault;
  if (!is_exporter_variable(flag.variable) || !find_exporter_fault(flag.variable, value, &fault))
    return true;
  fail(line, "argument --%s: ", flag.name);
  const std::size_t used = std::strlen(line->error);
  describe(fault, line->error + used, sizeof(line->error) - used);
  return false;
}

// "--service-name" is written with '_'. Null: no flag either.
const Flag* flag_with_dashes(const char* name, std::size_t size) {
  for (const Flag& flag : kFlags) {
    if (std::strlen(flag.name) != size) continue;
    std::size_t same = 0;
    while (same < size &&
           (name[same] == flag.name[same] || (name[same] == '-' && flag.name[same] == '_'))) {
      ++same;
    }
    if (same == size) return &flag;
  }
  return nullptr;
}

void fail_unknown(CommandLine* line, const char* argument, const char* name, std::size_t size) {
  fail(line, "unrecognized arguments: %s", argument);
  const Flag* meant = flag_with_dashes(name, size);
  const std::size_t used = std::strlen(line->error);
  if (meant == nullptr) return;
  std::snprintf(line->error + used, sizeof(line->error) - used, "; did you mean --%s?",
                meant->name);
}

// Takes the flag at `*position`; false: stop.
bool take_flag(char** argv, int* position, CommandLine* line) {
  const char* name = argv[*position] + 2;
  const char* equals = std::strchr(name, '=');
  const std::size_t size =
      equals == nullptr ? std::strlen(name) : static_cast<std::size_t>(equals - name);
  const Match found = match(name, size);
  if (found.count == 0) {
    fail_unknown(line, argv[*position], name, size);
    return false;
  }
  if (found.count > 1) {
    fail_ambiguous(line, name, size);
    return false;
  }
  if (found.help || found.version) {
    line->result = found.help ? CommandLineResult::kHelp : CommandLineResult::kVersion;
    return false;
  }
  const char* value = equals == nullptr ? argv[*position + 1] : equals + 1;
  int words = equals == nullptr ? 2 : 1;
  const bool is_switch = std::strcmp(found.flag->name, kBodySizes) == 0;
  // "true CMD" is a value and the command, "true" alone a command.
  const bool has_value =
      is_boolean_value(value) && (equals != nullptr || argv[*position + 2] != nullptr);
  if (is_switch && equals == nullptr && !has_value) {
    value = "true";
    words = 1;
  } else if (equals == nullptr && !is_value(value)) {
    fail(line, "argument --%s: expected one argument", found.flag->name);
    return false;
  }
  if (line->setting_count == CommandLine::kSettingsMax) {
    fail(line, "too many flags: %s", argv[*position]);
    return false;
  }
  if (!accepts(*found.flag, value, line)) return false;
  line->settings[line->setting_count++] = {found.flag, value};
  // A boolean that has no boolean value is odd, whatever comes behind it.
  const bool is_odd = is_boolean(*found.flag) && !is_boolean_value(value);
  if (words == 2 && (is_odd || argv[*position + 2] == nullptr)) {
    note_taken(*found.flag, value, line);
  }
  *position += words;
  return true;
}

}  // namespace

const Flag* flags_begin() {
  return kFlags;
}
const Flag* flags_end() {
  return kFlags + sizeof(kFlags) / sizeof(kFlags[0]);
}

const char* misplaced_flag(char* const* command) {
  // Other programs have a --log_level or a --config_file of their own.
  constexpr const char* kOurs[] = {
      "exporter_otlp_",   "exporter_prometheus_", "exporter_zipkin_", "logs_exporter",
      "metrics_exporter", "resource_attributes",  "service_name",     "traces_"};
  constexpr int kLookedAtMax = 100;
  for (int i = 0; i < kLookedAtMax && command[i] != nullptr; ++i) {
    const char* slash = std::strrchr(command[i], '/');
    // What follows another launcher is that one's.
    if (std::strcmp(slash == nullptr ? command[i] : slash + 1, "opentelemetry-instrument") == 0) {
      return nullptr;
    }
    if (i == 0 || std::strncmp(command[i], "--", 2) != 0) continue;
    if (command[i][2] == '\0') return nullptr;  // what comes is no option of anybody
    const char* name = command[i] + 2;
    const std::size_t size = std::strcspn(name, "=");
    for (const char* begin : kOurs) {
      if (std::strncmp(name, begin, std::strlen(begin)) != 0) continue;
      for (const Flag& flag : kFlags) {
        if (std::strlen(flag.name) == size && is_prefix(name, size, flag.name)) return flag.name;
      }
    }
  }
  return nullptr;
}

void parse_command_line(int argc, char** argv, CommandLine* line) {
  int position = 1;
  while (position < argc) {
    const char* argument = argv[position];
    if (std::strcmp(argument, "--") == 0) {
      line->has_separator = true;
      ++position;
      break;
    }
    if (std::strcmp(argument, "-h") == 0) {
      line->result = CommandLineResult::kHelp;
      return;
    }
    if (argument[0] != '-' || argument[1] == '\0') break;
    if (argument[1] != '-') return fail(line, "unrecognized arguments: %s", argument);
    if (!take_flag(argv, &position, line)) return;
  }
  if (position >= argc) {
    fail(line, "the following arguments are required: command, command_args%s", line->hint);
    return;
  }
  line->command = argv + position;
}

}  // namespace kolben::agent
