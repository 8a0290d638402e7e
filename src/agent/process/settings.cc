#include "agent/process/settings.h"

#include <algorithm>

#include "agent/process/own_settings.h"
#include "agent/process/resource_detectors.h"
#include "agent/process/settings_names.h"
#include "agent/process/utf8.h"
#include "agent/protocols/trace_headers.h"

namespace kolben::agent {
namespace {

// Of a value of any length, what a sentence has room for.
std::string begin_of(std::string_view value) {
  constexpr std::size_t kShownMax = 64;
  if (value.size() <= kShownMax) return std::string(value);
  return std::string(cut_utf8(value, kShownMax)) + "...";
}

class Reader {
 public:
  Reader(const Environment& environment, Settings& settings)
      : settings_(settings), variables_(environment, settings.warnings) {}

  void read() {
    settings_.is_disabled = variables_.boolean("OTEL_SDK_DISABLED", false);
    read_resource();
    read_detectors();
    settings_.traces = read_exporters(Signal::kTraces, variables_);
    settings_.metrics = read_exporters(Signal::kMetrics, variables_);
    settings_.logs = read_exporters(Signal::kLogs, variables_);
    read_batches(settings_.span_batches, "OTEL_BSP_");
    read_batches(settings_.log_batches, "OTEL_BLRP_");
    variables_.millis("OTEL_METRIC_EXPORT_TIMEOUT", settings_.metric_timeout_nanos);
    read_propagation();
    read_sampler();
    read_own_settings(variables_, settings_);
    read_exemplar_filter();
    read_limits();
    check_conventions();
    read_conventions(variables_.text("OTEL_SEMCONV_STABILITY_OPT_IN"), settings_.conventions);
    read_log_level();
    check_patterns("OTEL_PYTHON_EXCLUDED_URLS");
    read_captured_headers();
    settings_.conventions.all_methods =
        !variables_.text("OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS").empty();
    settings_.process_metrics = variables_.boolean("OTEL_INSTRUMENTATION_PROCESS_ENABLED", false);
    settings_.captures_output =
        variables_.boolean("OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED", true);
    name_the_ignored();
  }

 private:
  // The order is Python's: its SDK, the variable's items, the launcher, the fallback name.
  void read_resource() {
    NamedTexts& all = settings_.resource_attributes;
    set_sdk_attributes(all);
    for (auto& [key, value] :
         variables_.pairs("OTEL_RESOURCE_ATTRIBUTES", Variables::Keys::kAsTheyAre)) {
      put(all, key, std::move(value));
    }
    const std::string_view service = variables_.text("OTEL_SERVICE_NAME");
    if (!service.empty()) put(all, "service.name", std::string(service));
    read_entities(all);
    put(all, "telemetry.auto.version", std::string(agent_version()));
    if (!has_key(all, "service.name")) put(all, "service.name", "unknown_service");
  }

  // Stronger than the other variables of the resource.
  void read_entities(NamedTexts& attributes) {
    constexpr std::string_view kName = "OTEL_ENTITIES";
    settings_.entities =
        parse_entities(variables_.text(kName), [&](std::string_view part, std::string_view what) {
          variables_.warn_value(kName, part, what);
        });
    const auto add = [&](const NamedTexts& texts) {
      for (const auto& [key, value] : texts) {
        const auto other = std::find_if(
            attributes.begin(), attributes.end(),
            [&](const auto& item) { return item.first == key && item.second != value; });
        if (other != attributes.end()) {
          variables_.warn(std::string(kName) + " says " + key + "=" + begin_of(value) +
                          "; it replaces \"" + begin_of(other->second) + "\"");
        }
        put(attributes, key, value);
      }
    };
    for (const Entity& entity : settings_.entities) {
      add(entity.ids);
      add(entity.descriptions);
    }
  }

  void read_detectors() {
    const std::string_view name = "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS";
    for (const std::string_view item : split_list(variables_.text(name))) {
      if (is_resource_detector(item)) {
        settings_.resource_detectors.emplace_back(item);
      } else {
        variables_.warn_value(
            name, item, "unknown (known: process, os, host, service_instance, otel, *); left out");
      }
    }
  }

  void read_batches(BatchSettings& batches, const std::string& prefix) {
    // Bounds the memory that a typing error can ask for: about 500 MiB of queued spans.
    constexpr std::uint32_t kQueueItemsMax = 1 << 20;
    variables_.millis(prefix + "SCHEDULE_DELAY", batches.schedule_delay_nanos);
    variables_.millis(prefix + "EXPORT_TIMEOUT", batches.export_timeout_nanos);
    variables_.number<std::uint32_t>(prefix + "MAX_QUEUE_SIZE", batches.queue_items_max, 1);
    batches.queue_items_max = std::min(batches.queue_items_max, kQueueItemsMax);
    variables_.number<std::uint32_t>(prefix + "MAX_EXPORT_BATCH_SIZE", batches.batch_items_max, 1);
    if (batches.batch_items_max > batches.queue_items_max) {
      if (!variables_.text(prefix + "MAX_EXPORT_BATCH_SIZE").empty()) {
        variables_.warn(prefix + "MAX_EXPORT_BATCH_SIZE is larger than " + prefix +
                        "MAX_QUEUE_SIZE; using the latter");
      }
      batches.batch_items_max = batches.queue_items_max;
    }
  }

  // What is left out, and what then holds (parse_trace_formats), is said here.
  void check_propagators() {
    const std::string_view name = "OTEL_PROPAGATORS";
    const std::vector<std::string_view> items = split_list(variables_.text(name));
    const auto is_known = [&](std::string_view item) {
      const std::string word = lower(item);
      return std::any_of(std::begin(kTraceFormatNames), std::end(kTraceFormatNames),
                         [&](const TraceFormatName& known) { return word == known.text; });
    };
    std::string known;
    for (const TraceFormatName& one : kTraceFormatNames) {
      known.append(known.empty() ? "" : ", ").append(one.text);
    }
    const bool has_known = std::any_of(items.begin(), items.end(), is_known);
    for (const std::string_view item : items) {
      if (is_known(item)) continue;
      variables_.warn_value(name, item,
                            "unknown (known: " + known + "); " +
                                (has_known ? "it is left out" : "using tracecontext,baggage"));
    }
  }

  void read_propagation() {
    check_propagators();
    set_propagation(std::string(variables_.text("OTEL_PROPAGATORS")),
                    std::string(variables_.text("OTEL_TRACES_SAMPLER")),
                    std::string(variables_.text("OTEL_TRACES_SAMPLER_ARG")), settings_);
  }

  void read_sampler() {
    check_sampler(variables_);
    if (is_remote_sampler(variables_.text("OTEL_TRACES_SAMPLER"))) {
      settings_.remote_sampling = read_remote_sampling(variables_);
    }
  }

  void read_exemplar_filter() {
    const std::string_view name = "OTEL_METRICS_EXEMPLAR_FILTER";
    const std::string value = lower(variables_.text(name));
    if (value.empty() || value == "trace_based") return;
    if (value == "always_on") {
      settings_.exemplar_filter = ExemplarFilter::kAlwaysOn;
    } else if (value == "always_off") {
      settings_.exemplar_filter = ExemplarFilter::kAlwaysOff;
    } else {
      variables_.warn_value(
          name, value, "unknown (known: trace_based, always_on, always_off); using trace_based");
    }
  }

  void read_limits() {
    Limits& limits = settings_.limits;
    std::uint32_t count = limits.span_attributes_max;
    std::uint32_t bytes = Limits::kNoLimit;
    variables_.number<std::uint32_t>("OTEL_ATTRIBUTE_COUNT_LIMIT", count, 0);
    variables_.number<std::uint32_t>("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", bytes, 0);
    limits.span_attributes_max = limits.log_attributes_max = count;
    limits.span_value_bytes_max = limits.log_value_bytes_max = bytes;
    variables_.number<std::uint32_t>("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", limits.span_attributes_max,
                                     0);
    variables_.number<std::uint32_t>("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                                     limits.span_value_bytes_max, 0);
    variables_.number<std::uint32_t>("OTEL_SPAN_EVENT_COUNT_LIMIT", limits.span_events_max, 0);
    variables_.number<std::uint32_t>("OTEL_SPAN_LINK_COUNT_LIMIT", limits.span_links_max, 0);
    variables_.number<std::uint32_t>("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT",
                                     limits.event_attributes_max, 0);
    variables_.number<std::uint32_t>("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", limits.link_attributes_max,
                                     0);
    variables_.number<std::uint32_t>("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT",
                                     limits.log_attributes_max, 0);
    variables_.number<std::uint32_t>("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT",
                                     limits.log_value_bytes_max, 0);
  }

  // What the library understands is in agent/protocols/text_pattern.h; the rest is said here.
  void check_patterns(std::string_view name) {
    std::size_t count = 0;
    for (const std::string_view item : split_list(variables_.text(name))) {
      if (!TextPattern().parse(item.data(), item.size())) {
        variables_.warn_value(name, item,
                              "not understood (known: characters, '.', '*', '^', '$' and '\\'); "
                              "left out");
      } else if (++count == TextPatterns::kPatternsMax + 1) {
        variables_.warn_value(name, item, "too many patterns; left out from here on");
      }
    }
  }

  void read_captured_headers() {
    for (int i = 0; i < CapturedHeaders::kLists; ++i) {
      const std::string_view name = CapturedHeaders::kVariables[i];
      check_patterns(name);
      settings_.captured_headers.set(i, std::string(variables_.text(name)).c_str());
    }
    const std::string_view name = "OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS";
    check_patterns(name);
    settings_.sanitized_headers.init(std::string(variables_.text(name)).c_str(),
                                     TextPatterns::Kind::kSearchedAnyCase);
  }

  // Others are for areas that the agent tells nothing of.
  void check_conventions() {
    const std::string_view name = "OTEL_SEMCONV_STABILITY_OPT_IN";
    for (const std::string_view item : split_list(variables_.text(name))) {
      const std::string area = lower(item);
      const std::string_view plain = std::string_view(area).substr(0, area.find("/dup"));
      const bool is_whole = area == plain || area == std::string(plain) + "/dup";
      if (is_whole && (plain == "http" || plain == "database" || plain == "rpc")) continue;
      variables_.warn_value(name, item,
                            "has no effect (known: http, database, rpc, each with /dup behind it)");
    }
  }

  void read_log_level() {
    const std::string_view name = "OTEL_LOG_LEVEL";
    const std::string_view value = variables_.text(name);
    if (!value.empty() && !parse_log_level(value, settings_.log_level)) {
      variables_.warn_value(name, value,
                            "unknown (known: debug, info, warn, error, fatal, none); info holds");
    }
  }

  void name_the_ignored() {
    const std::string names = names_without_effect(variables_.all(), is_known_setting);
    if (!names.empty()) variables_.warn("these settings have no effect: " + names);
  }

  Settings& settings_;
  Variables variables_;
};

}  // namespace

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

void read_conventions(std::string_view list, SemanticConventions& conventions) {
  const std::vector<std::string_view> items = split_list(list);
  const auto has = [&](std::string_view name) {
    return std::any_of(items.begin(), items.end(),
                       [&](std::string_view item) { return lower(item) == name; });
  };
  const auto read = [&](const std::string& area, bool& old, bool& stable) {
    const bool is_dual = has(area + "/dup");  // wins
    stable = stable || is_dual || has(area);
    old = is_dual || !stable;
  };
  read("http", conventions.old_http, conventions.stable_http);
  read("database", conventions.old_database, conventions.stable_database);
  read("rpc", conventions.old_rpc, conventions.stable_rpc);
}

bool parse_log_level(std::string_view text, LogLevel& level) {
  const std::string name = lower(text);
  const auto begins = [&](std::string_view word) { return name.starts_with(word); };
  if (begins("trace") || begins("debug") || begins("info") || begins("warn")) {
    level = LogLevel::kAll;
  } else if (begins("error") || begins("fatal") || begins("critical")) {
    level = LogLevel::kErrors;
  } else if (name == "none" || name == "off") {
    level = LogLevel::kNothing;
  } else {
    return false;
  }
  return true;
}

void set_sdk_attributes(NamedTexts& attributes) {
  put(attributes, "telemetry.sdk.language", "cpp");
  put(attributes, "telemetry.sdk.name", "kolben");
  put(attributes, "telemetry.sdk.version", std::string(agent_version()));
}

Settings read_settings(const Environment& environment) {
  Settings settings;
  settings.environment = environment;
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
    const auto& values = settings.resource_values;
    return has_key(settings.resource_attributes, key) ||
           std::any_of(values.begin(), values.end(),
                       [&](const auto& item) { return item.first == key; });
  };
  const auto is_wanted = [&](const std::string& key) {
    const auto matches = [&](const std::string& pattern) { return matches_pattern(pattern, key); };
    const auto& included = settings.detected_included;
    const auto& excluded = settings.detected_excluded;
    return (included.empty() || std::any_of(included.begin(), included.end(), matches)) &&
           std::none_of(excluded.begin(), excluded.end(), matches);
  };
  DetectedResource found = detect_resource(settings.resource_detectors, pid);
  for (auto& [key, value] : found.texts) {
    if (!is_set(key) && is_wanted(key))
      settings.resource_attributes.emplace_back(key, std::move(value));
  }
  for (auto& [key, value] : found.numbers) {
    if (!is_set(key) && is_wanted(key)) settings.resource_numbers.emplace_back(key, value);
  }
}

std::string_view agent_version() {
  return KOLBEN_VERSION;
}

void set_propagation(const std::string& formats, const std::string& sampler,
                     const std::string& argument, Settings& settings) {
  settings.trace_formats = parse_trace_formats(formats.c_str());
  settings.sampler.init(sampler.c_str(), argument.empty() ? nullptr : argument.c_str());
}

}  // namespace kolben::agent
