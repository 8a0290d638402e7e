#include "agent/process/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Settings, DefaultsExportEverythingByGrpcToThisMachine) {
  const Settings settings = read_settings({});
  for (const Signal signal : kAllSignals) {
    ASSERT_EQ(settings.exporters(signal).size(), 1u);
    const ExporterSettings& exporter = settings.exporters(signal)[0];
    EXPECT_EQ(exporter.kind, ExporterKind::kOtlpGrpc);
    EXPECT_EQ(exporter.peer.endpoint, "localhost:4317");
    EXPECT_TRUE(exporter.peer.insecure);
    EXPECT_EQ(exporter.peer.timeout_nanos, 10'000'000'000u);
  }
  EXPECT_EQ(settings.span_batches.schedule_delay_nanos, 200'000'000u);
  EXPECT_EQ(settings.log_batches.schedule_delay_nanos, 200'000'000u);
  EXPECT_EQ(settings.metrics[0].reader, ReaderSettings());
  EXPECT_TRUE(settings.captures_output);
  EXPECT_TRUE(settings.conventions.old_http);
  EXPECT_FALSE(settings.conventions.stable_http);
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Settings, ResourceAttributesAreInPythonsOrder) {
  const auto keys = [](const Environment& environment) {
    std::string text;
    const Settings settings = read_settings(environment);
    for (const auto& [key, value] : settings.resource_attributes) text += key + "=" + value + " ";
    return text;
  };
  const std::string head =
      "telemetry.sdk.language=cpp telemetry.sdk.name=kolben telemetry.sdk.version=0.1.0 ";
  EXPECT_EQ(keys({}), head + "telemetry.auto.version=0.1.0 service.name=unknown_service ");
  EXPECT_EQ(
      keys({{"OTEL_SERVICE_NAME", "todo"}, {"OTEL_RESOURCE_ATTRIBUTES", "a=1,b=%20x, c = 3"}}),
      head + "a=1 b= x c=3 service.name=todo telemetry.auto.version=0.1.0 ");
  EXPECT_EQ(
      keys({{"OTEL_SERVICE_NAME", "wins"}, {"OTEL_RESOURCE_ATTRIBUTES", "service.name=x,a=1"}}),
      head + "service.name=wins a=1 telemetry.auto.version=0.1.0 ");
}

TEST(Settings, ExporterListsAreUnderstood) {
  const Settings settings = read_settings({{"OTEL_TRACES_EXPORTER", "console, otlp_proto_http"},
                                           {"OTEL_METRICS_EXPORTER", "None"},
                                           {"OTEL_LOGS_EXPORTER", ""}});
  ASSERT_EQ(settings.traces.size(), 2u);
  EXPECT_EQ(settings.traces[0].kind, ExporterKind::kConsole);
  EXPECT_EQ(settings.traces[1].kind, ExporterKind::kOtlpHttpProtobuf);
  EXPECT_EQ(settings.traces[1].peer.endpoint, "http://localhost:4318/v1/traces");
  EXPECT_THAT(settings.metrics, IsEmpty());
  EXPECT_THAT(settings.logs, IsEmpty());
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Settings, TheLogExporterWithoutItsSIsHonouredWithAWarning) {
  const Settings settings = read_settings({{"OTEL_LOG_EXPORTER", "console"}});
  ASSERT_EQ(settings.logs.size(), 1u);
  EXPECT_EQ(settings.logs[0].kind, ExporterKind::kConsole);
  EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("OTEL_LOGS_EXPORTER")));
}

TEST(Settings, AnUnknownExporterIsAnErrorLineAndTheRestWorks) {
  const Settings settings = read_settings({{"OTEL_TRACES_EXPORTER", "bogus,console"}});
  ASSERT_EQ(settings.traces.size(), 1u);
  EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("unknown exporter \"bogus\"")));
}

TEST(Settings, ZipkinAndPrometheusHaveTheirVariables) {
  const Environment lists = {{"OTEL_TRACES_EXPORTER", "zipkin,zipkin_json,zipkin_proto"},
                             {"OTEL_METRICS_EXPORTER", "prometheus,otlp"}};
  const Settings usual = read_settings(lists);
  ASSERT_EQ(usual.traces.size(), 3u);
  EXPECT_EQ(usual.traces[0].kind, ExporterKind::kZipkinJson);
  EXPECT_EQ(usual.traces[0].peer.endpoint, "http://localhost:9411/api/v2/spans");
  EXPECT_EQ(usual.traces[0].peer.timeout_nanos, 10'000'000'000u);
  EXPECT_EQ(usual.traces[1].kind, ExporterKind::kZipkinJson);
  EXPECT_EQ(usual.traces[2].kind, ExporterKind::kZipkinProtobuf);
  EXPECT_EQ(usual.traces[2].peer.endpoint, "http://localhost:9411/api/v2/spans");
  ASSERT_EQ(usual.metrics.size(), 2u);
  EXPECT_EQ(usual.metrics[0].kind, ExporterKind::kPrometheus);
  EXPECT_EQ(usual.metrics[0].prometheus.host, "localhost");
  EXPECT_EQ(usual.metrics[0].prometheus.port, 9464);
  EXPECT_TRUE(usual.metrics[0].reader.is_pulled);

  Environment own = lists;
  own["OTEL_EXPORTER_ZIPKIN_ENDPOINT"] = "https://zipkin/spans";
  own["OTEL_EXPORTER_ZIPKIN_TIMEOUT"] = "3";
  own["OTEL_EXPORTER_PROMETHEUS_HOST"] = "0.0.0.0";
  own["OTEL_EXPORTER_PROMETHEUS_PORT"] = "9000";
  const Settings settings = read_settings(own);
  for (const ExporterSettings& zipkin : settings.traces) {
    EXPECT_EQ(zipkin.peer.endpoint, "https://zipkin/spans");
    EXPECT_FALSE(zipkin.peer.insecure);
    EXPECT_EQ(zipkin.peer.timeout_nanos, 3'000'000'000u);
  }
  EXPECT_EQ(settings.metrics[0].prometheus.host, "0.0.0.0");
  EXPECT_EQ(settings.metrics[0].prometheus.port, 9000);
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Settings, AnExporterOfAnotherSignalIsUnknown) {
  const Settings settings = read_settings(
      {{"OTEL_TRACES_EXPORTER", "prometheus"}, {"OTEL_METRICS_EXPORTER", "zipkin_proto"}});
  EXPECT_THAT(settings.traces, IsEmpty());
  EXPECT_THAT(settings.metrics, IsEmpty());
  EXPECT_THAT(settings.warnings,
              ElementsAre(HasSubstr("zipkin_json, zipkin_proto"), HasSubstr("prometheus, none")));
}

TEST(Settings, TemporalityAndHistogramsAreForOtlpAlone) {
  const Settings settings =
      read_settings({{"OTEL_METRICS_EXPORTER", "console,otlp,prometheus"},
                     {"OTEL_METRIC_EXPORT_INTERVAL", "500"},
                     {"OTEL_METRIC_EXPORT_TIMEOUT", "400"},
                     {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "LowMemory"},
                     {"OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION",
                      "base2_exponential_bucket_histogram"}});
  ASSERT_EQ(settings.metrics.size(), 3u);
  ReaderSettings console;
  console.interval_nanos = 500'000'000;
  EXPECT_EQ(settings.metrics[0].reader, console);
  EXPECT_EQ(settings.metrics[1].reader.counters, Temporality::kDelta);
  EXPECT_EQ(settings.metrics[1].reader.histograms, Temporality::kDelta);
  EXPECT_EQ(settings.metrics[1].reader.histogram_kind, HistogramKind::kExponential);
  EXPECT_EQ(settings.metrics[2].reader.counters, Temporality::kCumulative);
  EXPECT_EQ(settings.metric_timeout_nanos, 400'000'000u);
  EXPECT_THAT(settings.warnings, IsEmpty());
}

TEST(Settings, APatternOfUrlsThatIsNotUnderstoodIsSaid) {
  EXPECT_THAT(read_settings({{"OTEL_PYTHON_EXCLUDED_URLS", "health, ^http://a.*/x$"}}).warnings,
              IsEmpty());
  EXPECT_THAT(read_settings({{"OTEL_PYTHON_EXCLUDED_URLS", "health,[0-9]+"}}).warnings,
              ElementsAre(HasSubstr("OTEL_PYTHON_EXCLUDED_URLS=[0-9]+: not understood")));
}

TEST(Settings, TheLogLevelIsWhatIsSaidOfTheAgent) {
  const auto f = [](const char* value) {
    return read_settings({{"OTEL_LOG_LEVEL", value}}).log_level;
  };
  EXPECT_EQ(f("debug"), LogLevel::kAll);
  EXPECT_EQ(f("WARNING"), LogLevel::kAll);
  EXPECT_EQ(f("Error"), LogLevel::kErrors);
  EXPECT_EQ(f("none"), LogLevel::kNothing);
  EXPECT_THAT(read_settings({{"OTEL_LOG_LEVEL", "loud"}}).warnings, ElementsAre(HasSubstr("loud")));
}

TEST(Settings, EndpointsFollowTheRules) {
  const auto grpc = [](Environment environment) {
    const Settings settings = read_settings(environment);
    const PeerSettings& otlp = settings.traces.at(0).peer;
    return otlp.endpoint + (otlp.insecure ? " plain" : " tls");
  };
  EXPECT_EQ(grpc({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4317/"}}),
            "collector:4317 plain");
  EXPECT_EQ(grpc({{"OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector"}}), "collector:4317 tls");
  EXPECT_EQ(grpc({{"OTEL_EXPORTER_OTLP_ENDPOINT", "a:1"}}), "a:1 tls");
  EXPECT_EQ(grpc({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "0.0.0.0:4317"},
                  {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://other:1"},
                  {"OTEL_EXPORTER_OTLP_INSECURE", "true"}}),
            "0.0.0.0:4317 plain");
  EXPECT_EQ(grpc({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1]"}}), "[::1]:4317 plain");
  const auto http = [](Environment environment) {
    environment["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
    return read_settings(environment).traces.at(0).peer.endpoint;
  };
  EXPECT_EQ(http({{"OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/base/"}}),
            "http://c:4318/base/v1/traces");
  EXPECT_EQ(http({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c:4318/as/is"}}),
            "http://c:4318/as/is");
  EXPECT_EQ(http({{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "https://c:4318"}}), "https://c:4318/");
}

TEST(Settings, HeadersTimeoutAndCompression) {
  const Settings settings =
      read_settings({{"OTEL_EXPORTER_OTLP_HEADERS", "Authorization=Bearer%20x,a=b"},
                     {"OTEL_EXPORTER_OTLP_TIMEOUT", "3"},
                     {"OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "5000"},
                     {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"}});
  const PeerSettings& otlp = settings.traces.at(0).peer;
  EXPECT_THAT(otlp.headers, ElementsAre(Pair("authorization", "Bearer x"), Pair("a", "b")));
  EXPECT_EQ(otlp.timeout_nanos, 3'000'000'000u);
  EXPECT_EQ(settings.logs.at(0).peer.timeout_nanos, 5'000'000'000u);
  EXPECT_EQ(otlp.compression, wire::Compression::kGzip);
}

TEST(Settings, WrongValuesAreSaidOnceAndTheDefaultHolds) {
  const Settings settings = read_settings({{"OTEL_BSP_SCHEDULE_DELAY", "soon"},
                                           {"OTEL_BSP_MAX_QUEUE_SIZE", "-1"},
                                           {"OTEL_TRACES_SAMPLER", "sometimes"},
                                           {"OTEL_EXPORTER_OTLP_PROTOCOL", "carrier-pigeon"}});
  EXPECT_EQ(settings.span_batches.schedule_delay_nanos, 200'000'000u);
  EXPECT_EQ(settings.span_batches.queue_items_max, 16u * 1024);
  EXPECT_EQ(settings.traces.at(0).kind, ExporterKind::kOtlpGrpc);
  EXPECT_EQ(settings.warnings.size(), 4u);
}

TEST(Settings, WhatIsWrongIsSaidWithWhatIsWantedAndWhatHolds) {
  const auto f = [](const std::string& name, const std::string& value, const std::string& words) {
    EXPECT_THAT(read_settings({{name, value}}).warnings,
                ElementsAre(name + "=" + value + ": " + words));
  };
  f("OTEL_METRIC_EXPORT_INTERVAL", "1s", "want milliseconds; 60000 holds");
  f("OTEL_BSP_SCHEDULE_DELAY", "0", "want milliseconds; 200 holds");
  f("OTEL_BSP_EXPORT_TIMEOUT", "soon", "want milliseconds; no limit holds");
  f("OTEL_BSP_MAX_QUEUE_SIZE", "0", "want a number from 1 to 4294967295; 16384 holds");
  f("OTEL_SPAN_EVENT_COUNT_LIMIT", "-1", "want a number from 0 to 4294967295; 128 holds");
  f("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "x", "want a number from 0 to 4294967295; no limit holds");
  f("OTEL_EXPORTER_OTLP_TIMEOUT", "10s", "want seconds; 10 holds");
  f("OTEL_LOG_LEVEL", "loud", "unknown (known: debug, info, warn, error, fatal, none); info holds");
  f("OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "procss",
    "unknown (known: process, os, host, service_instance, otel, *); left out");
}

TEST(Settings, ElasticsVariablesServeWhereNoEndpointIsSet) {
  const Environment elastic = {{"ELASTIC_APM_SERVER_ENDPOINT", "apm.example:8200"},
                               {"ELASTIC_APM_SECRET_TOKEN", "secret"},
                               {"OTEL_EXPORTER_OTLP_INSECURE", "true"}};
  const Settings settings = read_settings(elastic);
  EXPECT_EQ(settings.traces.at(0).peer.endpoint, "apm.example:8200");
  EXPECT_TRUE(settings.traces[0].peer.insecure);
  EXPECT_EQ(settings.traces[0].peer.headers, (NamedTexts{{"authorization", "Bearer secret"}}));

  Environment own = elastic;
  own["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://127.0.0.1:4317";
  EXPECT_EQ(read_settings(own).traces.at(0).peer.endpoint, "127.0.0.1:4317");
  EXPECT_TRUE(read_settings(own).traces[0].peer.headers.empty());
  EXPECT_EQ(read_settings(own).metrics.at(0).peer.endpoint, "apm.example:8200");

  Environment http = elastic;
  http["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
  http["ELASTIC_APM_SERVER_ENDPOINT"] = "http://apm.example:8200";
  http["OTEL_EXPORTER_OTLP_HEADERS"] = "Authorization=mine";
  EXPECT_EQ(read_settings(http).logs.at(0).peer.endpoint, "http://apm.example:8200/v1/logs");
  EXPECT_EQ(read_settings(http).logs[0].peer.headers, (NamedTexts{{"authorization", "mine"}}));

  Environment console = elastic;
  for (const char* signal : {"TRACES", "METRICS", "LOGS"}) {
    console["OTEL_" + std::string(signal) + "_EXPORTER"] = "console";
  }
  EXPECT_EQ(read_settings(console).traces.at(0).kind, ExporterKind::kConsole);
  EXPECT_TRUE(read_settings(console).warnings.empty());
}

// Specification, "Entities SDK", "Environment Variable Conflict Resolution".
TEST(Settings, EntitiesAreStrongerThanTheOtherVariablesOfTheResource) {
  const Settings settings = read_settings(
      {{"OTEL_SERVICE_NAME", "old"},
       {"OTEL_RESOURCE_ATTRIBUTES", "service.name=older,host.name=old,custom=1,host.id=h"},
       {"OTEL_ENTITIES",
        "service{service.name=new}[service.version=1];host{host.id=h}[host.name=n];x"}});
  std::string attributes;
  for (const auto& [key, value] : settings.resource_attributes) {
    if (!key.starts_with("telemetry.")) attributes.append(key + "=" + value + " ");
  }
  EXPECT_EQ(attributes, "service.name=new host.name=n custom=1 host.id=h service.version=1 ");
  ASSERT_EQ(settings.entities.size(), 2u);
  EXPECT_EQ(settings.entities[1].type, "host");
  EXPECT_THAT(settings.warnings,
              ElementsAre("OTEL_ENTITIES=x: want type{key=value}; this entity is left out",
                          "OTEL_ENTITIES says service.name=new; it replaces \"old\"",
                          "OTEL_ENTITIES says host.name=n; it replaces \"old\""));
  const Settings long_one = read_settings(
      {{"OTEL_RESOURCE_ATTRIBUTES", "a=" + std::string(999, 'x')}, {"OTEL_ENTITIES", "t{a=b}"}});
  EXPECT_THAT(long_one.warnings, ElementsAre("OTEL_ENTITIES says a=b; it replaces \"" +
                                             std::string(64, 'x') + "...\""));
}

TEST(Settings, DetectorsAddToTheResourceWhatTheVariablesDoNotSay) {
  Settings settings = read_settings({{"OTEL_EXPERIMENTAL_RESOURCE_DETECTORS", "os, process,moon"},
                                     {"OTEL_RESOURCE_ATTRIBUTES", "os.type=mine"}});
  EXPECT_THAT(settings.resource_detectors, ElementsAre("os", "process"));
  EXPECT_THAT(settings.warnings, ElementsAre(HasSubstr("moon")));
  detect_resource(settings, 4711);
  EXPECT_THAT(settings.resource_numbers, ::testing::Contains(Pair("process.pid", 4711)));
  EXPECT_THAT(settings.resource_attributes, ::testing::Contains(Pair("os.type", "mine")));
  EXPECT_THAT(settings.resource_attributes,
              ::testing::Not(::testing::Contains(Pair("os.type", "linux"))));
}

TEST(Settings, SamplersAndLimits) {
  const Settings settings = read_settings({{"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"},
                                           {"OTEL_TRACES_SAMPLER_ARG", "0.25"},
                                           {"OTEL_ATTRIBUTE_COUNT_LIMIT", "5"},
                                           {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7"},
                                           {"OTEL_SPAN_LINK_COUNT_LIMIT", "3"},
                                           {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "2"},
                                           {"OTEL_BSP_EXPORT_TIMEOUT", "900"},
                                           {"OTEL_SEMCONV_STABILITY_OPT_IN", "http,http/dup"}});
  EXPECT_TRUE(settings.warnings.empty());
  EXPECT_EQ(settings.limits.span_attributes_max, 7u);
  EXPECT_EQ(settings.limits.log_attributes_max, 5u);
  EXPECT_EQ(settings.limits.span_links_max, 3u);
  EXPECT_EQ(settings.limits.link_attributes_max, 2u);
  EXPECT_EQ(settings.span_batches.export_timeout_nanos, 900'000'000u);
  EXPECT_TRUE(settings.conventions.old_http && settings.conventions.stable_http);
}

TEST(Settings, ConventionsAreChosenByArea) {
  const auto f = [](const char* value, bool old_http, bool stable_http, bool old_database,
                    bool stable_database) {
    const SemanticConventions got =
        read_settings({{"OTEL_SEMCONV_STABILITY_OPT_IN", value}}).conventions;
    EXPECT_EQ(got.old_http, old_http) << value;
    EXPECT_EQ(got.stable_http, stable_http) << value;
    EXPECT_EQ(got.old_database, old_database) << value;
    EXPECT_EQ(got.stable_database, stable_database) << value;
  };
  f("", true, false, true, false);
  f("http", false, true, true, false);
  f("database", true, false, false, true);
  f("http/dup,database", true, true, false, true);
  f("database, database/dup", true, false, true, true);
}

TEST(Settings, OtherVariablesAreAcceptedWithOneWarning) {
  const Settings settings =
      read_settings({{"OTEL_GO_X_ALL", "x"}, {"OTEL_PYTHON_CONTEXT", "x"}, {"PATH", "/bin"}});
  EXPECT_THAT(settings.warnings,
              ElementsAre("these settings have no effect: OTEL_GO_X_ALL, OTEL_PYTHON_CONTEXT"));
}

TEST(Settings, WhatMayBeASecretIsNotRepeated) {
  const Settings settings =
      read_settings({{"OTEL_TRACES_EXPORTER", "otlp,zipkin"},
                     {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:secret@host:4317"},
                     {"OTEL_EXPORTER_ZIPKIN_ENDPOINT", "http://user:secret@host/api/v2/spans"},
                     {"OTEL_EXPORTER_OTLP_HEADERS", "authorization Bearer secret"}});
  EXPECT_EQ(settings.traces.at(0).peer.endpoint, "host:4317");
  EXPECT_EQ(settings.traces.at(1).peer.endpoint, "http://host/api/v2/spans");
  for (const std::string& warning : settings.warnings) {
    EXPECT_EQ(warning.find("secret"), std::string::npos) << warning;
  }
  EXPECT_THAT(settings.warnings, Contains(HasSubstr("a header takes them (authorization)")));
  EXPECT_THAT(settings.warnings,
              Contains("OTEL_EXPORTER_OTLP_HEADERS: an item is not key=value; left out"));
}

TEST(Settings, AUserBehindAMistypedSchemeIsNotRepeated) {
  for (const char* endpoint : {"htp://user:secret@host:1", "http:/user:secret@host:1",
                               "http//user:secret@host:1", "http:user:secret@host:1"}) {
    const Settings settings = read_settings({{"OTEL_EXPORTER_OTLP_ENDPOINT", endpoint},
                                             {"OTEL_METRICS_EXPORTER", "none"},
                                             {"OTEL_LOGS_EXPORTER", "none"}});
    EXPECT_EQ(settings.traces.at(0).peer.endpoint, "host:1") << endpoint;
    EXPECT_THAT(settings.warnings, Contains(HasSubstr("taken for http://host:1")));
    for (const std::string& warning : settings.warnings) {
      EXPECT_EQ(warning.find("secret"), std::string::npos) << warning;
    }
  }
}

TEST(Settings, WhatIsNeitherTrueNorFalseIsSaidWithWhatHolds) {
  const Settings settings = read_settings({{"OTEL_INSTRUMENTATION_PROCESS_ENABLED", "yes"}});
  EXPECT_FALSE(settings.process_metrics);
  EXPECT_THAT(settings.warnings, ElementsAre("OTEL_INSTRUMENTATION_PROCESS_ENABLED=yes: neither "
                                             "true nor false; false holds"));
}

TEST(Settings, TextsOfSqlAreSanitizedUnlessSomebodySaysNot) {
  constexpr char kName[] = "OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED";
  constexpr char kOlder[] = "OTEL_INSTRUMENTATION_COMMON_DB_STATEMENT_SANITIZER_ENABLED";
  EXPECT_TRUE(read_settings({}).sanitizes_sql);
  EXPECT_TRUE(read_settings({{kName, "no"}}).sanitizes_sql);
  EXPECT_FALSE(read_settings({{kName, "false"}}).sanitizes_sql);
  EXPECT_FALSE(read_settings({{kOlder, "false"}}).sanitizes_sql);
  EXPECT_TRUE(read_settings({{kName, "true"}, {kOlder, "false"}}).sanitizes_sql);
}

TEST(Settings, AMistypedSchemeIsPutRightAndSaid) {
  const auto f = [](const char* protocol, const std::string& text, const std::string& want) {
    const Settings settings = read_settings({{"OTEL_EXPORTER_OTLP_PROTOCOL", protocol},
                                             {"OTEL_EXPORTER_OTLP_ENDPOINT", text},
                                             {"OTEL_METRICS_EXPORTER", "none"},
                                             {"OTEL_LOGS_EXPORTER", "none"}});
    EXPECT_EQ(settings.traces.at(0).peer.endpoint, want);
    EXPECT_TRUE(settings.traces[0].peer.insecure);
    EXPECT_THAT(settings.warnings,
                ElementsAre("OTEL_EXPORTER_OTLP_ENDPOINT=" + text + ": taken for http://host:1"));
  };
  f("grpc", "http:/host:1", "host:1");
  f("grpc", "htp://host:1", "host:1");
  f("http/protobuf", "http:/host:1", "http://host:1/v1/traces");
  f("http/protobuf", "http//host:1", "http://host:1/v1/traces");
}

TEST(Settings, AnEndpointsTokensAreNotSaid) {
  const Settings settings = read_settings(
      {{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"},
       {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "host/abcdefghij0123456789/v1?api_key=s3cret"},
       {"OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "ca.pem"}});
  EXPECT_EQ(settings.traces.at(0).peer.endpoint,
            "http://host/abcdefghij0123456789/v1?api_key=s3cret");
  ASSERT_EQ(settings.warnings.size(), 2u);
  for (const std::string& warning : settings.warnings) {
    EXPECT_THAT(warning, HasSubstr("host/.../v1?api_key=..."));
    EXPECT_EQ(warning.find("0123456789"), std::string::npos);
  }
}

TEST(Settings, OfWhichMeasurementsExamplesAreKept) {
  const auto read = [](const char* value) {
    return read_settings({{"OTEL_METRICS_EXEMPLAR_FILTER", value}});
  };
  EXPECT_EQ(read("").exemplar_filter, ExemplarFilter::kTraceBased);
  EXPECT_EQ(read("Always_On").exemplar_filter, ExemplarFilter::kAlwaysOn);
  EXPECT_EQ(read("always_off").exemplar_filter, ExemplarFilter::kAlwaysOff);
  EXPECT_THAT(read("all").warnings,
              ElementsAre("OTEL_METRICS_EXEMPLAR_FILTER=all: unknown (known: trace_based, "
                          "always_on, always_off); using trace_based"));
}

TEST(Settings, AMistypedNameIsSaidWithTheRightOne) {
  const auto said = [](const std::string& name) {
    const Settings settings = read_settings({{name, "x"}});
    return settings.warnings.empty() ? "" : settings.warnings[0];
  };
  const std::string head = "these settings have no effect: ";
  const auto f = [&](const std::string& wrong, const std::string& right) {
    EXPECT_EQ(said(wrong), head + wrong + " (did you mean " + right + "?)");
  };
  f("OTEL_SERVICENAME", "OTEL_SERVICE_NAME");
  f("OTEL_TRACE_EXPORTER", "OTEL_TRACES_EXPORTER");
  f("OTEL_EXPORTER_OTLP_TRACE_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  f("OTEL_EXPORTER_OTLP_ENDPONIT", "OTEL_EXPORTER_OTLP_ENDPOINT");
  f("KOLBEN_AGENT_COMMANDS_SPANS", "KOLBEN_AGENT_COMMAND_SPANS");
  EXPECT_EQ(said("OTEL_GO_X_ALL"), head + "OTEL_GO_X_ALL");
  EXPECT_EQ(said("OTEL_PYTHON_DISTRO"), head + "OTEL_PYTHON_DISTRO");
  EXPECT_EQ(said("KOLBEN_BIN"), "");
  EXPECT_EQ(said("KOLBEN_AGENT_PYTHON"), "");
}

TEST(Settings, AShareForASamplerThatHasNoneIsSaid) {
  const auto said = [](const Environment& environment) {
    return read_settings(environment).warnings;
  };
  EXPECT_THAT(said({{"OTEL_TRACES_SAMPLER_ARG", "0.1"}}),
              ElementsAre("OTEL_TRACES_SAMPLER_ARG=0.1: has no effect with "
                          "OTEL_TRACES_SAMPLER=parentbased_always_on; traceidratio and "
                          "parentbased_traceidratio have a share"));
  EXPECT_THAT(said({{"OTEL_TRACES_SAMPLER", "always_on"}, {"OTEL_TRACES_SAMPLER_ARG", "0.1"}}),
              ElementsAre(HasSubstr("has no effect with OTEL_TRACES_SAMPLER=always_on;")));
  EXPECT_THAT(said({{"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"},
                    {"OTEL_TRACES_SAMPLER_ARG", "0.1"}}),
              IsEmpty());
}

TEST(Settings, WhatIsForTlsWithoutTlsIsSaid) {
  const auto said = [](Environment environment) {
    environment["OTEL_METRICS_EXPORTER"] = environment["OTEL_LOGS_EXPORTER"] = "none";
    return read_settings(environment).warnings;
  };
  const std::string endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";
  for (const char* protocol : {"grpc", "http/protobuf"}) {
    const Environment common = {{"OTEL_EXPORTER_OTLP_PROTOCOL", protocol},
                                {"OTEL_EXPORTER_OTLP_CERTIFICATE", "ca.pem"}};
    Environment plain = common;
    plain[endpoint] = "http://a:1";
    EXPECT_THAT(said(plain), ElementsAre("OTEL_EXPORTER_OTLP_CERTIFICATE=ca.pem: has no effect: "
                                         "http://a:1 is without TLS (https:// is with it)"));
    EXPECT_THAT(said(common), ElementsAre(HasSubstr("the default endpoint is without TLS")));
    Environment encrypted = common;
    encrypted[endpoint] = "https://a:1";
    EXPECT_THAT(said(encrypted), IsEmpty());
    encrypted["OTEL_EXPORTER_OTLP_INSECURE"] = "true";
    EXPECT_THAT(said(encrypted), ElementsAre("OTEL_EXPORTER_OTLP_INSECURE=true: has no effect: "
                                             "https://a:1 is with TLS"));
  }
}

TEST(Settings, TheConsolePrintsAsOneOfTwoSdks) {
  EXPECT_EQ(read_settings({}).console_format, ConsoleFormat::k1_27);
  const Settings newest = read_settings({{"KOLBEN_AGENT_CONSOLE_FORMAT", "newest"}});
  EXPECT_EQ(newest.console_format, ConsoleFormat::kNewest);
  const Settings wrong = read_settings({{"KOLBEN_AGENT_CONSOLE_FORMAT", "2.0"}});
  EXPECT_EQ(wrong.console_format, ConsoleFormat::k1_27);
  EXPECT_EQ(wrong.warnings.size(), 1u);
}

}  // namespace
}  // namespace kolben::agent
