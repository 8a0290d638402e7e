#include "agent/launcher/flags.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace kolben::agent {
namespace {

struct Parsed {
  CommandLine line;
  std::string error() const { return line.error; }
};

Parsed parse(std::vector<std::string> arguments) {
  static std::vector<std::string> kept;
  static std::vector<char*> pointers;
  kept = std::move(arguments);
  kept.insert(kept.begin(), "opentelemetry-instrument");
  pointers.clear();
  for (std::string& argument : kept) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  Parsed parsed;
  parse_command_line(static_cast<int>(kept.size()), pointers.data(), &parsed.line);
  return parsed;
}

TEST(Flags, ValueFollowsOrIsAttached) {
  const Parsed parsed = parse({"--service_name", "a", "--traces_exporter=console,otlp", "cmd"});
  ASSERT_EQ(parsed.line.result, CommandLineResult::kRun);
  ASSERT_EQ(parsed.line.setting_count, 2u);
  EXPECT_STREQ(parsed.line.settings[0].flag->variable, "OTEL_SERVICE_NAME");
  EXPECT_STREQ(parsed.line.settings[0].value, "a");
  EXPECT_STREQ(parsed.line.settings[1].value, "console,otlp");
}

TEST(Flags, UniqueAbbreviationsWorkAndAWholeNameWins) {
  EXPECT_EQ(parse({"--service_nam", "x", "c"}).line.result, CommandLineResult::kRun);
  const Parsed sampler = parse({"--traces_sampler", "always_on", "c"});
  EXPECT_STREQ(sampler.line.settings[0].flag->variable, "OTEL_TRACES_SAMPLER");
  EXPECT_NE(parse({"--traces_s", "x", "c"}).error().find("ambiguous option: --traces_s"),
            std::string::npos);
}

TEST(Flags, WhatFollowsTheCommandIsTheCommands) {
  const Parsed parsed = parse({"--", "cmd", "--service_name", "x"});
  ASSERT_EQ(parsed.line.result, CommandLineResult::kRun);
  EXPECT_STREQ(parsed.line.command[0], "cmd");
  EXPECT_STREQ(parsed.line.command[2], "x");
  EXPECT_EQ(parsed.line.setting_count, 0u);
}

TEST(Flags, AFlagOfOursBehindTheCommandIsFound) {
  const auto found = [](std::vector<std::string> arguments) {
    const char* flag = misplaced_flag(parse(std::move(arguments)).line.command);
    return std::string(flag == nullptr ? "" : flag);
  };
  EXPECT_EQ(found({"python3", "app.py", "--service_name", "shop"}), "service_name");
  EXPECT_EQ(found({"node", "app.js", "--traces_exporter=console"}), "traces_exporter");
  EXPECT_EQ(found({"--service_name", "a", "cmd", "--exporter_otlp_endpoint", "x"}),
            "exporter_otlp_endpoint");
}

TEST(Flags, WhatMayBeTheProgramsOwnIsNotTakenForOurs) {
  for (const std::vector<std::string>& line : std::vector<std::vector<std::string>>{
           {"cmd", "--config_file", "a"},
           {"cmd", "--log_level=debug"},
           {"cmd", "--service_names", "a"},
           {"cmd", "--service", "a"},
           {"cmd", "service_name"},
           {"cmd", "--", "--service_name", "a"},
           {"/usr/bin/opentelemetry-instrument", "--service_name", "a", "cmd"},
           {"env", "A=b", "opentelemetry-instrument", "--service_name", "a", "cmd"}}) {
    EXPECT_EQ(misplaced_flag(parse(line).line.command), nullptr) << line.back();
  }
}

TEST(Flags, TwoDashesBeforeTheCommandAreNoted) {
  EXPECT_TRUE(parse({"--", "cmd", "--service_name", "x"}).line.has_separator);
  EXPECT_FALSE(parse({"cmd", "--", "x"}).line.has_separator);
}

TEST(Flags, WrongLines) {
  EXPECT_EQ(parse({}).error(), "the following arguments are required: command, command_args");
  EXPECT_EQ(parse({"--bogus", "x"}).error(), "unrecognized arguments: --bogus");
  EXPECT_EQ(parse({"--service-name", "x"}).error(),
            "unrecognized arguments: --service-name; did you mean --service_name?");
  EXPECT_EQ(parse({"--id-generator", "x"}).error(),
            "unrecognized arguments: --id-generator; did you mean --id_generator?");
  EXPECT_EQ(parse({"--service_name"}).error(), "argument --service_name: expected one argument");
  EXPECT_EQ(parse({"--service_name", "--log_level", "c"}).error(),
            "argument --service_name: expected one argument");
}

TEST(Flags, AMistypedFlagIsNamed) {
  const auto f = [](const std::string& wrong, const std::string& hint) {
    EXPECT_EQ(parse({wrong, "x", "c"}).error(), "unrecognized arguments: " + wrong + hint);
  };
  f("--servce_name", "; did you mean --service_name?");
  f("--traces_exportre=console", "; did you mean --traces_exporter?");
  f("--verison", "; did you mean --version?");
  f("--excluded-url", "; did you mean --excluded_urls?");
  f("--servce_nme_s", "");
  f("--foo", "");
  f("--" + std::string(500, 'a'), "");
}

TEST(Flags, ASwitchOfOurOwnNeedsNoValue) {
  const auto f = [](std::vector<std::string> arguments, const std::string& value,
                    const std::string& command) {
    const Parsed parsed = parse(std::move(arguments));
    ASSERT_EQ(parsed.line.result, CommandLineResult::kRun) << parsed.error();
    EXPECT_EQ(parsed.line.settings[0].value, value);
    EXPECT_EQ(parsed.line.command[0], command);
  };
  f({"--http_body_sizes", "curl", "a"}, "true", "curl");
  f({"--http_body_sizes", "--service_name", "a", "curl"}, "true", "curl");
  f({"--http_body_sizes", "--", "curl"}, "true", "curl");
  f({"--http_body_sizes=false", "curl"}, "false", "curl");
  f({"--http_body_sizes", "false", "curl"}, "false", "curl");
  f({"--http_body_sizes", "True", "curl"}, "True", "curl");
  f({"--http_body_sizes", "true"}, "true", "true");
}

TEST(Flags, AVariableOfPythonsOrOfOursHasItsLongerNameToo) {
  const auto f = [](const std::string& flag, const std::string& variable) {
    const Parsed parsed = parse({flag, "x", "c"});
    ASSERT_EQ(parsed.line.result, CommandLineResult::kRun) << parsed.error();
    EXPECT_EQ(parsed.line.settings[0].flag->variable, variable);
  };
  f("--excluded_urls", "OTEL_PYTHON_EXCLUDED_URLS");
  f("--python_excluded_urls", "OTEL_PYTHON_EXCLUDED_URLS");
  f("--python_log_correlation", "OTEL_PYTHON_LOG_CORRELATION");
  f("--agent_command_spans", "KOLBEN_AGENT_COMMAND_SPANS");
  f("--command_spans", "KOLBEN_AGENT_COMMAND_SPANS");
  f("--log_level", "OTEL_LOG_LEVEL");
  f("--python_log_level", "OTEL_PYTHON_LOG_LEVEL");
  f("--entities", "OTEL_ENTITIES");
  f("--instrumentation_process_enabled", "OTEL_INSTRUMENTATION_PROCESS_ENABLED");
  EXPECT_EQ(parse({"--PYTHON_EXCLUDED_URLS", "x", "c"}).line.result, CommandLineResult::kError);
}

// Of each beginning that means one of them to Python's launchers.
TEST(Flags, WhatOnlyWeHaveMakesNoAbbreviationOfPythonsAmbiguous) {
  std::vector<std::string> pythons = {"help", "version"};
  for (const Flag* flag = flags_begin(); flag != flags_end(); ++flag) {
    if (flag->is_pythons) pythons.emplace_back(flag->name);
  }
  for (const std::string& name : pythons) {
    for (std::size_t size = 1; size < name.size(); ++size) {
      const std::string begin = name.substr(0, size);
      int count = 0;
      for (const std::string& other : pythons) count += other.starts_with(begin) ? 1 : 0;
      if (count != 1) continue;
      const Parsed parsed = parse({"--" + begin, name.ends_with("s_exporter") ? "none" : "x", "c"});
      EXPECT_NE(parsed.line.result, CommandLineResult::kError) << parsed.error();
      if (parsed.line.setting_count == 1) {
        EXPECT_EQ(parsed.line.settings[0].flag->name, name);
      }
    }
  }
  EXPECT_EQ(parse({"--h"}).line.result, CommandLineResult::kHelp);
  EXPECT_STREQ(parse({"--i", "x", "c"}).line.settings[0].flag->name, "id_generator");
  EXPECT_STREQ(parse({"--ent", "x", "c"}).line.settings[0].flag->name, "entities");
  const std::string ambiguous = parse({"--instrumentation_http", "x", "c"}).error();
  EXPECT_NE(ambiguous.find("--instrumentation_http_capture_all_methods, --"), std::string::npos)
      << ambiguous;
}

// Python's launcher takes whatever stands there.
TEST(Flags, ABooleanOfPythonsTakesAWord) {
  const Parsed parsed = parse({"--sdk_disabled", "python3", "app.py"});
  ASSERT_EQ(parsed.line.result, CommandLineResult::kRun);
  EXPECT_STREQ(parsed.line.settings[0].value, "python3");
  EXPECT_STREQ(parsed.line.command[0], "app.py");
  EXPECT_STREQ(parsed.line.hint,
               "; --sdk_disabled has taken \"python3\" for its value: write --sdk_disabled=true");
  EXPECT_STREQ(parse({"--sdk_disabled", "true", "curl"}).line.hint, "");
  EXPECT_STREQ(parse({"--exporter_otlp_insecure=yes", "curl"}).line.hint, "");
}

TEST(Flags, ACommandThatAFlagHasTakenIsNamed) {
  const std::string head = "the following arguments are required: command, command_args";
  EXPECT_EQ(parse({"--service_name", "curl"}).error(),
            head + "; --service_name has taken \"curl\" for its value");
  EXPECT_EQ(parse({"--exporter_otlp_insecure", "curl"}).error(),
            head +
                "; --exporter_otlp_insecure has taken \"curl\" for its value: write "
                "--exporter_otlp_insecure=true");
  EXPECT_EQ(parse({"--service_name=curl"}).error(), head);
  EXPECT_EQ(parse({"--http_body_sizes"}).error(), head);
}

TEST(Flags, AnExporterThatTheAgentHasNotIsRefused) {
  for (const char* name : {"traces_exporter", "metrics_exporter", "logs_exporter"}) {
    const std::string flag = std::string("--") + name;
    EXPECT_EQ(parse({flag, "console,foo", "c"})
                  .error()
                  .find("argument " + flag + ": unknown exporter \"foo\""),
              0u);
    EXPECT_EQ(parse({flag + "=opencensus", "c"}).line.result, CommandLineResult::kError);
    EXPECT_EQ(parse({flag + "=", "c"}).line.result, CommandLineResult::kRun);
  }
}

TEST(Flags, HelpAndVersion) {
  EXPECT_EQ(parse({"-h"}).line.result, CommandLineResult::kHelp);
  EXPECT_EQ(parse({"--help"}).line.result, CommandLineResult::kHelp);
  EXPECT_EQ(parse({"--vers"}).line.result, CommandLineResult::kVersion);
}

// As the launchers of opentelemetry-python list them in their help: 1.27, and the newest.
TEST(Flags, EachFlagOfPythonsLaunchersIsThere) {
  std::vector<std::string> names = {"resource_attributes",
                                    "service_name",
                                    "sdk_disabled",
                                    "log_level",
                                    "propagators",
                                    "traces_sampler",
                                    "traces_sampler_arg",
                                    "traces_exporter",
                                    "metrics_exporter",
                                    "logs_exporter",
                                    "config_file",
                                    "experimental_resource_detectors",
                                    "semconv_stability_opt_in",
                                    "context",
                                    "id_generator",
                                    "tracer_provider",
                                    "meter_provider",
                                    "distro",
                                    "configurator",
                                    "disabled_instrumentations",
                                    "auto_instrumentation_experimental_gevent_patch",
                                    "tracer_configurator",
                                    "meter_configurator",
                                    "logger_configurator",
                                    "sdk_internal_metrics_enabled",
                                    "attribute_count_limit",
                                    "attribute_value_length_limit",
                                    "span_attribute_count_limit",
                                    "span_attribute_value_length_limit",
                                    "span_event_count_limit",
                                    "span_link_count_limit",
                                    "event_attribute_count_limit",
                                    "link_attribute_count_limit",
                                    "logrecord_attribute_count_limit",
                                    "logrecord_attribute_value_length_limit",
                                    "bsp_schedule_delay",
                                    "bsp_export_timeout",
                                    "bsp_max_queue_size",
                                    "bsp_max_export_batch_size",
                                    "blrp_schedule_delay",
                                    "blrp_export_timeout",
                                    "blrp_max_queue_size",
                                    "blrp_max_export_batch_size",
                                    "metric_export_interval",
                                    "metric_export_timeout",
                                    "metrics_exemplar_filter",
                                    "exporter_otlp_metrics_temporality_preference",
                                    "exporter_otlp_metrics_default_histogram_aggregation",
                                    "exporter_zipkin_endpoint",
                                    "exporter_zipkin_timeout",
                                    "exporter_prometheus_host",
                                    "exporter_prometheus_port",
                                    "exporter_jaeger_agent_host",
                                    "exporter_jaeger_agent_port",
                                    "exporter_jaeger_agent_split_oversized_batches",
                                    "exporter_jaeger_certificate",
                                    "exporter_jaeger_endpoint",
                                    "exporter_jaeger_grpc_insecure",
                                    "exporter_jaeger_password",
                                    "exporter_jaeger_timeout",
                                    "exporter_jaeger_user",
                                    "experimental_disable_prometheus_unit_normalization"};
  for (const char* signal : {"", "traces_", "metrics_", "logs_"}) {
    for (const char* option : {"endpoint", "protocol", "headers", "timeout", "compression",
                               "insecure", "certificate", "client_key", "client_certificate"}) {
      names.push_back(std::string("exporter_otlp_") + signal + option);
    }
  }
  EXPECT_EQ(names.size(), 62u + 4 * 9);
  for (const std::string& name : names) {
    const bool is_exporter = name.ends_with("s_exporter");
    const Parsed parsed = parse({"--" + name, is_exporter ? "console" : "true", "c"});
    ASSERT_EQ(parsed.line.result, CommandLineResult::kRun) << name << ": " << parsed.error();
    EXPECT_EQ(parsed.line.settings[0].flag->name, name) << "not an abbreviation";
  }
}

TEST(Flags, EachVariableFollowsTheRule) {
  for (const Flag* flag = flags_begin(); flag != flags_end(); ++flag) {
    std::string name = flag->variable;
    // --log_level is OTEL_LOG_LEVEL.
    if (name == "OTEL_PYTHON_LOG_LEVEL") name.insert(5, "PYTHON_");
    for (const std::string_view begin : {"KOLBEN_AGENT_", "OTEL_PYTHON_", "OTEL_", ""}) {
      ASSERT_FALSE(begin.empty()) << name;
      if (!name.starts_with(begin)) continue;
      name.erase(0, begin.size());
      break;
    }
    for (char& c : name) c = static_cast<char>(tolower(c));
    EXPECT_EQ(name, flag->name);
  }
}

}  // namespace
}  // namespace kolben::agent
