#include "agent/process/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

Settings read(std::string_view text, const Environment& environment = {}) {
  return read_config("file_format: \"1.1\"\n" + std::string(text), "otel.yaml", environment);
}

// With neither mistakes nor warnings.
Settings read_well(std::string_view text, const Environment& environment = {}) {
  const Settings settings = read(text, environment);
  EXPECT_THAT(settings.mistakes, IsEmpty());
  EXPECT_THAT(settings.warnings, IsEmpty());
  return settings;
}

std::string attribute(const Settings& settings, std::string_view key) {
  for (const auto& [name, value] : settings.resource_attributes) {
    if (name == key) return value;
  }
  return "(none)";
}

TEST(ConfigFile, WhatIsNotThereIsNotDone) {
  const Settings settings = read_well("");
  for (const Signal signal : kAllSignals) EXPECT_THAT(settings.exporters(signal), IsEmpty());
  ASSERT_TRUE(settings.for_library);
  EXPECT_EQ(settings.for_library->sampler, "parentbased_always_on");
  EXPECT_EQ(settings.for_library->propagators, "none");
  EXPECT_FALSE(settings.captures_output);
  EXPECT_EQ(attribute(settings, "service.name"), "unknown_service");
}

TEST(ConfigFile, VariablesCountOnlyWhereTheFileNamesThem) {
  const Settings settings = read(
      "resource:\n"
      "  attributes:\n"
      "    - {name: service.name, value: \"${NAME}\"}\n"
      "    - {name: a, value: \"${env:NAME}-$${x}-${OTHER:-none}\"}\n"
      "    - {name: b, value: \"${INJECTED}\"}\n"
      "disabled: ${OFF}\n",
      {{"NAME", "shop"},
       {"INJECTED", "x: [1, ${NAME}]"},
       {"OFF", "true"},
       {"OTEL_SERVICE_NAME", "no"}});
  EXPECT_THAT(settings.mistakes, IsEmpty());
  EXPECT_EQ(attribute(settings, "service.name"), "shop");
  EXPECT_EQ(attribute(settings, "a"), "shop-${x}-none");
  EXPECT_EQ(attribute(settings, "b"), "x: [1, ${NAME}]") << "text, and not looked at again";
  EXPECT_TRUE(settings.is_disabled);
  EXPECT_THAT(settings.warnings,
              ElementsAre("these settings have no effect, because otel.yaml is read and does not "
                          "name them: OTEL_SERVICE_NAME"));
}

TEST(ConfigFile, AVariableThatIsUnsetSaysNothing) {
  const Settings settings = read_well(
      "resource: {attributes_list: \"${NONE}\"}\n"
      "attribute_limits:\n"
      "  attribute_value_length_limit: ${NONE}\n"
      "  attribute_count_limit: ${NONE:-17}\n");
  EXPECT_EQ(settings.limits.span_value_bytes_max, Limits::kNoLimit);
  EXPECT_EQ(settings.limits.span_attributes_max, 17U);
  EXPECT_EQ(settings.limits.log_attributes_max, 17U);
}

TEST(ConfigFile, TheResourceHasTypesAndTheListIsWeaker) {
  const Settings settings = read_well(
      "resource:\n"
      "  attributes:\n"
      "    - {name: service.name, value: shop}\n"
      "    - {name: number, value: 7, type: int}\n"
      "    - {name: names, value: [a, b], type: string_array}\n"
      "  attributes_list: service.name=weaker,zone=eu%20west\n"
      "  detection/development:\n"
      "    attributes: {included: [process.*], excluded: [process.pid]}\n"
      "    detectors: [{process: }, {host: }]\n");
  EXPECT_EQ(attribute(settings, "service.name"), "shop");
  EXPECT_EQ(attribute(settings, "zone"), "eu west");
  ASSERT_EQ(settings.resource_values.size(), 2U);
  EXPECT_EQ(std::get<std::int64_t>(settings.resource_values[0].second.items.at(0)), 7);
  EXPECT_TRUE(settings.resource_values[1].second.is_list);
  EXPECT_EQ(settings.resource_values[1].second.items.size(), 2U);
  EXPECT_THAT(settings.resource_detectors, ElementsAre("process", "host"));

  Settings detected = settings;
  detect_resource(detected, 1);
  for (const auto& [name, value] : detected.resource_attributes) {
    EXPECT_FALSE(name.starts_with("host.")) << name;
  }
  EXPECT_THAT(detected.resource_numbers,
              ::testing::Not(::testing::Contains(Pair("process.pid", 1))));
}

TEST(ConfigFile, ExportersOfTraces) {
  const Settings settings = read_well(
      "tracer_provider:\n"
      "  processors:\n"
      "    - batch:\n"
      "        exporter:\n"
      "          otlp_http:\n"
      "            endpoint: https://collector:4318/v1/traces\n"
      "            headers: [{name: API-Key, value: own}]\n"
      "            headers_list: api-key=weaker,b=%31\n"
      "            compression: gzip\n"
      "            timeout: 2000\n"
      "            encoding: json\n"
      "            tls: {ca_file: ca.pem, key_file: key.pem, cert_file: cert.pem}\n"
      "    - batch: {exporter: {otlp_grpc: {tls: {insecure: true}, endpoint: \"collector:1\"}}}\n"
      "    - batch: {exporter: {otlp_http: }}\n"
      "    - batch: {exporter: {zipkin: {timeout: 0}}}\n"
      "    - batch: {exporter: {console: }}\n");
  ASSERT_EQ(settings.traces.size(), 5U);
  const ExporterSettings& http = settings.traces[0];
  EXPECT_EQ(http.kind, ExporterKind::kOtlpHttpJson);
  EXPECT_EQ(http.peer.endpoint, "https://collector:4318/v1/traces");
  EXPECT_FALSE(http.peer.insecure);
  EXPECT_THAT(http.peer.headers, ElementsAre(Pair("api-key", "own"), Pair("b", "1")));
  EXPECT_EQ(http.peer.compression, wire::Compression::kGzip);
  EXPECT_EQ(http.peer.timeout_nanos, 2'000'000'000U);
  EXPECT_EQ(http.peer.certificate_file, "ca.pem");
  EXPECT_EQ(http.peer.client_key_file, "key.pem");
  EXPECT_EQ(http.peer.client_certificate_file, "cert.pem");
  EXPECT_EQ(settings.traces[1].kind, ExporterKind::kOtlpGrpc);
  EXPECT_EQ(settings.traces[1].peer.endpoint, "collector:1");
  EXPECT_TRUE(settings.traces[1].peer.insecure);
  EXPECT_EQ(settings.traces[2].kind, ExporterKind::kOtlpHttpProtobuf);
  EXPECT_EQ(settings.traces[2].peer.endpoint, "http://localhost:4318/v1/traces");
  EXPECT_EQ(settings.traces[2].peer.timeout_nanos, 10'000'000'000U);
  EXPECT_EQ(settings.traces[3].kind, ExporterKind::kZipkinJson);
  EXPECT_EQ(settings.traces[3].peer.endpoint, "http://localhost:9411/api/v2/spans");
  EXPECT_EQ(settings.traces[4].kind, ExporterKind::kConsole);
}

TEST(ConfigFile, NamesOfOlderFormats) {
  const Settings settings = read_config(
      "file_format: \"0.3\"\n"
      "propagator: {composite: [tracecontext, b3]}\n"
      "tracer_provider:\n"
      "  processors:\n"
      "    - batch:\n"
      "        exporter:\n"
      "          otlp: {protocol: grpc, endpoint: \"https://c:1\", certificate: ca.pem,\n"
      "                 client_key: k.pem, client_certificate: c.pem}\n"
      "meter_provider:\n"
      "  readers: [{pull: {exporter: {prometheus: {without_units: true,\n"
      "                                            without_type_suffix: true}}}}]\n"
      "logger_provider:\n"
      "  processors:\n"
      "    - batch: {exporter: {otlp: {protocol: http/protobuf, endpoint: "
      "\"http://c:2/v1/logs\"}}}\n",
      "otel.yaml", {});
  EXPECT_THAT(settings.mistakes, IsEmpty());
  EXPECT_THAT(settings.warnings, IsEmpty());
  EXPECT_EQ(settings.traces.at(0).kind, ExporterKind::kOtlpGrpc);
  EXPECT_EQ(settings.traces[0].peer.endpoint, "c:1");
  EXPECT_EQ(settings.traces[0].peer.client_key_file, "k.pem");
  EXPECT_FALSE(settings.metrics.at(0).prometheus.with_suffixes);
  EXPECT_EQ(settings.logs.at(0).kind, ExporterKind::kOtlpHttpProtobuf);
  EXPECT_EQ(settings.for_library->propagators, "tracecontext,b3");
  EXPECT_TRUE(settings.captures_output);

  const Settings newer = read_config(
      "file_format: \"0.4\"\n"
      "propagator: {composite: [{tracecontext: }], composite_list: \"b3multi,jaeger\"}\n"
      "tracer_provider:\n"
      "  processors: [{simple: {exporter: {otlp_grpc: {certificate_file: ca.pem}}}}]\n",
      "otel.yaml", {});
  EXPECT_THAT(newer.mistakes, IsEmpty());
  EXPECT_EQ(newer.for_library->propagators, "tracecontext,b3multi,jaeger");
  EXPECT_EQ(newer.traces.at(0).peer.endpoint, "localhost:4317");
  EXPECT_TRUE(newer.traces[0].peer.insecure);
  EXPECT_EQ(newer.span_batches.batch_items_max, 1U) << "simple: each span by itself";
  EXPECT_EQ(newer.span_batches.schedule_delay_nanos, 0U);
}

TEST(ConfigFile, BatchesAndLimits) {
  const Settings settings = read_well(
      "tracer_provider:\n"
      "  processors:\n"
      "    - batch: {schedule_delay: 100, export_timeout: 700, max_queue_size: 9,\n"
      "              max_export_batch_size: 20, exporter: {console: }}\n"
      "  limits: {attribute_count_limit: 1, attribute_value_length_limit: 2,\n"
      "           event_count_limit: 3, link_count_limit: 4, event_attribute_count_limit: 5,\n"
      "           link_attribute_count_limit: 6}\n"
      "logger_provider:\n"
      "  processors: [{batch: {exporter: {console: }}}]\n"
      "  limits: {attribute_count_limit: 7, attribute_value_length_limit: 8}\n");
  EXPECT_EQ(settings.span_batches.schedule_delay_nanos, 100'000'000U);
  EXPECT_EQ(settings.span_batches.export_timeout_nanos, 700'000'000U);
  EXPECT_EQ(settings.span_batches.queue_items_max, 9U);
  EXPECT_EQ(settings.span_batches.batch_items_max, 9U);
  EXPECT_EQ(settings.log_batches, BatchSettings());
  const Limits& limits = settings.limits;
  EXPECT_EQ(limits.span_attributes_max, 1U);
  EXPECT_EQ(limits.span_value_bytes_max, 2U);
  EXPECT_EQ(limits.span_events_max, 3U);
  EXPECT_EQ(limits.span_links_max, 4U);
  EXPECT_EQ(limits.event_attributes_max, 5U);
  EXPECT_EQ(limits.link_attributes_max, 6U);
  EXPECT_EQ(limits.log_attributes_max, 7U);
  EXPECT_EQ(limits.log_value_bytes_max, 8U);
}

TEST(ConfigFile, ReadersOfMetrics) {
  const Settings settings = read_well(
      "meter_provider:\n"
      "  readers:\n"
      "    - pull: {exporter: {prometheus/development: {host: 0.0.0.0, port: 9000,\n"
      "                                                 without_scope_info: true}}}\n"
      "    - periodic:\n"
      "        interval: 500\n"
      "        timeout: 400\n"
      "        exporter:\n"
      "          otlp_http: {temporality_preference: delta,\n"
      "                      default_histogram_aggregation: base2_exponential_bucket_histogram}\n"
      "    - periodic: {exporter: {console: }}\n"
      "  exemplar_filter: trace_based\n");
  ASSERT_EQ(settings.metrics.size(), 3U);
  EXPECT_EQ(settings.metrics[0].kind, ExporterKind::kPrometheus);
  EXPECT_EQ(settings.metrics[0].prometheus.port, 9000);
  EXPECT_EQ(settings.metrics[0].prometheus.host, "0.0.0.0");
  EXPECT_FALSE(settings.metrics[0].prometheus.with_scope_info);
  EXPECT_TRUE(settings.metrics[0].reader.is_pulled);
  EXPECT_THAT(settings.metrics[0].prometheus.port_setting, HasSubstr("readers::0::pull"));
  const ReaderSettings& periodic = settings.metrics[1].reader;
  EXPECT_EQ(periodic.interval_nanos, 500'000'000U);
  EXPECT_EQ(periodic.counters, Temporality::kDelta);
  EXPECT_EQ(periodic.histogram_kind, HistogramKind::kExponential);
  EXPECT_EQ(settings.metrics[1].peer.endpoint, "http://localhost:4318/v1/metrics");
  EXPECT_EQ(settings.metrics[2].reader, ReaderSettings());
  EXPECT_EQ(settings.metric_timeout_nanos, 400'000'000U);
}

TEST(ConfigFile, Samplers) {
  const auto f = [](const std::string& sampler, std::string_view name, std::string_view argument) {
    const Settings settings =
        read_well("tracer_provider: {processors: [], sampler: " + sampler + "}\n");
    EXPECT_EQ(settings.for_library->sampler, name) << sampler;
    EXPECT_EQ(settings.for_library->sampler_argument, argument) << sampler;
  };
  f("{always_off: }", "always_off", "");
  f("{trace_id_ratio_based: {ratio: 0.25}}", "traceidratio", "0.25000000000000000");
  f("{trace_id_ratio_based: {ratio: 1e-5}}", "traceidratio", "0.00001000000000000");
  f("{parent_based: {root: {always_off: }}}", "parentbased_always_off", "");
  f("{parent_based: {root: {trace_id_ratio_based: {ratio: 0.5}}, remote_parent_sampled: "
    "{always_on: }, remote_parent_not_sampled: {always_off: }}}",
    "parentbased_traceidratio", "0.50000000000000000");
  f("{parent_based: }", "parentbased_always_on", "");
}

TEST(ConfigFile, ARemoteSampler) {
  const Settings plain = read_well(
      "tracer_provider: {processors: [], sampler: {jaeger_remote: {endpoint: \"http://j:5778\", "
      "initial_sampler: {always_on: }}}}\n");
  EXPECT_EQ(plain.for_library->sampler, "jaeger_remote");
  EXPECT_EQ(plain.for_library->sampler_argument, "initialSamplingRate=1.00000000000000000");
  ASSERT_TRUE(plain.remote_sampling);
  EXPECT_EQ(plain.remote_sampling->peer.endpoint, "http://j:5778/sampling");
  EXPECT_EQ(plain.remote_sampling->interval_nanos, 60'000'000'000U);
  const Settings root = read_well(
      "tracer_provider: {processors: [], sampler: {parent_based: {root: "
      "{jaeger_remote/development: {endpoint: \"https://j:1\", interval: 5000, "
      "initial_sampler: {trace_id_ratio_based: {ratio: 0.25}}}}}}}\n");
  EXPECT_EQ(root.for_library->sampler, "parentbased_jaeger_remote");
  EXPECT_EQ(root.for_library->sampler_argument, "initialSamplingRate=0.25000000000000000");
  EXPECT_EQ(root.remote_sampling->peer.endpoint, "j:1");
  EXPECT_FALSE(root.remote_sampling->peer.insecure);
  EXPECT_EQ(root.remote_sampling->interval_nanos, 5'000'000'000U);
  EXPECT_TRUE(root.sampler.is_remote());
}

TEST(ConfigFile, ARemoteSamplersIntervalOfNothingIsSaidAndTheUsualHolds) {
  const auto of = [](const std::string& interval) {
    return read("tracer_provider: {processors: [], sampler: {jaeger_remote: {interval: " +
                interval + ", endpoint: \"http://j:1\", initial_sampler: {always_on: }}}}\n");
  };
  const Settings none = of("0");
  EXPECT_THAT(none.mistakes, IsEmpty());
  EXPECT_EQ(none.remote_sampling->interval_nanos, 60'000'000'000U);
  EXPECT_THAT(none.warnings,
              ElementsAre(HasSubstr("jaeger_remote::interval: 0 is no interval; using 60000")));
  EXPECT_EQ(of("1").remote_sampling->interval_nanos, 100'000'000U);
}

TEST(ConfigFile, WhatTheAgentCannotDoIsSaidAndTheRestHolds) {
  const Settings settings = read(
      "propagator: {composite_list: \"tracecontext,xray\"}\n"
      "tracer_provider:\n"
      "  processors:\n"
      "    - batch: {exporter: {otlp_file/development: {output_stream: stdout}}}\n"
      "    - simple: {exporter: {console: }}\n"
      "    - batch: {exporter: {otlp_grpc: }}\n"
      "  sampler:\n"
      "    parent_based:\n"
      "      root: {always_record: {root: x}}\n"
      "      remote_parent_not_sampled: {always_on: }\n"
      "meter_provider:\n"
      "  readers: []\n"
      "  views: []\n"
      "x-mine: {a: 1}\n");
  EXPECT_THAT(settings.mistakes, IsEmpty());
  EXPECT_EQ(settings.traces.size(), 2U);
  EXPECT_EQ(settings.for_library->propagators, "tracecontext");
  EXPECT_EQ(settings.for_library->sampler, "parentbased_always_on");
  EXPECT_THAT(
      settings.warnings,
      ElementsAre(
          "otel.yaml:15:1: x-mine is ignored: it is none of the configuration's sections",
          HasSubstr("otel.yaml:2:30: propagator: the agent has no propagator \"xray\""),
          HasSubstr("otel.yaml:5:15: tracer_provider::processors::0::batch::exporter is ignored"),
          HasSubstr("otel.yaml:7:7: tracer_provider::processors::2: all processors of a signal"),
          HasSubstr("remote_parent_not_sampled: the agent follows the parent: always_off"),
          HasSubstr("the agent has no sampler \"always_record\""),
          HasSubstr("meter_provider::views is ignored")));
}

TEST(ConfigFile, MistakesHavePlacesAndRemedies) {
  const auto f = [](std::string_view text, const std::vector<std::string>& want) {
    EXPECT_EQ(read_config(text, "c.yaml", {}).mistakes, want) << text;
  };
  f("resource: {}\n", {"c.yaml:1:1: file_format: is missing: write file_format: \"1.1\""});
  f("file_format: \"2.0\"\n", {"c.yaml:1:14: file_format: want 0.3, 0.4, 1.0 or 1.1, not \"2.0\""});
  f("file_format: \"1.0\"\ntracer_provder: {}\n",
    {"c.yaml:2:1: unknown key \"tracer_provder\" (did you mean \"tracer_provider\"?)"});
  f("file_format: \"1.0\"\ntracer_provider:\n  processors:\n    - batch:\n        exporter:\n"
    "          otlp_htp: {}\n",
    {"c.yaml:6:11: tracer_provider::processors::0::batch::exporter: unknown \"otlp_htp\" (did you "
     "mean \"otlp_http\"?); want one of otlp_http, otlp_grpc, otlp, console, zipkin"});
  f("file_format: \"1.0\"\ntracer_provider:\n  processors:\n    - batch: {}\n",
    {"c.yaml:4:14: tracer_provider::processors::0::batch::exporter: is missing: want one of "
     "otlp_http, otlp_grpc, otlp, console, zipkin"});
  const std::string samplers =
      "; want one of always_on, always_off, trace_id_ratio_based, parent_based, jaeger_remote, "
      "jaeger_remote/development";
  for (const auto& [wrong, right] :
       std::vector<std::pair<std::string, std::string>>{{"traceidratio", "trace_id_ratio_based"},
                                                        {"parentbased_always_on", "parent_based"},
                                                        {"always_onn", "always_on"}}) {
    f("file_format: \"1.0\"\ntracer_provider:\n  processors: []\n  sampler: {" + wrong + ": }\n",
      {"c.yaml:4:13: tracer_provider::sampler: unknown \"" + wrong + "\" (did you mean \"" + right +
       "\"?)" + samplers});
  }
  f("file_format: \"1.0\"\ntracer_provider: {processors: [], sampler: {\"\": }}\n",
    {"c.yaml:2:45: tracer_provider::sampler: unknown \"\"" + samplers});
  f("", {"c.yaml: empty configuration file"});
  f("# nothing\n", {"c.yaml: empty configuration file"});
  f("file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - periodic: {interval: soon,\n"
    "        exporter: {console: }}\n",
    {"c.yaml:4:28: meter_provider::readers::0::periodic::interval: want a whole number of at "
     "least 0, not \"soon\""});
  f("file_format: \"1.0\"\nmeter_provider:\n  readers:\n    - periodc: {}\n",
    {"c.yaml:4:7: meter_provider::readers::0: unknown key \"periodc\" (did you mean "
     "\"periodic\"?)"});
  f("file_format: \"1.0\"\npropagator: {composite: [{tracecontxt: }]}\n",
    {"c.yaml:2:26: propagator: unknown propagator \"tracecontxt\" (did you mean "
     "\"tracecontext\"?)"});
  f("file_format: \"1.0\"\nlog_level: ${X:?missing}\n",
    {"c.yaml:2:12: ${X:?missing} is not understood: want ${NAME} or ${NAME:-default}"});
  f("file_format: \"1.0\"\ntracer_provider:\n\tprocessors: []\n",
    {"c.yaml:3:12: illegal map value: line 3 begins with a tab; YAML indents with spaces"});
  f("file_format: [", {"c.yaml:1:1: end of sequence flow not found"});
}

TEST(ConfigFile, InstrumentationChoosesTheConventions) {
  const SemanticConventions by_list =
      read_well(
          "instrumentation/development: {general: {stability_opt_in_list: "
          "\"http/dup,database\"}, java: {x: {y: 1}}}\n")
          .conventions;
  EXPECT_TRUE(by_list.old_http && by_list.stable_http);
  EXPECT_TRUE(!by_list.old_database && by_list.stable_database);
  const SemanticConventions by_version =
      read_well(
          "instrumentation/development: {general: {http: {semconv: {version: 1}}, db: "
          "{semconv: {version: 1, dual_emit: true}}, rpc: {semconv: {version: 1}}}}\n")
          .conventions;
  EXPECT_TRUE(!by_version.old_http && by_version.stable_http);
  EXPECT_TRUE(by_version.old_database && by_version.stable_database);
  EXPECT_TRUE(!by_version.old_rpc && by_version.stable_rpc);
}

TEST(ConfigFile, SettingsOfOursHoldBesideIt) {
  const Settings settings = read_config("file_format: \"1.1\"\n", "otel.yaml",
                                        {{"KOLBEN_AGENT_CONSOLE_FORMAT", "newest"},
                                         {"KOLBEN_AGENT_HTTP_BODY_SIZES", "yes"},
                                         {"KOLBEN_AGENT_COMMAND_SPAN", "never"},
                                         {"OTEL_INSTRUMENTATION_COMMON_DB_SANITIZER", "false"},
                                         {"OTEL_INSTRUMENTATION_COMMON_DB_STATEMENT_SANITIZER_"
                                          "ENABLED",
                                          "false"}});
  EXPECT_FALSE(settings.sanitizes_sql);
  EXPECT_EQ(settings.console_format, ConsoleFormat::kNewest);
  EXPECT_THAT(
      settings.warnings,
      ElementsAre("KOLBEN_AGENT_HTTP_BODY_SIZES=yes: neither true nor false; false holds",
                  "these settings have no effect, because otel.yaml is read and does not "
                  "name them: KOLBEN_AGENT_COMMAND_SPAN (did you mean "
                  "KOLBEN_AGENT_COMMAND_SPANS?), OTEL_INSTRUMENTATION_COMMON_DB_SANITIZER"));
}

TEST(ConfigFile, HeadersAreCapturedHereAndInTheLibrary) {
  const Settings settings = read_well(
      "instrumentation/development: {general: {http: {server: {request_captured_headers: "
      "[Content-Type, Accept]}, client: {response_captured_headers: [X-Id]}}}}\n");
  EXPECT_EQ(settings.for_library->captured_headers[0], "Content-Type,Accept");
  EXPECT_EQ(settings.for_library->captured_headers[1], "");
  EXPECT_EQ(settings.for_library->captured_headers[3], "X-Id");
  ASSERT_NE(settings.captured_headers.of(false, false), nullptr);
  EXPECT_TRUE(settings.captured_headers.of(false, false)->match("accept", 6));
  EXPECT_EQ(settings.captured_headers.of(true, false), nullptr);
}

TEST(ConfigFile, LogFilesAreNamedInOurOwnSection) {
  const Settings settings = read_well(
      "logger_provider: {processors: [{simple: {exporter: {console: }}}]}\n"
      "distribution: {kolben: {log_files: [app.log, \"/var/log/x,y/*.log\"]},\n"
      "  other: {a: {b: 1}}}\n");
  EXPECT_THAT(settings.log_files, ElementsAre("app.log", "/var/log/x,y/*.log"));
  EXPECT_THAT(read_well("distribution: {other: {log_files: [x]}}\n").log_files, IsEmpty());
}

TEST(ConfigFile, LogFilesWithoutLogsAndWrongNamesAreSaid) {
  EXPECT_THAT(read("distribution: {kolben: {log_files: [x]}}\n").warnings,
              ElementsAre(HasSubstr("without a logger_provider")));
  EXPECT_THAT(read("distribution: {kolben: {log_file: [x]}}\n").mistakes,
              ElementsAre(HasSubstr("log_files")));
  EXPECT_THAT(read("", {{"KOLBEN_AGENT_LOG_FILES", "x"}}).warnings,
              ElementsAre(HasSubstr("KOLBEN_AGENT_LOG_FILES")));
}

TEST(ConfigFile, TheFileIsNamedByEitherVariable) {
  EXPECT_EQ(config_file_of({}), "");
  EXPECT_EQ(config_file_of({{"OTEL_CONFIG_FILE", " a.yaml "}}), "a.yaml");
  EXPECT_EQ(config_file_of({{"OTEL_EXPERIMENTAL_CONFIG_FILE", "b"}, {"OTEL_CONFIG_FILE", ""}}),
            "b");
  const Settings settings = load_settings({{"OTEL_CONFIG_FILE", "/nowhere/otel.yaml"}});
  EXPECT_THAT(settings.mistakes, ElementsAre(HasSubstr("reading /nowhere/otel.yaml")));
}

TEST(ConfigFile, JsonIsReadAsWell) {
  const Settings settings = read_config(
      R"({"file_format": "1.1", "tracer_provider": {"processors": [{"batch": {"exporter":
      {"console": null}}}]}})",
      "otel.json", {});
  EXPECT_THAT(settings.mistakes, IsEmpty());
  EXPECT_EQ(settings.traces.size(), 1U);
}

}  // namespace
}  // namespace kolben::agent
