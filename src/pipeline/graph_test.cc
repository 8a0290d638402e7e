#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "pipeline/graph_testing.h"

namespace kolben::pipeline {
namespace {

using ::testing::ElementsAre;
using testing::GraphTest;
using ::testing::HasSubstr;
using testing::name_in;
using testing::one_span;

constexpr std::string_view kTwoPipelines = R"(
receivers: {in: }
processors: {rename: , pass: }
exporters: {out_new/a: , out_new/b: }
extensions: {door: }
service:
  extensions: [door]
  pipelines:
    traces/a: {receivers: [in], processors: [pass, rename], exporters: [out_new/a]}
    traces/b: {receivers: [in], processors: [pass], exporters: [out_new/b]}
)";

TEST_F(GraphTest, OneBranchThatChangesDataDoesNotChangeTheOther) {
  const auto graph = build(kTwoPipelines);
  ASSERT_NE(graph, nullptr) << errors_.to_string();
  std::optional<Status> answer;
  Delivery delivery{one_span("original"), Receipt([&](Status s) { answer = std::move(s); })};
  ASSERT_TRUE(world_.receivers["in"].traces->consume(std::move(delivery)).is_ok());
  EXPECT_EQ(name_in(*world_.exporters["out_new/a"]), "changed");
  EXPECT_EQ(name_in(*world_.exporters["out_new/b"]), "original");
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->is_ok());
}

TEST_F(GraphTest, WhatNoPipelineWantsHasNoOutput) {
  const auto graph = build(kTwoPipelines);
  ASSERT_NE(graph, nullptr);
  EXPECT_EQ(world_.receivers["in"].metrics, nullptr);
  EXPECT_EQ(world_.receivers["in"].logs, nullptr);
}

TEST_F(GraphTest, ProcessorsAreMadeForEachPipeline) {
  const auto graph = build(kTwoPipelines);
  EXPECT_EQ(world_.processors, 3);
}

TEST_F(GraphTest, ABranchThatRefusesDoesNotLoseTheOthers) {
  const auto graph = build(kTwoPipelines);
  ASSERT_NE(graph, nullptr);
  world_.exporters["out_new/a"]->refuse(unavailable("a is down"));
  world_.exporters["out_new/b"]->hold_receipts();
  std::optional<Status> answer;
  Delivery delivery{one_span("x"), Receipt([&](Status s) { answer = std::move(s); })};
  EXPECT_TRUE(world_.receivers["in"].traces->consume(std::move(delivery)).is_ok());
  EXPECT_FALSE(answer);  // b has the data, and has not answered yet
  world_.exporters["out_new/b"]->resolve_all(Status::ok());
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->message(), "a is down");
  EXPECT_EQ(name_in(*world_.exporters["out_new/b"]), "x");
}

TEST_F(GraphTest, WithoutAFanOutARefusalGoesBack) {
  const auto graph = build(R"(
receivers: {in: }
exporters: {out: }
service: {pipelines: {traces: {receivers: [in], exporters: [out]}}}
)");
  ASSERT_NE(graph, nullptr) << errors_.to_string();
  EXPECT_THAT(errors_.warnings(),
              ElementsAre("k.yaml:3:13: exporters: \"out\" alias is deprecated; use \"out_new\" "
                          "instead"));
  world_.exporters["out"]->refuse(unavailable("down"));
  std::optional<Status> answer;
  Delivery delivery{one_span("x"), Receipt([&](Status s) { answer = std::move(s); })};
  EXPECT_EQ(world_.receivers["in"].traces->consume(std::move(delivery)).message(), "down");
  EXPECT_FALSE(answer);
  EXPECT_EQ(delivery.batch.items(), 1U);
  delivery.receipt.resolve(Status::ok());
}

TEST_F(GraphTest, StartsFromTheEndAndStopsFromTheBeginning) {
  const auto graph = build(R"(
receivers: {in: }
processors: {pass/1: , pass/2: }
exporters: {out_new: }
extensions: {door: }
service:
  extensions: [door]
  pipelines:
    logs: {receivers: [in], processors: [pass/1, pass/2], exporters: [out_new]}
)");
  ASSERT_NE(graph, nullptr) << errors_.to_string();
  ASSERT_TRUE(graph->start(host_).is_ok());
  graph->stop(std::chrono::steady_clock::now());
  EXPECT_THAT(world_.calls,
              ElementsAre("start door", "start out_new", "start pass/2", "start pass/1", "start in",
                          "ready out_new", "ready pass/2", "ready pass/1", "ready in", "ready door",
                          "stop in", "stop pass/1", "stop pass/2", "stop out_new", "stop door"));
}

TEST_F(GraphTest, AFailedStartStopsWhatHadStarted) {
  const auto graph = build(kTwoPipelines);
  ASSERT_NE(graph, nullptr);
  world_.failing_start = "out_new/b";
  const Status status = graph->start(host_);
  EXPECT_EQ(status.message(), "failed to start \"out_new/b\" exporter: port 1 is taken");
  EXPECT_THAT(world_.calls,
              ElementsAre("start door", "start out_new/a", "stop out_new/a", "stop door"));
}

TEST_F(GraphTest, UnusedComponentsAreCheckedAndNotStarted) {
  EXPECT_EQ(errors_of(R"(
receivers: {in: }
exporters: {out_new: , out_new/unused: {bad: 1}}
service: {pipelines: {traces: {receivers: [in], exporters: [out_new]}}}
)"),
            "k.yaml:3:41: exporters::out_new/unused: bad\n");
}

TEST_F(GraphTest, AllMistakesAreToldAtOnceWithTheirPlaces) {
  EXPECT_EQ(
      errors_of(R"(
receivers:
  inn:
  in/:
  in/ok:
expoters: {}
exporters:
  out_new:
  metrics_only:
  logging:
service:
  extensions: [dor]
  pipelines:
    traces:
      receivers: [in/ok, in/ko]
      processors: [pass]
      exporters: [metrics_only, out_new, out_new]
    trace/x:
      receivers: [in/ok]
    logs:
      receivers: []
      exporters: [out_new]
)"),
      R"(k.yaml:3:3: receivers: unknown type: "inn" for id: "inn" (valid values: [in]) (did you mean "in"?)
k.yaml:4:3: receivers: in "in/" id: the part after / should not be empty
k.yaml:10:3: exporters: the logging exporter has been removed, use the debug exporter instead
k.yaml:6:1: unknown key "expoters" (did you mean "exporters"?)
k.yaml:18:5: service::pipelines::trace/x: unknown signal "trace" (valid values: traces, metrics, logs) (did you mean "traces"?)
k.yaml:15:26: service::pipelines::traces: references receiver "in/ko" which is not configured (did you mean "in/ok"?)
k.yaml:16:20: service::pipelines::traces: references processor "pass" which is not configured
k.yaml:17:19: service::pipelines::traces: failed to create "metrics_only" exporter for data type "traces": telemetry type is not supported
k.yaml:17:42: service::pipelines::traces: references exporter "out_new" multiple times
k.yaml:20:5: service::pipelines::logs: must have at least one receiver
k.yaml:12:16: service::extensions: references extension "dor" which is not configured
)");
}

TEST_F(GraphTest, AnEmptyConfigurationSaysWhatIsMissing) {
  EXPECT_EQ(errors_of("{}"),
            "k.yaml:1:1: no receiver configuration specified in config\n"
            "k.yaml:1:1: no exporter configuration specified in config\n"
            "k.yaml:1:1: service must have at least one pipeline\n");
}

TEST_F(GraphTest, ServiceTelemetryIsRead) {
  const auto graph = build(R"(
receivers: {in: }
exporters: {out_new: }
service:
  telemetry:
    logs: {level: DEBUG, encoding: json}
    metrics:
      level: detailed
      readers: [{pull: {exporter: {prometheus: {host: "::1", port: 0}}}}]
  pipelines: {traces: {receivers: [in], exporters: [out_new]}}
)");
  ASSERT_NE(graph, nullptr) << errors_.to_string();
  const TelemetrySettings& telemetry = graph->service().telemetry;
  EXPECT_EQ(telemetry.log_level, LogLevel::kDebug);
  EXPECT_TRUE(telemetry.metrics_enabled);
  EXPECT_EQ(telemetry.metrics_address, "[::1]:0");
  EXPECT_THAT(errors_.warnings(), ElementsAre(HasSubstr("encoding is ignored")));
}

TEST_F(GraphTest, WrongTelemetryIsRefused) {
  EXPECT_THAT(errors_of("service: {telemetry: {logs: {level: inof}, metrix: {}}}"),
              HasSubstr("k.yaml:1:37: service::telemetry::logs::level: want one of debug, info, "
                        "warn, error, not \"inof\" (did you mean \"info\"?)"));
  EXPECT_THAT(errors_.to_string(), HasSubstr("unknown key \"metrix\" (did you mean \"metrics\"?)"));
}

}  // namespace
}  // namespace kolben::pipeline
