#include "otlp/service.h"

#include <gtest/gtest.h>

#include <chrono>

#include "wire/hex.h"

namespace kolben::otlp {
namespace {

using std::chrono::milliseconds;

TEST(Service, NamesOfMethodsAndPaths) {
  for (const Signal signal : kAllSignals) {
    EXPECT_EQ(signal_of_grpc_method(grpc_method(signal)), signal);
    EXPECT_EQ(http_path(signal), "/v1/" + std::string(to_string(signal)));
  }
  EXPECT_EQ(grpc_method(Signal::kLogs),
            "/opentelemetry.proto.collector.logs.v1.LogsService/Export");
  EXPECT_FALSE(signal_of_grpc_method("/grpc.health.v1.Health/Check"));
}

TEST(Response, FullSuccessIsTheEmptyMessage) {
  EXPECT_EQ(encode_response({}), "");
  EXPECT_EQ(encode_response_json(Signal::kTraces, {}), R"({"partialSuccess":{}})");
  EXPECT_EQ(decode_response("")->rejected, 0);
  EXPECT_EQ(decode_response(std::string_view("\x0a\x00", 2))->rejected, 0) << "as Go writes it";
}

TEST(Response, PartialSuccessBothWays) {
  const std::string message = encode_response({3, "no"});
  EXPECT_EQ(wire::to_hex(message), "0a06080312026e6f");
  const auto partial = decode_response(message);
  ASSERT_TRUE(partial);
  EXPECT_EQ(partial->rejected, 3);
  EXPECT_EQ(partial->error_message, "no");
  EXPECT_EQ(encode_response_json(Signal::kMetrics, {3, "no"}),
            R"({"partialSuccess":{"rejectedDataPoints":"3","errorMessage":"no"}})");
  EXPECT_FALSE(decode_response("\x0a\x05"));
}

TEST(Response, PartialSuccessInJson) {
  for (const std::string_view text :
       {R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"no"}})",
        R"({"partialSuccess":{"errorMessage":"no","rejectedLogRecords":3}})"}) {
    const auto partial = decode_response_json(text);
    ASSERT_TRUE(partial) << text;
    EXPECT_EQ(partial->rejected, 3) << text;
    EXPECT_EQ(partial->error_message, "no") << text;
  }
  for (const std::string_view text : {"{}", R"({"partialSuccess":{}})", R"({"partialSuccess":7})",
                                      R"({"partialSuccess":{"rejectedSpans":"x"}})"}) {
    EXPECT_EQ(decode_response_json(text)->rejected, 0) << text;
  }
  for (const std::string_view text : {"", "[]", "<html>", "{"}) {
    EXPECT_FALSE(decode_response_json(text)) << text;
  }
}

TEST(RpcStatus, CodeAndMessageBothWays) {
  const std::string message = encode_rpc_status(invalid_argument("bad"));
  EXPECT_EQ(wire::to_hex(message), "08031203626164");
  const Status status = decode_rpc_status(message);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "bad");
  EXPECT_EQ(encode_rpc_status_json(status), R"({"code":3,"message":"bad"})");
}

// The bytes that googleapis-common-protos makes of the same.
TEST(RpcStatus, RetryInfoBothWays) {
  const Status busy = resource_exhausted("busy").with_retry_after(milliseconds(1500));
  const std::string message = encode_rpc_status(busy);
  EXPECT_EQ(wire::to_hex(message),
            "08081204627573791a360a28747970652e676f6f676c65617069732e636f6d2f676f6f676c652e7270632e"
            "5265747279496e666f120a0a0808011080cab5ee01");
  const Status status = decode_rpc_status(message);
  EXPECT_EQ(status.retry_after(), milliseconds(1500));
  EXPECT_TRUE(status.is_retryable());
  EXPECT_EQ(encode_rpc_status_json(busy),
            R"({"code":8,"message":"busy","details":[{"@type":)"
            R"("type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1.500s"}]})");
}

TEST(RpcStatus, WhatIsNoneIsAnError) {
  EXPECT_EQ(decode_rpc_status("<html>").code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(decode_rpc_status("\x08\x63").code(), StatusCode::kUnknown) << "code 99";
  EXPECT_TRUE(decode_rpc_status(""));
}

TEST(RpcStatus, EveryCutIsAnErrorOrAShorterStatus) {
  const std::string message =
      encode_rpc_status(resource_exhausted("busy").with_retry_after(milliseconds(1)));
  for (std::size_t size = 0; size < message.size(); ++size) {
    const Status status = decode_rpc_status(std::string_view(message).substr(0, size));
    EXPECT_FALSE(status.retry_after()) << size;
  }
}

}  // namespace
}  // namespace kolben::otlp
