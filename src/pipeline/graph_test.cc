#include "pipeline/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>

#include "config/yaml.h"
#include "otlp/decode.h"
#include "otlp/encode.h"
#include "pipeline/testing/collecting_consumer.h"
#include "pipeline/testing/fake_host.h"

namespace kolben::pipeline {
namespace {

using testing::CollectingConsumer;
using ::testing::ElementsAre;
using testing::FakeHost;
using ::testing::HasSubstr;

// What the factories made last, by id, and what was called in which order. One test at a time.
struct World {
  std::vector<std::string> calls;
  std::map<std::string, Outputs> receivers;
  std::map<std::string, CollectingConsumer*> exporters;
  int processors = 0;
  std::string failing_start;
};
World* world = nullptr;

template <typename Base>
class Noting : public Base {
 public:
  explicit Noting(std::string id) : id_(std::move(id)) {}
  Status start(Host&) override {
    if (world->failing_start == id_) return unavailable("port 1 is taken");
    world->calls.push_back("start " + id_);
    return Status::ok();
  }
  Status ready(Host&) override {
    world->calls.push_back("ready " + id_);
    return Status::ok();
  }
  void stop(Deadline) override { world->calls.push_back("stop " + id_); }

 private:
  const std::string id_;
};

using FakeReceiver = Noting<Receiver>;
using FakeExtension = Noting<Extension>;

class FakeExporter final : public Noting<Exporter> {
 public:
  explicit FakeExporter(const std::string& id) : Noting(id) { world->exporters[id] = &end_; }
  Status consume(Delivery&& delivery) override { return end_.consume(std::move(delivery)); }

 private:
  CollectingConsumer end_;
};

// Empties the names of spans; as a second kind passes on what comes.
class FakeProcessor final : public Noting<Processor> {
 public:
  FakeProcessor(const std::string& id, Outputs outputs, bool mutates)
      : Noting(id), outputs_(outputs), mutates_(mutates) {
    ++world->processors;
  }
  bool mutates() const override { return mutates_; }
  Status consume(Delivery&& delivery) override {
    const Signal signal = delivery.batch.signal();
    if (mutates_ && signal == Signal::kTraces) {
      KOLBEN_RETURN_IF_ERROR(otlp::decode(delivery.batch));
      for (ResourceSpans& resource : delivery.batch.traces().resources) {
        for (ScopeSpans& scope : resource.scopes) {
          for (Span& span : scope.spans) span.name = "changed";
        }
      }
    }
    return outputs_.of(signal)->consume(std::move(delivery));
  }

 private:
  const Outputs outputs_;
  const bool mutates_;
};

std::unique_ptr<Receiver> create_receiver(CreateContext& context) {
  world->receivers[context.id] = context.outputs;
  return std::make_unique<FakeReceiver>(context.id);
}
std::unique_ptr<Processor> create_rename(CreateContext& context) {
  return std::make_unique<FakeProcessor>(context.id, context.outputs, true);
}
std::unique_ptr<Processor> create_pass(CreateContext& context) {
  return std::make_unique<FakeProcessor>(context.id, context.outputs, false);
}
std::unique_ptr<Exporter> create_exporter(CreateContext& context) {
  if (context.config.find("bad") != nullptr) {
    context.errors.add(context.config.location_of("bad"), "exporters::" + context.id + ": bad");
    return nullptr;
  }
  return std::make_unique<FakeExporter>(context.id);
}
std::unique_ptr<Extension> create_extension(CreateContext& context) {
  return std::make_unique<FakeExtension>(context.id);
}

const ComponentType kTypes[] = {
    {.kind = Kind::kReceiver, .type = "in", .alias = "", .create_receiver = create_receiver},
    {.kind = Kind::kProcessor, .type = "rename", .alias = "", .create_processor = create_rename},
    {.kind = Kind::kProcessor, .type = "pass", .alias = "", .create_processor = create_pass},
    {.kind = Kind::kExporter,
     .type = "out_new",
     .alias = "out",
     .create_exporter = create_exporter},
    {.kind = Kind::kExporter,
     .type = "metrics_only",
     .alias = "",
     .create_exporter = create_exporter,
     .traces = false,
     .logs = false},
    {.kind = Kind::kExtension, .type = "door", .alias = "", .create_extension = create_extension},
};

class GraphTest : public ::testing::Test {
 protected:
  void SetUp() override { world = &world_; }
  void TearDown() override { world = nullptr; }

  std::unique_ptr<Graph> build(std::string_view yaml) {
    const config::Node root = config::parse_yaml(yaml, "k.yaml", errors_);
    return Graph::build(root, kTypes, errors_);
  }
  std::string errors_of(std::string_view yaml) {
    EXPECT_EQ(build(yaml), nullptr);
    return errors_.to_string();
  }

  World world_;
  config::Errors errors_;
  FakeHost host_;
};

Batch one_span(std::string_view name) {
  Batch batch(Signal::kTraces);
  Span& span = batch.traces()
                   .resources.add(batch.arena())
                   .scopes.add(batch.arena())
                   .spans.add(batch.arena());
  span.name = name;
  span.trace_id.bytes[0] = 1;
  span.span_id.bytes[0] = 1;
  batch.recount();
  return batch;
}

std::string name_in(CollectingConsumer& consumer) {
  std::vector<Batch> batches = consumer.take();
  if (batches.size() != 1) return std::to_string(batches.size()) + " batches";
  if (!otlp::decode(batches[0]).is_ok()) return "undecodable";
  return std::string(batches[0].traces().resources[0].scopes[0].spans[0].name);
}

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
