#include "agent/process/prometheus_exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "agent/process/kept_messages.h"
#include "net/http/client.h"

namespace kolben::agent {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PrometheusExporterTest : public ::testing::Test {
 protected:
  static PrometheusSettings any_port() {
    PrometheusSettings settings;
    settings.host = "127.0.0.1";
    settings.port = 0;
    return settings;
  }
  static Batch one_metric(double value) {
    Batch batch(Signal::kMetrics);
    Arena& arena = batch.arena();
    ResourceMetrics& resource = batch.metrics().resources.add(arena);
    set(resource.resource.attributes, arena, "service.name", Value::string("todo"));
    ScopeMetrics& scope = resource.scopes.add(arena);
    scope.scope.name = "kolben.agent.http";
    scope.scope.version = "1";
    Metric& metric = scope.metrics.add(arena);
    metric.name = "http.server.active_requests";
    metric.kind = MetricKind::kSum;
    metric.temporality = Temporality::kCumulative;
    metric.number_points.add(arena).value = {NumberType::kDouble, 0, value};
    batch.recount();
    return batch;
  }
  Result<net::http::Response> get(const std::string& url) {
    return client_->send_and_wait({.method = "GET", .url = url});
  }

  KeptMessages messages_;
  std::unique_ptr<net::http::Client> client_ = net::http::Client::create({});
};

TEST_F(PrometheusExporterTest, ARequestIsAnsweredWithWhatIsMeasuredThen) {
  PrometheusExporter exporter(any_port(), system_clock(), messages_);
  const std::string server = "http://127.0.0.1:" + std::to_string(exporter.port());
  EXPECT_FALSE(exporter.wants_batch());
  for (const int value : {3, 4}) {
    Result<net::http::Response> answer = unavailable("none yet");
    std::thread scraper([&] { answer = get(server + "/metrics"); });
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!exporter.wants_batch() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    exporter.export_batch(one_metric(value));
    scraper.join();
    EXPECT_FALSE(exporter.wants_batch());
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body.view(),
              "# HELP http_server_active_requests \n# TYPE http_server_active_requests gauge\n"
              "http_server_active_requests{otel_scope_name=\"kolben.agent.http\","
              "otel_scope_version=\"1\"} " +
                  std::to_string(value) +
                  "\n# HELP target_info Target metadata\n# TYPE target_info gauge\n"
                  "target_info{service_name=\"todo\"} 1\n");
  }
  EXPECT_EQ(get(server + "/")->status, 404);
  exporter.shutdown(std::chrono::steady_clock::now() + std::chrono::seconds(1));
  EXPECT_THAT(messages_.lines(), IsEmpty());
}

TEST_F(PrometheusExporterTest, WhoStillWaitsAtTheEndIsAnswered) {
  auto exporter = std::make_unique<PrometheusExporter>(any_port(), system_clock(), messages_);
  const std::string url = "http://127.0.0.1:" + std::to_string(exporter->port()) + "/metrics";
  Result<net::http::Response> answer = unavailable("none yet");
  std::thread scraper([&] { answer = get(url); });
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!exporter->wants_batch() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  exporter->shutdown(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  scraper.join();
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->status, 200);
  exporter.reset();
}

TEST_F(PrometheusExporterTest, APortInUseIsSaidOnceWithWhatMovesIt) {
  PrometheusExporter first(any_port(), system_clock(), messages_);
  PrometheusSettings same = any_port();
  same.port = first.port();
  PrometheusExporter second(same, system_clock(), messages_);
  EXPECT_EQ(second.port(), 0);
  EXPECT_THAT(messages_.lines(),
              ElementsAre(HasSubstr("port " + std::to_string(first.port()) + " is in use")));
  EXPECT_THAT(messages_.lines()[0], HasSubstr("OTEL_EXPORTER_PROMETHEUS_PORT"));
  second.export_batch(one_metric(1));
  second.shutdown(std::chrono::steady_clock::now());
  EXPECT_EQ(messages_.lines().size(), 1U);
}

}  // namespace
}  // namespace kolben::agent
