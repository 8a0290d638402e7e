#include "receivers/zipkin/zipkin.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "config/yaml.h"
#include "net/http/client.h"
#include "pipeline/testing/collecting_consumer.h"
#include "pipeline/testing/fake_host.h"
#include "wire/compression.h"

namespace kolben::receivers::zipkin {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kProtobuf = "application/x-protobuf";
constexpr std::string_view kJsonSpan =
    R"([{"traceId":"80f1da5e10147519","id":"67fae42571535f60"}])";
constexpr std::string_view kProtobufSpan = "\x0a\x14\x0a\x08traceid8\x1a\x08spanid_8";

class ZipkinReceiverTest : public testing::Test {
 protected:
  void SetUp() override {
    node = config::parse_yaml("{endpoint: '127.0.0.1:0', max_request_body_size: 100000}",
                              "test.yaml", errors);
    pipeline::CreateContext context{"zipkin", node, errors, {&next, nullptr, nullptr}};
    receiver = create(context);
    ASSERT_TRUE(errors.empty()) << errors.to_string();
    const Status status = receiver->start(host);
    ASSERT_TRUE(status.is_ok()) << status.to_string();
  }
  void TearDown() override {
    receiver->stop(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  }

  net::http::Response post(std::string_view body, net::http::Headers headers) {
    net::http::ClientRequest request;
    request.method = "POST";
    request.url = "http://127.0.0.1:" + std::to_string(host.port("zipkin")) + "/api/v2/spans";
    request.headers = std::move(headers);
    request.body = Bytes::from_string(std::string(body));
    auto answer = client->send_and_wait(std::move(request));
    EXPECT_TRUE(answer.has_value()) << answer.error().to_string();
    return answer.has_value() ? *answer
                              : net::http::Response{.status = 0, .headers = {}, .body = {}};
  }
  int status_of(std::string_view body, const char* type) {
    return post(body, {{"Content-Type", type}}).status;
  }

  config::Errors errors;
  config::Node node;
  pipeline::testing::FakeHost host;
  pipeline::testing::CollectingConsumer next;
  std::unique_ptr<pipeline::Receiver> receiver;
  std::unique_ptr<net::http::Client> client = net::http::Client::create({});
};

TEST_F(ZipkinReceiverTest, TheContentTypeSaysWhichEncodingItIs) {
  EXPECT_EQ(post(kJsonSpan, {}).status, 202);
  EXPECT_EQ(status_of(kJsonSpan, "application/json; charset=utf-8"), 202);
  EXPECT_EQ(status_of(kProtobufSpan, kProtobuf), 202);
  EXPECT_EQ(next.items(), 3U);
  EXPECT_EQ(status_of(kProtobufSpan, kJson), 400);
  EXPECT_EQ(status_of(kJsonSpan, kProtobuf), 400);
  const auto thrift = post("", {{"Content-Type", "application/x-thrift"}});
  EXPECT_EQ(thrift.status, 415);
  EXPECT_EQ(thrift.body.view(), "415 want application/json or application/x-protobuf\n");
  EXPECT_EQ(host.metric("kolben_listener_rejected", "reason", "malformed"), 2);
}

TEST_F(ZipkinReceiverTest, CompressedBodiesAreInflatedWithinTheLimit) {
  const auto post_gzip = [this](const std::string& body) {
    return post(wire::compress(wire::Compression::kGzip, body),
                {{"Content-Type", kProtobuf}, {"Content-Encoding", "gzip"}});
  };
  EXPECT_EQ(post_gzip(std::string(kProtobufSpan)).status, 202);
  EXPECT_EQ(next.items(), 1U);
  EXPECT_EQ(post_gzip(std::string(100'001, '\0')).status, 413);
}

TEST_F(ZipkinReceiverTest, ARefusalBehindItIsTheSendersToRepeat) {
  next.refuse(unavailable("full"));
  EXPECT_EQ(status_of(kProtobufSpan, kProtobuf), 503);
}

}  // namespace
}  // namespace kolben::receivers::zipkin
