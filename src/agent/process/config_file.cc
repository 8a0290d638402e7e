#include "agent/process/config_file.h"

#include <algorithm>
#include <set>

#include "agent/process/config_pipelines.h"
#include "agent/process/config_resource.h"
#include "agent/process/config_sampler.h"
#include "agent/process/config_variables.h"
#include "agent/process/own_settings.h"
#include "agent/process/settings_names.h"
#include "agent/ring/ring.h"
#include "config/load.h"
#include "config/reader.h"

namespace kolben::agent {
namespace {

constexpr std::string_view kVariables[] = {"OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE"};
const std::vector<std::string_view> kSections = {"file_format",
                                                 "disabled",
                                                 "log_level",
                                                 "resource",
                                                 "attribute_limits",
                                                 "propagator",
                                                 "tracer_provider",
                                                 "meter_provider",
                                                 "logger_provider",
                                                 "distribution",
                                                 "instrumentation/development",
                                                 "instrumentation"};

class FileReader {
 public:
  FileReader(const config::Node& root, const Environment& environment, Settings& settings,
             config::Errors& errors)
      : environment_(environment), settings_(settings), errors_(errors), root_(root, "", errors) {
    // Somebody may keep anchors there; what is nearly a section is a mistake.
    for (std::size_t i = 0; i < root.fields.size(); ++i) {
      if (!config::nearest(root.fields[i].first, kSections).empty()) continue;
      root_.ignored(root.fields[i].first, "it is none of the configuration's sections");
    }
  }

  void read() {
    read_format();
    root_.optional("disabled", settings_.is_disabled);
    std::string level;
    root_.optional("log_level", level);
    if (!level.empty() && !parse_log_level(level, settings_.log_level)) {
      root_.error("log_level", "want one of trace, debug, info, warn, error, fatal, none");
    }
    read_resource_section();
    read_limits_section();
    settings_.for_library.emplace();
    if (const auto propagator = root_.child("propagator")) {
      read_propagators(*propagator, *settings_.for_library, errors_);
    }
    if (const auto provider = root_.child("tracer_provider")) read_traces(*provider);
    if (const auto provider = root_.child("meter_provider")) read_metrics(*provider);
    if (const auto provider = root_.child("logger_provider")) read_logs(*provider);
    const LibraryTexts& told = *settings_.for_library;
    set_propagation(told.propagators, told.sampler, told.sampler_argument, settings_);
    settings_.captures_output = !settings_.logs.empty();
    for (const char* key : {"instrumentation/development", "instrumentation"}) {
      if (const auto section = root_.child(key)) read_instrumentation(*section);
    }
    if (const auto distribution = root_.child("distribution")) read_distributions(*distribution);
  }

 private:
  void read_format() {
    std::string format;
    root_.optional("file_format", format);
    if (format.empty()) return root_.error("file_format", "is missing: write file_format: \"1.1\"");
    const bool is_known = format == "0.3" || format == "0.4" || format == "1.0" ||
                          format.starts_with("1.0-rc") || format == "1.1";
    if (is_known) return;
    if (format.starts_with("1.")) {
      errors_.warn(root_.location(),
                   "file_format " + format + " is newer than the agent, which reads it as 1.1");
      return;
    }
    root_.error("file_format", "want 0.3, 0.4, 1.0 or 1.1, not \"" + format + "\"");
  }

  void read_resource_section() {
    NamedTexts& attributes = settings_.resource_attributes;
    set_sdk_attributes(attributes);
    if (const auto resource = root_.child("resource")) {
      read_resource(*resource, environment_, settings_, errors_);
    }
    put(attributes, "telemetry.auto.version", std::string(agent_version()));
    if (!has_key(attributes, "service.name")) {
      put(attributes, "service.name", std::string(kUnknownService));
    }
  }

  static void read_limit(config::Reader& reader, std::string_view key, std::uint32_t& limit) {
    std::uint64_t value = limit;
    reader.optional(key, value);
    limit = static_cast<std::uint32_t>(std::min<std::uint64_t>(value, Limits::kNoLimit));
  }

  static void read_common_limits(config::Reader& reader, std::uint32_t& count,
                                 std::uint32_t& bytes) {
    read_limit(reader, "attribute_count_limit", count);
    read_limit(reader, "attribute_value_length_limit", bytes);
    reader.ignored("attribute_value_depth_limit", "the agent's attributes are flat");
  }

  void read_limits_section() {
    const auto reader = root_.child("attribute_limits");
    if (reader == nullptr) return;
    Limits& limits = settings_.limits;
    read_common_limits(*reader, limits.span_attributes_max, limits.span_value_bytes_max);
    limits.log_attributes_max = limits.span_attributes_max;
    limits.log_value_bytes_max = limits.span_value_bytes_max;
  }

  void read_traces(config::Reader& provider) {
    read_processors(Signal::kTraces, provider, settings_, errors_);
    read_sampler(provider, settings_, errors_);
    if (const auto reader = provider.child("limits")) {
      Limits& limits = settings_.limits;
      read_common_limits(*reader, limits.span_attributes_max, limits.span_value_bytes_max);
      read_limit(*reader, "event_count_limit", limits.span_events_max);
      read_limit(*reader, "link_count_limit", limits.span_links_max);
      read_limit(*reader, "event_attribute_count_limit", limits.event_attributes_max);
      read_limit(*reader, "link_attribute_count_limit", limits.link_attributes_max);
    }
    provider.ignored("id_generator", "the agent makes random ids");
    provider.ignored("tracer_configurator/development", "the agent has one tracer");
  }

  void read_metrics(config::Reader& provider) {
    read_readers(provider, settings_, errors_);
    provider.ignored("views", "the agent has none");
    std::size_t filter = 0;
    provider.choice("exemplar_filter", {"trace_based", "always_on", "always_off"}, filter);
    settings_.exemplar_filter = static_cast<ExemplarFilter>(filter);
    provider.ignored("meter_configurator/development", "the agent has one meter a source");
  }

  void read_logs(config::Reader& provider) {
    read_processors(Signal::kLogs, provider, settings_, errors_);
    if (const auto reader = provider.child("limits")) {
      read_common_limits(*reader, settings_.limits.log_attributes_max,
                         settings_.limits.log_value_bytes_max);
    }
    provider.ignored("logger_configurator/development", "the agent has one logger");
  }

  // `old` and `stable` of one area.
  static void read_semconv(config::Reader& area, bool& old, bool& stable) {
    const auto semconv = area.child("semconv");
    if (semconv == nullptr) return;
    std::uint64_t version = 1;
    bool is_dual = false;
    semconv->optional("version", version);
    semconv->optional("dual_emit", is_dual);
    semconv->ignored("experimental", "old or stable conventions are followed");
    stable = version != 0;
    old = version == 0 || is_dual;
  }

  void read_http(config::Reader& http) {
    read_semconv(http, settings_.conventions.old_http, settings_.conventions.stable_http);
    int list = 0;  // in the order of CapturedHeaders
    for (const char* side : {"server", "client"}) {
      const auto reader = http.child(side);
      for (const char* key : {"request_captured_headers", "response_captured_headers"}) {
        if (reader != nullptr) read_headers(*reader, key, list);
        ++list;
      }
      if (reader == nullptr) continue;
      reader->ignored("known_methods", "those of RFC 9110 and PATCH are known");
    }
  }

  void read_headers(config::Reader& reader, const char* key, int list) {
    std::vector<std::string> names;
    reader.optional(key, names);
    std::string& told = settings_.for_library->captured_headers[list];
    for (const std::string& name : names) {
      if (!told.empty()) told += ',';
      told += name;
    }
    if (names.size() > TextPatterns::kPatternsMax ||
        told.size() >= sizeof(LibrarySettings::captured_headers[0])) {
      reader.error(key, "want at most 16 names, 255 characters together");
    }
    settings_.captured_headers.set(list, told.c_str());
  }

  void read_instrumentation(config::Reader& section) {
    for (const char* language : {"cpp", "dotnet", "erlang", "go", "java", "js", "php", "python",
                                 "ruby", "rust", "swift"}) {
      section.raw(language);  // for others
    }
    const auto general = section.child("general");
    if (general == nullptr) return;
    std::string list;
    general->optional("stability_opt_in_list", list);
    ::kolben::agent::read_conventions(list, settings_.conventions);
    if (const auto http = general->child("http")) read_http(*http);
    if (const auto database = general->child("db")) {
      read_semconv(*database, settings_.conventions.old_database,
                   settings_.conventions.stable_database);
    }
    if (const auto rpc = general->child("rpc")) {
      read_semconv(*rpc, settings_.conventions.old_rpc, settings_.conventions.stable_rpc);
    }
    for (const char* key : {"messaging", "code", "gen_ai", "peer", "sanitization"}) {
      general->ignored(key, "the agent has nothing to set there");
    }
  }

  // What the specification has no place for. All others are somebody else's.
  void read_distributions(config::Reader& all) {
    if (const auto ours = all.child("kolben")) {
      ours->optional("log_files", settings_.log_files);
      if (!settings_.log_files.empty() && settings_.logs.empty()) {
        errors_.warn(ours->location(),
                     "log_files: without a logger_provider nobody gets the lines");
      }
    }
    const config::Node* const node = root_.raw("distribution");
    for (const auto& field : node->fields) all.raw(field.first);
  }

  const Environment& environment_;
  Settings& settings_;
  config::Errors& errors_;
  config::Reader root_;
};

// What somebody may expect to have an effect.
std::string unused_variables(const Environment& environment, const std::set<std::string>& used) {
  return names_without_effect(environment, [&](std::string_view name) {
    const bool names_file =
        std::find(std::begin(kVariables), std::end(kVariables), name) != std::end(kVariables);
    // What Python's side does to the program's own lines is not telemetry's.
    const bool is_pythons = name.starts_with("OTEL_PYTHON_LOG_");
    const bool is_javas =
        std::find(std::begin(kSanitizationVariables), std::end(kSanitizationVariables), name) !=
        std::end(kSanitizationVariables);
    // There is a key for it.
    const bool has_key = name == "KOLBEN_AGENT_LOG_FILES";
    const bool is_own = name.starts_with("KOLBEN_") && is_known_setting(name) && !has_key;
    return names_file || is_pythons || is_javas || is_own || used.contains(std::string(name));
  });
}

}  // namespace

std::string_view config_file_of(const Environment& environment) {
  for (const std::string_view variable : kVariables) {
    const auto found = environment.find(variable);
    if (found != environment.end() && !trimmed(found->second).empty())
      return trimmed(found->second);
  }
  return {};
}

Settings read_config(std::string_view text, const std::string& name,
                     const Environment& environment) {
  Settings settings;
  settings.environment = environment;
  config::Errors errors;
  std::set<std::string> used;
  config::Source source = config::text_source(text, name, errors);
  if (errors.empty() && source.root.kind == config::NodeKind::kNull) {
    errors.add({name, 0, 0}, "empty configuration file");
  }
  substitute_variables(source.root, environment, used, errors);
  std::vector<std::string> own_warnings;
  if (errors.empty()) {
    FileReader(source.root, environment, settings, errors).read();
    Variables variables(environment, own_warnings);
    read_own_settings(variables, settings);
  }
  settings.warnings = errors.warnings();
  settings.warnings.insert(settings.warnings.end(), own_warnings.begin(), own_warnings.end());
  settings.mistakes = errors.messages();
  const std::string unused = unused_variables(environment, used);
  if (settings.mistakes.empty() && !unused.empty()) {
    settings.warnings.push_back("these settings have no effect, because " + name +
                                " is read and does not name them: " + unused);
  }
  return settings;
}

Settings load_settings(const Environment& environment) {
  const std::string path(config_file_of(environment));
  if (path.empty()) return read_settings(environment);
  Result<std::string> text = config::process_environment().file(path);
  Settings settings;
  if (text.has_value()) {
    settings = read_config(*text, path, environment);
    settings.file_name = path;
    settings.file_text = std::move(*text);
  } else {
    settings.mistakes.emplace_back(text.error().message());
  }
  return settings;
}

Settings load_like(const Settings& first, const Environment& environment) {
  if (first.file_name.empty()) return read_settings(environment);
  return read_config(first.file_text, first.file_name, environment);
}

}  // namespace kolben::agent
