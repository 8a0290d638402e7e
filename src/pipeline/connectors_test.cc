// Connectors join pipelines: the order of building, starting and stopping, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "pipeline/graph_testing.h"
#include "pipeline/pipeline_order.h"

namespace kolben::pipeline {
namespace {

using ::testing::ElementsAre;
using testing::GraphTest;
using ::testing::HasSubstr;
using testing::name_in;
using testing::one_span;

class ConnectorsTest : public GraphTest {};

// The pipeline that feeds stands before the one that is fed, and is built after it.
constexpr std::string_view kJoined = R"(
receivers: {in: }
processors: {rename: , pass: }
exporters: {out_new/before: , out_new/behind: }
connectors: {pass_on: }
service:
  pipelines:
    traces/before: {receivers: [in], processors: [pass], exporters: [out_new/before, pass_on]}
    traces/behind: {receivers: [pass_on], processors: [rename], exporters: [out_new/behind]}
)";

TEST_F(ConnectorsTest, DataGoesFromOnePipelineIntoTheOther) {
  const auto graph = build(kJoined);
  ASSERT_NE(graph, nullptr) << errors_.to_string();
  world_.exporters["out_new/behind"]->hold_receipts();
  std::optional<Status> answer;
  Delivery delivery{one_span("original"), Receipt([&](Status s) { answer = std::move(s); })};
  ASSERT_TRUE(world_.receivers["in"].traces->consume(std::move(delivery)).is_ok());
  EXPECT_EQ(name_in(*world_.exporters["out_new/before"]), "original");
  EXPECT_FALSE(answer);  // the end of the second pipeline answers as well
  world_.exporters["out_new/behind"]->resolve_all(Status::ok());
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->is_ok());
  EXPECT_EQ(name_in(*world_.exporters["out_new/behind"]), "changed");
}

TEST_F(ConnectorsTest, StopInTheDirectionOfTheData) {
  const auto graph = build(kJoined);
  ASSERT_NE(graph, nullptr) << errors_.to_string();
  ASSERT_TRUE(graph->start(host_).is_ok());
  world_.calls.clear();
  graph->stop(std::chrono::steady_clock::now());
  EXPECT_THAT(world_.calls, ElementsAre("stop in", "stop pass", "stop pass_on", "stop rename",
                                        "stop out_new/behind", "stop out_new/before"));
}

TEST_F(ConnectorsTest, OneInstanceServesAllItsPipelines) {
  const auto graph = build(R"(
receivers: {in/1: , in/2: }
exporters: {out_new/1: , out_new/2: }
connectors: {pass_on: }
service:
  pipelines:
    traces/1: {receivers: [in/1], exporters: [pass_on]}
    traces/2: {receivers: [in/2], exporters: [pass_on]}
    traces/3: {receivers: [pass_on], exporters: [out_new/1]}
    traces/4: {receivers: [pass_on], exporters: [out_new/2]}
)");
  ASSERT_NE(graph, nullptr) << errors_.to_string();
  EXPECT_EQ(world_.receivers["in/1"].traces, world_.receivers["in/2"].traces);
  ASSERT_TRUE(world_.receivers["in/1"].traces->consume({one_span("x"), Receipt()}).is_ok());
  EXPECT_EQ(name_in(*world_.exporters["out_new/1"]), "x");
  EXPECT_EQ(name_in(*world_.exporters["out_new/2"]), "x");
}

TEST_F(ConnectorsTest, MayMakeAnotherSignal) {
  const auto graph = build(R"(
receivers: {in: }
exporters: {metrics_only: }
connectors: {count: }
service:
  pipelines:
    metrics: {receivers: [count], exporters: [metrics_only]}
    traces: {receivers: [in], exporters: [count]}
)");
  EXPECT_NE(graph, nullptr) << errors_.to_string();
}

TEST_F(ConnectorsTest, AConnectorNeedsBothSides) {
  EXPECT_EQ(errors_of(R"(
receivers: {in: }
exporters: {out_new: }
connectors: {count: , pass_on: }
service:
  pipelines:
    traces: {receivers: [in], exporters: [count]}
    logs: {receivers: [pass_on], exporters: [out_new]}
)"),
            "k.yaml:7:43: service::pipelines::traces: connector \"count\" is used as exporter of "
            "traces, but no pipeline that it can feed with them names it as receiver\n"
            "k.yaml:8:24: service::pipelines::logs: connector \"pass_on\" is used as receiver of "
            "logs, but no pipeline that it can make them from names it as exporter\n");
}

TEST_F(ConnectorsTest, ACircleIsRefused) {
  EXPECT_THAT(errors_of(R"(
receivers: {in: }
exporters: {out_new: }
connectors: {pass_on/a: , pass_on/b: }
service:
  pipelines:
    traces/in: {receivers: [in], exporters: [pass_on/a]}
    traces/1: {receivers: [pass_on/a], exporters: [out_new, pass_on/b]}
    traces/2: {receivers: [pass_on/b], exporters: [pass_on/a]}
)"),
              HasSubstr("k.yaml:8:61: service::pipelines::traces/1: connectors lead its data back "
                        "to it: traces/1 -> pass_on/b -> traces/2 -> pass_on/a -> traces/1\n"));
}

TEST_F(ConnectorsTest, APipelineMayNotFeedItself) {
  EXPECT_THAT(errors_of(R"(
receivers: {in: }
exporters: {out_new: }
connectors: {pass_on: }
service: {pipelines: {logs: {receivers: [in, pass_on], exporters: [out_new, pass_on]}}}
)"),
              HasSubstr("k.yaml:5:77: service::pipelines::logs: connectors lead its data back to "
                        "it: logs -> pass_on -> logs\n"));
}

TEST_F(ConnectorsTest, AnIdMayMeanOneThingOnly) {
  static const ComponentType kTwins[] = {{.kind = Kind::kExporter, .type = "twin", .alias = ""},
                                         {.kind = Kind::kConnector, .type = "twin", .alias = ""}};
  const config::Node root =
      config::parse_yaml("{exporters: {twin: }, connectors: {twin: }}", "k.yaml", errors_);
  const Catalog catalog(root, kTwins, errors_);
  check_connectors(catalog, {}, errors_);
  EXPECT_EQ(errors_.to_string(),
            "k.yaml:1:36: connectors: \"twin\" is also the id of an exporter; give one of them "
            "another name, for example \"twin/connector\"\n");
}

}  // namespace
}  // namespace kolben::pipeline
