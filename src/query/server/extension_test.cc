#include "query/server/extension.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http/client.h"
#include "pipeline/testing/fake_host.h"
#include "query/server/router.h"
#include "query/testing/fake_store.h"
#include "query/testing/sample.h"

namespace kolben::query {
namespace {

using query::testing::header;
using ::testing::HasSubstr;
using ::testing::StartsWith;

config::Node scalar(std::string text) {
  config::Node node;
  node.kind = config::NodeKind::kScalar;
  node.text = std::move(text);
  return node;
}

config::Node map(std::vector<std::pair<std::string, std::string>> fields) {
  config::Node node;
  node.kind = config::NodeKind::kMap;
  for (auto& [key, value] : fields) {
    node.fields.emplace_back(key, scalar(value));
    node.field_locations.emplace_back();
  }
  return node;
}

// The extension on a free port, with a store that holds the sample.
class Extension : public ::testing::Test {
 protected:
  Extension() : client_(net::http::Client::create({})) { query::testing::fill(store_); }
  ~Extension() override {
    if (extension_) extension_->stop(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  }

  std::string create(std::vector<std::pair<std::string, std::string>> fields) {
    const config::Node node = map(std::move(fields));
    config::Errors errors;
    pipeline::CreateContext context{"query", node, errors, {}};
    extension_ = query::create(context);
    return errors.to_string();
  }

  void run(std::vector<std::pair<std::string, std::string>> fields = {}) {
    fields.emplace_back("endpoint", "127.0.0.1:0");
    ASSERT_EQ(create(std::move(fields)), "");
    ASSERT_TRUE(extension_->start(host_).is_ok());
    host_.provide<storage::Store>("store", &store_);
  }

  net::http::Response send(std::string method, const std::string& target) {
    net::http::ClientRequest request;
    request.method = std::move(method);
    request.url = "http://127.0.0.1:" + std::to_string(host_.port("query")) + target;
    auto response = client_->send_and_wait(std::move(request));
    if (!response) return net::http::text_response(0, response.error().to_string());
    return *std::move(response);
  }
  net::http::Response get(const std::string& target) { return send("GET", target); }

  query::testing::FakeStore store_;
  pipeline::testing::FakeHost host_;
  std::unique_ptr<pipeline::Extension> extension_;
  std::unique_ptr<net::http::Client> client_;
};

TEST_F(Extension, ServesApisAndPageOnOnePort) {
  run();
  ASSERT_TRUE(extension_->ready(host_).is_ok());
  EXPECT_EQ(get("/api/traces/5b8efff798038103d269b633813fc60c").status, 200);
  EXPECT_EQ(get("/api/v3/traces/5b8efff798038103d269b633813fc60c").status, 200);
  EXPECT_EQ(get("/api/kolben/trace/5b8efff798038103d269b633813fc60c").status, 200);
  EXPECT_EQ(get("/api/nothing").status, 404);
  EXPECT_EQ(header(get("/api/services"), "X-Content-Type-Options"), "nosniff");
  const auto page = get("/trace/5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(send("HEAD", "/").status, 200);
  EXPECT_EQ(send("POST", "/search").status, 405);
}

TEST_F(Extension, WithoutAStoreTheApisSaySo) {
  run();
  for (const char* path : {"/api/services", "/api/v3/services", "/api/kolben/services"}) {
    const auto response = get(path);
    EXPECT_EQ(response.status, 503) << path;
    EXPECT_THAT(std::string(response.body.view()), HasSubstr("there is no store")) << path;
  }
  EXPECT_EQ(get("/").status, 200);
}

TEST_F(Extension, StoreThatIsNamedAndMissingIsRefused) {
  run({{"store", "store/other"}});
  const Status status = extension_->ready(host_);
  EXPECT_THAT(std::string(status.message()), HasSubstr("\"store/other\""));
}

TEST_F(Extension, EverythingMovesBelowTheBasePath) {
  run({{"base_path", "/jaeger"}});
  ASSERT_TRUE(extension_->ready(host_).is_ok());
  EXPECT_EQ(get("/jaeger/api/services").status, 200);
  EXPECT_EQ(get("/jaeger/").status, 200);
  EXPECT_EQ(get("/jaeger/trace/5b8e").status, 200);
  const auto elsewhere = get("/api/services");
  EXPECT_EQ(elsewhere.status, 404);
  EXPECT_THAT(std::string(elsewhere.body.view()), HasSubstr("/jaeger/"));
  EXPECT_EQ(get("/jaegerx/api/services").status, 404);
}

TEST_F(Extension, MistakesInTheConfigurationAreNamed) {
  EXPECT_THAT(create({{"base_path", "jaeger"}}), HasSubstr("base_path"));
  EXPECT_THAT(create({{"base_path", "/a/../b"}}), HasSubstr("base_path"));
  EXPECT_THAT(create({{"endpoint", "nonsense:port"}}), HasSubstr("extensions::query"));
  EXPECT_THAT(create({{"endpont", "localhost:1"}}), HasSubstr("endpoint"));
}

TEST_F(Extension, StrangersNamesForThisMachineAreRefused) {
  run();
  ASSERT_TRUE(extension_->ready(host_).is_ok());
  const auto ask = [&](std::string name) {
    net::http::ClientRequest request;
    request.method = "GET";
    request.url = "http://127.0.0.1:" + std::to_string(host_.port("query")) + "/api/services";
    request.headers.emplace_back("Host", std::move(name));
    return client_->send_and_wait(std::move(request))->status;
  };
  EXPECT_EQ(ask("localhost:16686"), 200);
  EXPECT_EQ(ask("evil.example:16686"), 403);
}

TEST_F(Extension, StopEndsWithoutRequests) {
  run();
  extension_->stop(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  EXPECT_EQ(get("/").status, 0);
}

TEST(RouterTest, CompressesLargeAnswersForPeersElsewhere) {
  query::testing::FakeStore store;
  store.service_names.assign(2000, "service");
  pipeline::testing::FakeHost host;
  Router router("", host);
  router.set_store(&store);
  net::http::Request request = query::testing::get("/api/v3/services");
  request.headers = {{"Accept-Encoding", "gzip"}};
  EXPECT_EQ(header(router.answer(request), "Content-Encoding"), "");
  request.peer = "192.0.2.1:5000";
  const auto packed = router.answer(request);
  EXPECT_EQ(header(packed, "Content-Encoding"), "gzip");
  EXPECT_LT(packed.body.size(), 1000U);
}

TEST(RouterTest, BasePathWithoutItsSlashLeadsToTheFolder) {
  pipeline::testing::FakeHost host;
  const Router router("/a/jaeger", host);
  const auto answer = router.answer(query::testing::get("/a/jaeger?service=todo"));
  EXPECT_EQ(answer.status, 307);
  EXPECT_EQ(header(answer, "Location"), "jaeger/?service=todo");
  EXPECT_EQ(router.answer(query::testing::get("/a/jaeger/?service=todo")).status, 200);
  EXPECT_EQ(Router("", host).answer(query::testing::get("/")).status, 200);
}

TEST(RouterTest, BusyIsToldInTheShapeOfTheApi) {
  pipeline::testing::FakeHost host;
  const Router router("", host);
  const auto busy = router.busy(query::testing::get("/api/v3/services"));
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(header(busy, "Retry-After"), "1");
  EXPECT_THAT(std::string(busy.body.view()), StartsWith("{\"error\":{\"grpcCode\":14"));
}

TEST(RouterTest, TooManyParametersAre400) {
  query::testing::FakeStore store;
  pipeline::testing::FakeHost host;
  Router router("", host);
  router.set_store(&store);
  std::string target = "/api/kolben/search?a=1";
  for (int i = 0; i < 2000; ++i) target += "&a=1";
  EXPECT_EQ(router.answer(query::testing::get(target)).status, 400);
}

}  // namespace
}  // namespace kolben::query
