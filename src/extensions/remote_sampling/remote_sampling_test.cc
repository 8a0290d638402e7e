#include "extensions/remote_sampling/remote_sampling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>

#include "config/yaml.h"
#include "extensions/remote_sampling/answer.h"
#include "net/grpc/client.h"
#include "net/http/client.h"
#include "pipeline/testing/fake_host.h"
#include "wire/hex.h"

namespace kolben::extensions::remote_sampling {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kAll =
    R"({"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":1}})";
constexpr std::string_view kNone =
    R"({"strategyType":"PROBABILISTIC","probabilisticSampling":{"samplingRate":0}})";
constexpr std::string_view kDoors =
    "http: {endpoint: '127.0.0.1:0'}\ngrpc: {endpoint: '127.0.0.1:0'}\n";

std::string strategy_file(std::string_view rate) {
  return R"({"default_strategy": {"type": "probabilistic", "param": )" + std::string(rate) + "}}";
}

class RemoteSamplingTest : public testing::Test {
 protected:
  void TearDown() override {
    if (extension) extension->stop(std::chrono::steady_clock::now() + std::chrono::seconds(5));
    std::remove(path.c_str());
  }

  // Whether the configuration is right.
  bool create_with(std::string_view config) {
    node = config::parse_yaml(config, "test.yaml", errors);
    pipeline::CreateContext context{"remote_sampling", node, errors, {}};
    extension = create(context);
    return errors.empty();
  }
  void start_with(std::string_view config) {
    ASSERT_TRUE(create_with(config)) << errors.to_string();
    const Status status = extension->start(host);
    ASSERT_TRUE(status.is_ok()) << status.to_string();
  }
  void write(std::string_view text) const { std::ofstream(path) << text; }

  net::http::Response ask(const std::string& target, const std::string& method = "GET",
                          net::http::Headers headers = {}) {
    net::http::ClientRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(host.port("remote_sampling/http")) + target;
    request.headers = std::move(headers);
    auto answer = client->send_and_wait(std::move(request));
    EXPECT_TRUE(answer.has_value()) << answer.error().to_string();
    return answer.has_value() ? *answer
                              : net::http::Response{.status = 0, .headers = {}, .body = {}};
  }
  std::string strategy() { return std::string(ask("/sampling?service=a").body.view()); }

  Result<std::string> call(std::string method, std::string message) {
    net::grpc::ClientSettings settings;
    settings.endpoint = "127.0.0.1:" + std::to_string(host.port("remote_sampling/grpc"));
    settings.tls.insecure = true;
    auto grpc = net::grpc::Client::create(std::move(settings));
    EXPECT_TRUE(grpc.has_value());
    std::promise<Result<std::string>> answer;
    (*grpc)->call({.method = std::move(method), .message = Bytes::from_string(std::move(message))},
                  [&answer](Result<std::string> result) { answer.set_value(std::move(result)); });
    return answer.get_future().get();
  }

  const std::string path = testing::TempDir() + "strategies-" + std::to_string(getpid()) + "-" +
                           testing::UnitTest::GetInstance()->current_test_info()->name() + ".json";
  config::Errors errors;
  config::Node node;
  pipeline::testing::FakeHost host;
  std::unique_ptr<pipeline::Extension> extension;
  std::unique_ptr<net::http::Client> client = net::http::Client::create({});
};

TEST_F(RemoteSamplingTest, AnswersAtAnyPathWhoNamesOneService) {
  start_with(kDoors);
  for (const char* target : {"/sampling?service=a", "/api/sampling?service=a&x=1", "/?service="}) {
    const auto answer = ask(target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.body.view(), kAll);
    EXPECT_EQ(net::http::find_header(answer.headers, "Content-Type"), "application/json");
  }
  for (const char* target : {"/sampling", "/sampling?service=a&service=b", "/sampling?Service=a"}) {
    const auto answer = ask(target);
    EXPECT_EQ(answer.status, 400) << target;
    EXPECT_EQ(answer.body.view(), "'service' parameter must be provided once\n");
  }
  EXPECT_EQ(ask("/sampling?service=a", "POST").status, 405);
  EXPECT_EQ(host.metric("kolben_listener_rejected", "reason", "wrong_parameters"), 3);
  EXPECT_EQ(host.metric("kolben_remote_sampling_answers", "listener", "remote_sampling/http"), 3);
}

TEST_F(RemoteSamplingTest, APageOfAnotherNameIsRefused) {
  start_with(kDoors);
  const auto answer = ask("/sampling?service=a", "GET",
                          {{"Host", "evil.example"}, {"Origin", "http://evil.example"}});
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(
      net::http::find_header(ask("/?service=a", "GET", {{"Origin", "http://evil.example"}}).headers,
                             "Access-Control-Allow-Origin"),
      "");
}

TEST_F(RemoteSamplingTest, AnswersOverGrpc) {
  write(R"({"service_strategies": [{"service": "shop", "type": "ratelimiting", "param": 9}]})");
  start_with(std::string(kDoors) + "file: {path: '" + path + "'}");
  constexpr const char* kMethod = "/jaeger.api_v2.SamplingManager/GetSamplingStrategy";
  const auto answer = call(kMethod, "\x0a\x04shop");
  ASSERT_TRUE(answer.has_value()) << answer.error().to_string();
  EXPECT_EQ(wire::to_hex(*answer), "08011a020809");
  EXPECT_EQ(wire::to_hex(*call(kMethod, "")), "120909000000000000f03f");
  EXPECT_EQ(call(kMethod, "\x0a\x05shop").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(call("/jaeger.api_v2.SamplingManager/Other", "").status().code(),
            StatusCode::kUnimplemented);
}

TEST_F(RemoteSamplingTest, AFileIsReadAgain) {
  write(strategy_file("0"));
  start_with(std::string(kDoors) + "file: {path: '" + path + "', reload_interval: 10ms}");
  EXPECT_EQ(strategy(), kNone);
  write(strategy_file("1"));
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (strategy() != kAll && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(strategy(), kAll);
}

TEST_F(RemoteSamplingTest, WithoutAnIntervalTheFileIsReadOnce) {
  write(strategy_file("0"));
  start_with(std::string(kDoors) + "file: {path: '" + path + "'}");
  write(strategy_file("1"));
  EXPECT_EQ(strategy(), kNone);
}

TEST_F(RemoteSamplingTest, AWrongConfigurationOrFileIsToldBeforeItStarts) {
  const auto f = [this](std::string_view config, std::string_view wanted) {
    errors = {};
    EXPECT_FALSE(create_with(config)) << config;
    EXPECT_THAT(errors.to_string(), HasSubstr(std::string(wanted)));
  };
  f("{}", "at least one protocol");
  f("{http: , adaptive: {}}", "adaptive: is not there");
  f("{http: , file: {default_sampling_probability: 2}}", "want a probability from 0 to 1");
  f("{http: , file: {reload_interval: -1s}}", "reload_interval");
  f("{http: , file: {path: 'http://x/y'}}", "not fetched from a URL");
  f("{http: , file: {path: '/nowhere/s.json'}}", "/nowhere/s.json");
  f("{http: , fil: {}}", "did you mean \"file\"");
  write("{\n\"default_strategy\": {\"type\": 7}}");
  f("{http: , file: {path: '" + path + "'}}", path + ":2:");
}

}  // namespace
}  // namespace kolben::extensions::remote_sampling
