// Calls over HTTP/2, a client's and a server's, from the records of the library to spans.
#include "agent/process/web_calls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/process/streams_fixture.h"
#include "agent/protocols/testing/counted_limit.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders

TEST_F(StreamsTest, AGrpcCallByTheRpcConventions) {
  piece_.protocol = 3;
  piece_.peer_port = 50051;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client(frame(1, kEndOfBoth, 1,
               block({{":method", "POST"},
                      {":path", "/shop.Cart/Add"},
                      {"content-type", "application/grpc"}})));
  server(frame(1, kEndOfBoth, 1, block({{":status", "200"}, {"grpc-status", "5"}})));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "shop.Cart/Add");
  EXPECT_EQ(all[0].kind, SpanKind::kClient);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "cdcdcdcdcdcdcdcd");
  EXPECT_EQ(listed(all[0].attributes),
            "rpc.system=grpc\nrpc.method=Add\nrpc.service=shop.Cart\nnet.peer.name=127.0.0.1\n"
            "net.peer.port=50051\nrpc.grpc.status_code=5\n");
}

TEST_F(StreamsTest, ARequestOverHttp2IsLikeOneOverHttp1) {
  piece_.protocol = 3;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client(frame(1, kEndOfBoth, 1,
               block({{":method", "GET"},
                      {":path", "/a?b=c"},
                      {":authority", "host:80"},
                      {"user-agent", "x\r\nhost: evil"}})));
  server(frame(1, kEndOfBoth, 1, block({{":status", "404"}})));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "GET");
  EXPECT_EQ(all[0].span_id.to_hex(), "efefefefefefefef");
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(listed(all[0].attributes),
            "http.method=GET\nhttp.url=http://host:80/a?b=c\nhttp.status_code=404\n");
}

class ServedStreamsTest : public StreamsTest {
 protected:
  explicit ServedStreamsTest(Environment environment = {}) : StreamsTest(std::move(environment)) {
    piece_.protocol = 3;
    piece_.peer_port = 41000;
    piece_.parent = 0;
    piece_.local_address = "127.0.0.2";
    piece_.local_port = 8080;
  }
  void asked(std::initializer_list<std::pair<std::string, std::string>> fields) {
    client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client(frame(1, kEndOfBoth, 1, block(fields)));
  }
  void answered(std::initializer_list<std::pair<std::string, std::string>> fields) {
    server(frame(1, kEndOfBoth, 1, block(fields)));
  }
  std::vector<std::string> metric_names() {
    recorder_.finish(0, kTime + 1);
    std::vector<std::string> names;
    for (const ScopeMetrics& scope : metrics_.batches.at(0).metrics().resources[0].scopes) {
      for (const Metric& metric : scope.metrics) names.emplace_back(metric.name);
    }
    return names;
  }
};

constexpr char kRemote[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
constexpr char kRemoteUnsampled[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

TEST_F(ServedStreamsTest, ARequestThatIsServedOverHttp2IsLikeOneOverHttp1) {
  asked({{":method", "GET"},
         {":path", "/users/17?b=c"},
         {":authority", "host:80"},
         {"user-agent", "curl"}});
  answered({{":status", "404"}});
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "GET /users/*");
  EXPECT_EQ(all[0].kind, SpanKind::kServer);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kUnset);
  EXPECT_TRUE(all[0].parent_span_id.is_zero());
  EXPECT_EQ(listed(all[0].attributes),
            "http.method=GET\nhttp.server_name=127.0.0.2\nhttp.scheme=http\n"
            "net.host.name=host:80\nhttp.host=host:80\nnet.host.port=8080\n"
            "http.target=/users/17?b=c\nnet.peer.ip=127.0.0.1\nnet.peer.port=41000\n"
            "http.user_agent=curl\nhttp.flavor=2\nhttp.status_code=404\n");
  EXPECT_THAT(metric_names(), ::testing::Contains("http.server.duration"));
}

TEST_F(ServedStreamsTest, BehindAProxyTheClientIsWhomItNames) {
  asked({{":method", "GET"}, {":path", "/"}, {"x-forwarded-for", "203.0.113.7"}});
  answered({{":status", "200"}});
  EXPECT_THAT(listed(spans().at(0).attributes),
              ::testing::HasSubstr("net.peer.ip=127.0.0.1\nhttp.client_ip=203.0.113.7\n"));
}

TEST_F(ServedStreamsTest, ItIsBelowTheContextInItsHeaders) {
  asked({{":method", "GET"}, {":path", "/"}, {"traceparent", kRemote}, {"tracestate", "a=1"}});
  answered({{":status", "200"}});
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].trace_id.to_hex(), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "b7ad6b7169203331");
  EXPECT_EQ(all[0].span_id.to_hex(), "efefefefefefefef");
  EXPECT_EQ(all[0].trace_state, "a=1");
  EXPECT_TRUE(all[0].links.empty());
}

TEST_F(ServedStreamsTest, WhatTheClientDoesNotSampleIsNotSampled) {
  asked({{":method", "GET"}, {":path", "/"}, {"traceparent", kRemoteUnsampled}});
  answered({{":status", "200"}});
  EXPECT_TRUE(spans().empty());
  EXPECT_THAT(metric_names(), ::testing::Contains("http.server.duration"));
}

TEST_F(ServedStreamsTest, AServedCallOfGrpc) {
  asked({{":method", "POST"},
         {":path", "/shop.Cart/Add"},
         {"content-type", "application/grpc+proto"},
         {"traceparent", kRemote},
         {"tracestate", "a=1"}});
  answered({{":status", "200"}, {"grpc-status", "13"}});
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "shop.Cart/Add");
  EXPECT_EQ(all[0].kind, SpanKind::kServer);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "b7ad6b7169203331");
  EXPECT_EQ(all[0].trace_state, "a=1");
  EXPECT_EQ(listed(all[0].attributes),
            "rpc.system=grpc\nrpc.method=Add\nrpc.service=shop.Cart\nnet.peer.ip=127.0.0.1\n"
            "net.peer.port=41000\nrpc.grpc.status_code=13\n");
  EXPECT_THAT(metric_names(), ::testing::ElementsAre("rpc.server.duration"));
}

TEST_F(ServedStreamsTest, OfSeveralHeadersOfOneNameTheFirstHolds) {
  asked({{":method", "GET"},
         {":path", "/"},
         {"x-forwarded-for", "203.0.113.7"},
         {"x-forwarded-for", "203.0.113.8"}});
  answered({{":status", "200"}});
  client(frame(1, kEndOfBoth, 3,
               block({{":method", "GET"},
                      {":path", "/"},
                      {"forwarded", "for=203.0.113.9"},
                      {"forwarded", "for=203.0.113.10"}})));
  server(frame(1, kEndOfBoth, 3, block({{":status", "200"}})));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(listed(all[0].attributes), ::testing::HasSubstr("http.client_ip=203.0.113.7\n"));
  EXPECT_THAT(listed(all[1].attributes), ::testing::HasSubstr("http.client_ip=203.0.113.9\n"));
}

// As its exporters name it: by themselves over HTTP, and to gRPC, which adds its own name.
TEST_F(ServedStreamsTest, ExportsOfAnAgentAreNotRequestsOfAnybody) {
  asked({{":method", "POST"}, {":path", "/v1/traces"}, {"user-agent", "kolben-agent/0.1.0"}});
  answered({{":status", "200"}});
  client(frame(1, kEndOfBoth, 3,
               block({{":method", "POST"},
                      {":path", "/opentelemetry.proto.collector.trace.v1.TraceService/Export"},
                      {"content-type", "application/grpc"},
                      {"user-agent", "kolben-agent/0.1.0 grpc-c++/1.51.1 (linux; chttp2)"}})));
  server(frame(1, kEndOfBoth, 3, block({{":status", "200"}, {"grpc-status", "0"}})));
  EXPECT_TRUE(spans().empty());
  client(frame(1, kEndOfBoth, 5, block({{":method", "GET"}, {":path", "/"}})));
  server(frame(1, kEndOfBoth, 5, block({{":status", "200"}})));
  EXPECT_EQ(spans().size(), 1u) << "what others ask is";
}

// Not only when it is answered: by then the collector has done with it what is not to be told.
TEST_F(ServedStreamsTest, WhatACollectorDoesWithAnExportIsNotToldFromItsHeadOn) {
  TestExchange own;
  handle(exchange_record(own, RecordType::kClientExchange));
  asked({{":method", "POST"},
         {":path", "/opentelemetry.proto.collector.logs.v1.LogsService/Export"},
         {"content-type", "application/grpc"},
         {"user-agent", "kolben-agent/0.1.0"}});
  own.self.span_id[0] = 1;
  handle(exchange_record(own, RecordType::kClientExchange));
  EXPECT_EQ(spans().size(), 1u);
}

// Their heads are enough: what is done for them need not wait.
TEST_F(ServedStreamsTest, WhatACollectorDoesForOtherCallsIsTold) {
  asked({{":method", "POST"},
         {":path", "/opentelemetry.proto.collector.logs.v1.LogsService/Export"},
         {"content-type", "application/grpc"},
         {"user-agent", "kolben-agent/0.1.0"}});
  piece_.self = context(0x11, 0x01);
  client(frame(1, kEndOfBoth, 3,
               block({{":path", "/shop.Cart/Add"}, {"content-type", "application/grpc"}})));
  TestExchange own;
  own.self = context(0x11, 0x02);
  own.parent = 0x01;
  handle(exchange_record(own, RecordType::kClientExchange));
  EXPECT_EQ(spans().size(), 1u);
}

TEST_F(ServedStreamsTest, AUserAgentAloneMakesNoCollector) {
  asked({{":method", "GET"}, {":path", "/v1/traces"}, {"user-agent", "kolben-agent/0.1.0"}});
  answered({{":status", "404"}});
  TestExchange own;
  handle(exchange_record(own, RecordType::kClientExchange));
  EXPECT_EQ(spans().size(), 2u);
}

TEST_F(ServedStreamsTest, AClientsMistakeIsNoErrorOfTheServer) {
  asked({{":path", "/shop.Cart/Add"}, {"content-type", "application/grpc"}});
  answered({{":status", "200"}, {"grpc-status", "5"}});
  EXPECT_EQ(spans().at(0).status_code, SpanStatusCode::kUnset);
}

// CANCEL after so long; gRPC's own clients say nothing else when a call's time is over.
class GivenUpCallTest : public StreamsTest {
 protected:
  std::string status(const std::string& timeout, std::uint64_t milliseconds) {
    piece_.protocol = 3;
    client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client(frame(1, kEndOfBoth, 1,
                 block({{":path", "/shop.Cart/Add"},
                        {"content-type", "application/grpc"},
                        {"grpc-timeout", timeout}})));
    piece_.time += (milliseconds - 1) * 1'000'000;
    client(frame(3, 0, 1, int32(8)));
    const std::string told = listed(spans().at(0).attributes);
    return told.substr(told.rfind('=') + 1);
  }
};

TEST_F(GivenUpCallTest, WhenItsTimeIsOverItHasExceededItsDeadline) {
  EXPECT_EQ(status("300m", 301), "4\n");
}
TEST_F(GivenUpCallTest, ItsTimeIsRoundedUp) {
  EXPECT_EQ(status("20S", 19'850), "4\n");
}
TEST_F(GivenUpCallTest, BeforeThatItIsCancelled) {
  EXPECT_EQ(status("300m", 200), "1\n");
}
TEST_F(GivenUpCallTest, WithoutATimeItIsCancelled) {
  EXPECT_EQ(status("", 100'000), "1\n");
}
TEST_F(GivenUpCallTest, WhatIsNoTimeIsNone) {
  EXPECT_EQ(status("999999999n", 10'000), "1\n");
}

class StableServedStreamsTest : public ServedStreamsTest {
 protected:
  StableServedStreamsTest() : ServedStreamsTest({{"OTEL_SEMCONV_STABILITY_OPT_IN", "rpc"}}) {}
  void served(const std::string& path, const std::string& status) {
    asked({{":method", "POST"},
           {":path", path},
           {":authority", "shop.example:443"},
           {"content-type", "application/grpc"}});
    answered({{":status", "200"}, {"grpc-status", status}});
  }
};

TEST_F(StableServedStreamsTest, AServedCallByTheStableRpcConventions) {
  served("/shop.Cart/Add", "13");
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "shop.Cart/Add");
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(listed(all[0].attributes),
            "rpc.system.name=grpc\nrpc.method=shop.Cart/Add\nserver.address=127.0.0.2\n"
            "server.port=8080\nclient.address=127.0.0.1\nclient.port=41000\n"
            "network.peer.address=127.0.0.1\nnetwork.peer.port=41000\n"
            "rpc.response.status_code=INTERNAL\nerror.type=INTERNAL\n");
  EXPECT_THAT(metric_names(), ::testing::ElementsAre("rpc.server.call.duration"));
}

TEST_F(StableServedStreamsTest, WhatIsServedNowhereHasNoNameOfItsOwn) {
  served("/nobody.Knows/This", "12");
  EXPECT_THAT(listed(spans().at(0).attributes),
              ::testing::HasSubstr("rpc.method=_OTHER\nrpc.method_original=nobody.Knows/This\n"));
}

TEST_F(StableServedStreamsTest, AClientsMistakeHasAStatusAndNoErrorType) {
  served("/shop.Cart/Add", "5");
  const std::string told = listed(spans().at(0).attributes);
  EXPECT_THAT(told, ::testing::EndsWith("rpc.response.status_code=NOT_FOUND\n"));
}

class BothStreamsTest : public StreamsTest {
 protected:
  BothStreamsTest() : StreamsTest({{"OTEL_SEMCONV_STABILITY_OPT_IN", "rpc/dup"}}) {}
};

// The key `rpc.method` is in both: the stable one's value wins.
TEST_F(BothStreamsTest, ACallByBothRpcConventions) {
  piece_.protocol = 3;
  piece_.peer_port = 50051;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client(frame(1, kEndOfBoth, 1,
               block({{":path", "/shop.Cart/Add"},
                      {":authority", "shop.example"},
                      {"content-type", "application/grpc"}})));
  server(frame(1, kEndOfBoth, 1, block({{":status", "200"}, {"grpc-status", "4"}})));
  EXPECT_EQ(listed(spans().at(0).attributes),
            "rpc.system=grpc\nrpc.method=shop.Cart/Add\nrpc.service=shop.Cart\n"
            "net.peer.name=127.0.0.1\nnet.peer.port=50051\nrpc.grpc.status_code=4\n"
            "rpc.system.name=grpc\nserver.address=shop.example\nserver.port=50051\n"
            "network.peer.address=127.0.0.1\nnetwork.peer.port=50051\n"
            "rpc.response.status_code=DEADLINE_EXCEEDED\nerror.type=DEADLINE_EXCEEDED\n");
}

TEST_F(BothStreamsTest, DurationsOfAClientsCallsHaveTheBucketsOfTheirConvention) {
  piece_.protocol = 3;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client(frame(1, kEndOfBoth, 1,
               block({{":path", "/shop.Cart/Add"}, {"content-type", "application/grpc"}})));
  server(frame(1, kEndOfBoth, 1, block({{":status", "200"}, {"grpc-status", "0"}})));
  recorder_.finish(0, kTime + 1);
  const auto& metrics = metrics_.batches.at(0).metrics().resources[0].scopes[0].metrics;
  ASSERT_EQ(metrics.size(), 2u);
  const auto bounds = [](const Metric& metric) {
    const auto& all = metric.histogram_points[0].explicit_bounds;
    return std::vector<double>(all.begin(), all.end());
  };
  EXPECT_EQ(metrics[0].name, "rpc.client.duration");
  EXPECT_EQ(metrics[0].unit, "ms");
  EXPECT_EQ(bounds(metrics[0]), (std::vector<double>{0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000,
                                                     2500, 5000, 7500, 10000}));
  EXPECT_EQ(metrics[1].name, "rpc.client.call.duration");
  EXPECT_EQ(metrics[1].unit, "s");
  EXPECT_EQ(bounds(metrics[1]), (std::vector<double>{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                                     0.5, 0.75, 1, 2.5, 5, 7.5, 10}));
}

class B3ServedStreamsTest : public ServedStreamsTest {
 protected:
  B3ServedStreamsTest()
      : ServedStreamsTest({{"OTEL_PROPAGATORS", "b3"}, {"OTEL_TRACES_SAMPLER", "always_on"}}) {}
};

TEST_F(B3ServedStreamsTest, ItsContextIsTheOneThatTheSettingsName) {
  asked({{":method", "GET"},
         {":path", "/"},
         {"traceparent", kRemote},
         {"b3", "463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-0"}});
  answered({{":status", "200"}});
  const auto all = spans();  // the sampler asks no parent
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].trace_id.to_hex(), "463ac35c9f6413ad48485a3953bb6124");
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "a2fb4a1d1a96d312");
}

TEST_F(StreamsTest, AClientsRequestIsBelowTheContextInItsHeaders) {
  piece_.protocol = 3;
  piece_.linked_trace = 0x99;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client(frame(1, kEndOfBoth, 1,
               block({{":method", "GET"}, {":path", "/"}, {"traceparent", kRemote}})));
  server(frame(1, kEndOfBoth, 1, block({{":status", "200"}})));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].kind, SpanKind::kClient);
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "b7ad6b7169203331");
  EXPECT_TRUE(all[0].links.empty());
}

TEST_F(StreamsTest, ARequestHasTheContextThatTheLibraryChose) {
  piece_.protocol = 3;
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  const std::string get = frame(1, kEndOfBoth, 1, block({{":method", "GET"}, {":path", "/"}})) +
                          frame(1, kEndOfBoth, 3, block({{":method", "POST"}, {":path", "/"}}));
  piece_.requests = {{1, {1, 1, 1, 1, 1, 1, 1, 1}}, {3, {3, 3, 3, 3, 3, 3, 3, 3}}};
  client(get.substr(0, 5));
  piece_.requests.clear();
  piece_.self = context(0x77, 0x88);
  client(get.substr(5));
  server(frame(1, kEndOfBoth, 3, block({{":status", "200"}})) +
         frame(1, kEndOfBoth, 1, block({{":status", "200"}})));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].trace_id.to_hex(), "abababababababababababababababab");
  EXPECT_EQ(all[0].span_id.to_hex(), "0303030303030303");
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "cdcdcdcdcdcdcdcd");
  EXPECT_EQ(all[1].span_id.to_hex(), "0101010101010101");
}

// --- what the library has left open because limits count ----------------------------------------

class UndecidedCallsTest : public ServedStreamsTest {
 protected:
  UndecidedCallsTest() {
    limit_.hold_for(settings_.sampler);
    piece_.self.flags = kUndecided;
  }
  // Of the trace of this number, on a connection of its own.
  void call(std::uint8_t trace, std::initializer_list<std::pair<std::string, std::string>> fields) {
    std::memset(piece_.self.trace_id, trace, sizeof piece_.self.trace_id);
    positions_[0] = positions_[1] = 0;
    const std::uint32_t stream = ++connections_;
    client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", stream);
    client(frame(1, kEndOfBoth, 1, block(fields)), stream);
    client(frame(6, 0, 0, "pingping"), stream);
    server(frame(1, kEndOfBoth, 1, block({{":status", "200"}})), stream);
  }

  CountedLimit limit_{2};
  std::uint32_t connections_ = 0;
};

TEST_F(UndecidedCallsTest, OnlyRequestsWithoutParentTakeFromALimit) {
  call(1, {{":method", "GET"}, {":path", "/a"}, {"traceparent", kRemote}});
  call(2, {{":method", "GET"}, {":path", "/b"}, {"traceparent", kRemoteUnsampled}});
  EXPECT_EQ(limit_.taken(), 0u);
  call(3, {{":method", "GET"}, {":path", "/c"}});
  EXPECT_EQ(limit_.taken(), 1u);
  call(4, {{":method", "POST"}, {":path", "/d.E/F"}, {"content-type", "application/grpc"}});
  EXPECT_EQ(limit_.taken(), 2u);
  call(5, {{":method", "GET"}, {":path", "/g"}});
  call(6, {{":method", "POST"}, {":path", "/d.E/G"}, {"content-type", "application/grpc"}});
  const auto all = spans();
  ASSERT_EQ(all.size(), 3u) << "the limit is empty after those";
  EXPECT_EQ(all[1].trace_id.to_hex(), "03030303030303030303030303030303");
  EXPECT_EQ(all[2].trace_id.to_hex(), "04040404040404040404040404040404");
  for (const Span& span : all) EXPECT_EQ(span.flags, 1u);
}

TEST_F(UndecidedCallsTest, CallsOfOneTraceAreDecidedOnce) {
  const std::string get = block({{":method", "GET"}, {":path", "/a"}});
  client("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  client(frame(1, kEndOfBoth, 1, get) + frame(1, kEndOfBoth, 3, get));
  const std::string ok = block({{":status", "200"}});
  server(frame(1, kEndOfBoth, 3, ok) + frame(1, kEndOfBoth, 1, ok));
  EXPECT_EQ(limit_.taken(), 1u);
  EXPECT_EQ(spans().size(), 2u);
}

}  // namespace
}  // namespace kolben::agent
