#include "receivers/otlp/otlp.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "config/yaml.h"
#include "net/grpc/client.h"
#include "net/http/client.h"
#include "otlp/encode.h"
#include "otlp/service.h"
#include "pipeline/testing/collecting_consumer.h"
#include "pipeline/testing/fake_host.h"
#include "wire/compression.h"

namespace kolben::receivers::otlp {
namespace {

constexpr std::string_view kConfig =
    "protocols:\n"
    "  grpc: {endpoint: '127.0.0.1:0', max_recv_msg_size_mib: 1}\n"
    "  http: {endpoint: '127.0.0.1:0', max_request_body_size: 100000}\n";

std::string one_span_request() {
  Batch batch(Signal::kTraces);
  Span& span = batch.traces()
                   .resources.add(batch.arena())
                   .scopes.add(batch.arena())
                   .spans.add(batch.arena());
  span.trace_id = *TraceId::from_hex("0af7651916cd43dd8448eb211c80319c");
  span.span_id = *SpanId::from_hex("b7ad6b7169203331");
  span.name = "GET /";
  batch.recount();
  std::string message;
  kolben::otlp::encode(batch, message);
  return message;
}

class OtlpReceiverTest : public testing::Test {
 protected:
  void SetUp() override {
    node = config::parse_yaml(kConfig, "test.yaml", errors);
    pipeline::CreateContext context{"otlp", node, errors, {&next, nullptr, nullptr}};
    receiver = create(context);
    ASSERT_TRUE(errors.empty()) << errors.to_string();
    const Status status = receiver->start(host);
    ASSERT_TRUE(status.is_ok()) << status.to_string();
  }
  void TearDown() override {
    receiver->stop(std::chrono::steady_clock::now() + std::chrono::seconds(5));
  }

  net::http::Response post(const std::string& path, std::string body, const std::string& type,
                           net::http::Headers headers = {}, const std::string& method = "POST") {
    net::http::ClientRequest request;
    request.method = method;
    request.url = "http://127.0.0.1:" + std::to_string(host.port("otlp/http")) + path;
    request.headers = std::move(headers);
    if (!type.empty()) request.headers.emplace_back("Content-Type", type);
    request.body = Bytes::from_string(std::move(body));
    auto answer = client->send_and_wait(std::move(request));
    EXPECT_TRUE(answer.has_value()) << answer.error().to_string();
    return answer.has_value() ? *answer
                              : net::http::Response{.status = 0, .headers = {}, .body = {}};
  }
  int status_of(const std::string& path, std::string body, const std::string& type) {
    return post(path, std::move(body), type).status;
  }

  static constexpr const char* kProtobuf = "application/x-protobuf";
  static constexpr const char* kJson = "application/json";
  config::Errors errors;
  config::Node node;
  pipeline::testing::FakeHost host;
  pipeline::testing::CollectingConsumer next;
  std::unique_ptr<pipeline::Receiver> receiver;
  std::unique_ptr<net::http::Client> client = net::http::Client::create({});
};

TEST_F(OtlpReceiverTest, ProtobufOverHttpArrivesAsItCame) {
  EXPECT_EQ(status_of("/v1/traces", one_span_request(), kProtobuf), 200);
  const auto batches = next.take();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_TRUE(batches[0].is_wire());
  EXPECT_EQ(batches[0].pieces()[0].message.view(), one_span_request());
  EXPECT_EQ(host.metric("otelcol_receiver_accepted_spans", "transport", "http"), 1);
}

TEST_F(OtlpReceiverTest, JsonIsAnsweredInJson) {
  const auto answer = post("/v1/traces", R"({"resourceSpans":[{"scopeSpans":[{"spans":[
      {"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}]}]}]})",
                           "application/json; charset=utf-8");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.view(), R"({"partialSuccess":{}})");
  EXPECT_EQ(next.items(), 1U);
}

TEST_F(OtlpReceiverTest, CompressedBodiesAreInflated) {
  for (const auto compression : {wire::Compression::kGzip, wire::Compression::kZstd}) {
    const auto answer =
        post("/v1/traces", wire::compress(compression, one_span_request()), kProtobuf,
             {{"Content-Encoding", std::string(to_string(compression))}});
    EXPECT_EQ(answer.status, 200) << to_string(compression);
  }
  EXPECT_EQ(next.items(), 2U);
}

TEST_F(OtlpReceiverTest, WhatIsWrongIsRefusedWithTheRightCode) {
  EXPECT_EQ(status_of("/v1/traces", "no protobuf", kProtobuf), 400);
  EXPECT_EQ(status_of("/v1/traces", "{", kJson), 400);
  EXPECT_EQ(status_of("/v1/traces", one_span_request(), "text/plain"), 415);
  EXPECT_EQ(status_of("/", one_span_request(), kProtobuf), 404);
  EXPECT_EQ(status_of("/v1/metrics", one_span_request(), kProtobuf), 404) << "no such pipeline";
  EXPECT_EQ(post("/v1/traces", "", "", {}, "GET").status, 405);
  EXPECT_EQ(status_of("/v1/traces", std::string(100'001, 'x'), kProtobuf), 413);
  EXPECT_EQ(next.count(), 0U);
  EXPECT_EQ(host.metric("kolben_listener_rejected", "reason", "wrong_content_type"), 1);
}

TEST_F(OtlpReceiverTest, ABombIsRefusedByItsInflatedSize) {
  const auto answer =
      post("/v1/traces", wire::compress(wire::Compression::kGzip, std::string(10'000'000, '\0')),
           kProtobuf, {{"Content-Encoding", "gzip"}});
  EXPECT_EQ(answer.status, 413);
}

TEST_F(OtlpReceiverTest, BackPressureIs429WithRetryAfter) {
  next.refuse(resource_exhausted("full").with_retry_after(std::chrono::milliseconds(1500)));
  const auto answer = post("/v1/traces", one_span_request(), kProtobuf);
  EXPECT_EQ(answer.status, 429);
  bool has_retry_after = false;
  for (const auto& [name, value] : answer.headers) {
    has_retry_after |= name == "Retry-After" && value == "2";
  }
  EXPECT_TRUE(has_retry_after);
  EXPECT_EQ(host.metric("otelcol_receiver_refused_spans"), 1);
}

TEST_F(OtlpReceiverTest, AnEmptyRequestSucceeds) {
  EXPECT_EQ(status_of("/v1/traces", "", kProtobuf), 200);
  EXPECT_EQ(next.count(), 0U);
}

class OtlpGrpcTest : public OtlpReceiverTest {
 protected:
  Result<std::string> call(const std::string& method, std::string message,
                           wire::Compression compression = wire::Compression::kNone) {
    net::grpc::ClientSettings settings;
    settings.endpoint = "127.0.0.1:" + std::to_string(host.port("otlp/grpc"));
    settings.tls.insecure = true;
    settings.decode_status_details = &kolben::otlp::decode_rpc_status;
    auto made = net::grpc::Client::create(std::move(settings));
    EXPECT_TRUE(made.has_value());
    Mutex mutex;
    CondVar answered;
    std::optional<Result<std::string>> reply;
    net::grpc::OutgoingCall outgoing;
    outgoing.method = method;
    outgoing.message = Bytes::from_string(std::move(message));
    outgoing.compression = compression;
    outgoing.timeout = std::chrono::seconds(10);
    (*made)->call(std::move(outgoing), [&](Result<std::string> result) {
      const MutexLock lock(mutex);
      reply = std::move(result);
      answered.notify_one();
    });
    const MutexLock lock(mutex);
    while (!reply) answered.wait(mutex);
    return *std::move(reply);
  }
  const std::string kExport = std::string(kolben::otlp::grpc_method(Signal::kTraces));
};

TEST_F(OtlpGrpcTest, PlainAndGzipArrive) {
  EXPECT_TRUE(call(kExport, one_span_request()).has_value());
  const auto reply = call(kExport, wire::compress(wire::Compression::kGzip, one_span_request()),
                          wire::Compression::kGzip);
  EXPECT_TRUE(reply.has_value()) << reply.error().to_string();
  const auto batches = next.take();
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[1].pieces()[0].message.view(), one_span_request());
  EXPECT_EQ(batches[1].pieces()[0].compression, wire::Compression::kGzip);
}

TEST_F(OtlpGrpcTest, MistakesHaveTheirCodes) {
  EXPECT_EQ(call(kExport, "no protobuf").error().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(call("/other.Service/Method", "").error().code(), StatusCode::kUnimplemented);
  EXPECT_EQ(call(kExport, std::string(2 << 20, 'x')).error().code(),
            StatusCode::kResourceExhausted);
}

TEST_F(OtlpGrpcTest, BackPressureNamesItsDelay) {
  next.refuse(resource_exhausted("full").with_retry_after(std::chrono::milliseconds(1500)));
  const auto reply = call(kExport, one_span_request());
  ASSERT_FALSE(reply.has_value());
  EXPECT_EQ(reply.error().retry_after(), std::chrono::milliseconds(1500));
  EXPECT_TRUE(reply.error().is_retryable());
}

}  // namespace
}  // namespace kolben::receivers::otlp
