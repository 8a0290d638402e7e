#include "agent/process/export_advice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kolben::agent {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr ExporterKind kGrpc = ExporterKind::kOtlpGrpc;
constexpr ExporterKind kHttp = ExporterKind::kOtlpHttpProtobuf;

// The errors are those that our clients give (src/net).
std::string over_grpc(const std::string& error, bool uses_tls = false,
                      std::string_view endpoint = "a:1") {
  return export_advice(kGrpc, uses_tls, endpoint, unavailable(error)).text;
}
std::string over_http(const std::string& error, bool uses_tls = false,
                      std::string_view endpoint = "http://a:1/v1/traces") {
  return export_advice(kHttp, uses_tls, endpoint, unavailable(error)).text;
}
bool is_wrong_peer(const std::string& error, bool uses_tls = false) {
  return export_advice(kGrpc, uses_tls, "a:1", unavailable(error)).is_wrong_peer;
}

TEST(ExportAdvice, NobodyThere) {
  for (const bool uses_tls : {false, true}) {
    EXPECT_EQ(over_grpc("connecting to localhost:4317: Connection refused", uses_tls),
              "does a collector run there (`kolben up`)?");
  }
  EXPECT_EQ(over_http("connecting to a:4318: Host not found (authoritative)"),
            "is the name right, and known on this machine?");
}

TEST(ExportAdvice, TlsToAServerThatHasNone) {
  const std::string error = "connecting to localhost:4317 with TLS: stream truncated";
  const std::string advice = "does it speak TLS? Without, the endpoint begins with http://";
  EXPECT_EQ(over_grpc(error, true), advice);
  EXPECT_EQ(over_http(error, true), advice);
}

TEST(ExportAdvice, ACertificateThatNobodyKnows) {
  const std::string error =
      "connecting to localhost:4317 with TLS: certificate verify failed (SSL routines)";
  EXPECT_THAT(over_grpc(error, true), HasSubstr("OTEL_EXPORTER_OTLP_CERTIFICATE"));
  EXPECT_THAT(export_advice(ExporterKind::kZipkinProtobuf, true, "a:1", unavailable(error)).text,
              Not(HasSubstr("OTLP")));
  EXPECT_THAT(over_http("connecting to a:1 with TLS: tlsv13 alert certificate required", true),
              HasSubstr("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE"));
}

TEST(ExportAdvice, AZipkinServerThatTakesJsonAlone) {
  const Status refused = invalid_argument("HTTP status 415: want application/json");
  EXPECT_THAT(export_advice(ExporterKind::kZipkinProtobuf, false, "a:1", refused).text,
              HasSubstr("zipkin_json"));
  EXPECT_EQ(export_advice(ExporterKind::kZipkinJson, false, "a:1", refused).text, "");
}

TEST(ExportAdvice, NoTlsToAServerThatHasItOrTheOtherProtocol) {
  for (const char* error : {"the server does not go on with HTTP/2",
                            "the connection broke before the answer: end of stream"}) {
    EXPECT_EQ(over_grpc(error),
              "is it the port of OTLP over HTTP (mostly 4318)? OTEL_EXPORTER_OTLP_PROTOCOL says "
              "which is spoken; with TLS the endpoint begins with https://");
    EXPECT_THAT(over_grpc(error, true), Not(HasSubstr("https://")));
  }
  for (const char* error :
       {"POST http://localhost:4318/v1/traces: the answer is no HTTP: bad version",
        "POST http://localhost:4318/v1/traces: the connection broke before the answer: end of "
        "stream"}) {
    EXPECT_THAT(over_http(error), HasSubstr("is it the port of OTLP over gRPC (mostly 4317)?"));
  }
}

TEST(ExportAdvice, ThePortThatIsMeantIsNamed) {
  const std::string broke = "the connection broke before the answer: End of file";
  EXPECT_EQ(over_grpc(broke, true, "localhost:4318"),
            "4318 is the port of OTLP over HTTP, 4317 that over gRPC; "
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf speaks HTTP");
  EXPECT_EQ(over_http("the answer is no HTTP: bad version", true, "https://a:4317/v1/traces"),
            "4317 is the port of OTLP over gRPC, 4318 that over HTTP; "
            "OTEL_EXPORTER_OTLP_PROTOCOL=grpc speaks gRPC");
  EXPECT_THAT(over_grpc(broke, true, "localhost:4317"), HasSubstr("mostly 4318"));
  EXPECT_THAT(over_grpc(broke, true, "[::1]:4318"), HasSubstr("4317"));
}

TEST(ExportAdvice, AServerOfHttp2ThatSaysGoodbyeIsNotTheOtherProtocol) {
  const std::string error = "the server ended the request (REFUSED_STREAM)";
  EXPECT_EQ(over_grpc(error), "does it want TLS? with TLS the endpoint begins with https://");
  EXPECT_EQ(over_grpc(error, true), "");
}

TEST(ExportAdvice, WhetherToWaitMayHelp) {
  EXPECT_TRUE(is_wrong_peer("connecting to a:1 with TLS: stream truncated", true));
  EXPECT_TRUE(is_wrong_peer("the server does not go on with HTTP/2"));
  EXPECT_FALSE(is_wrong_peer("connecting to a:1: Connection refused"));
  EXPECT_FALSE(is_wrong_peer("connecting to a:1: Host not found"));
  EXPECT_FALSE(is_wrong_peer("the server ended the request (REFUSED_STREAM)", true));
  EXPECT_FALSE(is_wrong_peer("the queue is full"));
}

TEST(ExportAdvice, AnswersThatRefuse) {
  EXPECT_THAT(over_http("HTTP status 404"), HasSubstr("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"));
  EXPECT_THAT(over_http("HTTP status 401: who are you"), HasSubstr("OTEL_EXPORTER_OTLP_HEADERS"));
  EXPECT_THAT(export_advice(kGrpc, true, "a:1", Status(StatusCode::kUnauthenticated, "no")).text,
              HasSubstr("OTEL_EXPORTER_OTLP_HEADERS"));
  // One that is too busy is there, and right.
  EXPECT_EQ(over_http("HTTP status 503: connecting to the store: no"), "");
  EXPECT_EQ(over_grpc("the queue is full"), "");
}

TEST(ExportAdvice, SilenceIsAQuestionUnlessTheProgramHasEnded) {
  const auto advice = [](const char* error) {
    return export_advice(kGrpc, false, "a:1", deadline_exceeded(error)).text;
  };
  EXPECT_THAT(advice("no answer within 1000 ms"), HasSubstr("firewall"));
  EXPECT_EQ(advice("the program has ended"), "");
}

TEST(FirstLine, OfABodyIsForPeople) {
  EXPECT_EQ(first_line("\n  404 page not found\r\nmore"), "404 page not found");
  EXPECT_EQ(first_line("{\"message\":\"a\x1b[31mb\x07\"}"), "{\"message\":\"ab\"}");
  EXPECT_EQ(first_line("<html><h1>404</h1>"), "");
  EXPECT_EQ(first_line(" \r\n"), "");
  EXPECT_EQ(first_line(std::string(1000, 'x')).size(), 200u);
  EXPECT_EQ(first_line("caf\xe9"), "caf\xef\xbf\xbd");
}

TEST(SaidOnce, WhatIsNewIsNewOnceAndNotWithoutBound) {
  SaidOnce said;
  EXPECT_TRUE(said.is_new("a"));
  EXPECT_FALSE(said.is_new("a"));
  std::size_t count = 1;
  for (int i = 0; i < 1000; ++i) count += said.is_new(std::to_string(i)) ? 1u : 0u;
  EXPECT_EQ(count, SaidOnce::kMax);
}

}  // namespace
}  // namespace kolben::agent
