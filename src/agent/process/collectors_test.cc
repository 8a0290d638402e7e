#include "agent/process/collectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/process/recorder_fixture.h"
#include "agent/process/user_agent.h"

namespace kolben::agent {
namespace {

using testing::context;
using ::testing::ElementsAre;
using testing::exchange_record;
using ::testing::HasSubstr;
using testing::kTime;
using testing::log_record;
using testing::output_record;
using testing::RecorderTest;
using testing::span_record;
using testing::statement_record;
using testing::TestExchange;
using testing::TestSpan;

class CollectorTest : public RecorderTest {
 protected:
  void serve(const std::string& line, std::uint8_t trace, const std::string& user_agent = "curl") {
    TestExchange exchange;
    exchange.request = line + " HTTP/1.1\r\nHost: a\r\nUser-Agent: " + user_agent + "\r\n\r\n";
    exchange.self = context(trace, 0x01);
    handle(exchange_record(exchange));
  }
  void receive_export(std::uint8_t trace = 0xe0) {
    serve("POST /v1/traces", trace, "kolben-agent/0.1.0");
  }
  // A call below the request of that trace; 0: below none.
  void call(std::uint8_t trace, std::string user_agent = "own") {
    TestExchange exchange;
    exchange.request = "POST /next HTTP/1.1\r\nHost: b\r\nUser-Agent: " + user_agent + "\r\n\r\n";
    exchange.self = context(trace, 0x02);
    exchange.self.span_id[0] = ++calls_;
    exchange.parent = trace == 0 ? 0 : 0x01;
    handle(exchange_record(exchange, RecordType::kClientExchange));
  }
  std::vector<std::string> names() {
    std::vector<std::string> result;
    for (const Span& span : spans()) result.emplace_back(span.name);
    return result;
  }
  std::uint64_t left_out() const { return recorder_.counts().collectors_left_out; }
  std::uint8_t calls_ = 0;
};

// It would get its own exports, and what it prints of them, as more of the same.
TEST_F(CollectorTest, WhatItDoesWithExportsIsNotTold) {
  const auto say = [&] { handle(output_record("received 5 spans\n")); };
  call(0);
  say();
  EXPECT_EQ(spans().size(), 1u);
  EXPECT_EQ(log_records().size(), 1u);
  receive_export();
  call(0);
  call(0xe0);
  say();
  handle(log_record(9, "received"));
  EXPECT_EQ(spans().size(), 1u);
  EXPECT_EQ(log_records().size(), 1u);
  EXPECT_EQ(left_out(), 4u);
  serve("GET /ui", 0x11);
  EXPECT_EQ(spans().size(), 2u) << "what others ask of it is";
}

// As a receiver in Python has it, which opens a span for each request.
TEST_F(CollectorTest, SpansByTheApiAreLeftOutLikeCalls) {
  receive_export();
  TestSpan span;
  span.self = context(0xe1, 0x02);
  handle(span_record(span));
  receive_export(0xe1);
  span.parent = 0;
  handle(span_record(span));
  EXPECT_TRUE(spans().empty());
  EXPECT_EQ(left_out(), 2u);
}

// A server that passes telemetry on beside its own work.
TEST_F(CollectorTest, WhatItDoesForOtherRequestsIsTold) {
  receive_export();
  call(0x11);
  handle(statement_record("SELECT 1"));  // of trace 0xab
  handle(output_record("bought\n", 1, 1, context(0x11, 0x01)));
  handle(log_record(9, "sold", {}, context(0x11, 0x01)));
  EXPECT_TRUE(spans().empty()) << "whose it is comes with the request";
  serve("POST /cart", 0x11);
  serve("GET /", 0xab);
  EXPECT_THAT(names(), ElementsAre("POST /cart", "POST", "GET /", "SELECT"));
  EXPECT_EQ(log_records().size(), 2u);
  call(0x11);
  EXPECT_EQ(spans().size(), 5u) << "also what comes late";
  call(0x12);
  serve("POST /v1/traces", 0x12);
  EXPECT_EQ(spans().size(), 6u) << "what others than agents send is a request, without its work";
  EXPECT_EQ(left_out(), 1u);
}

TEST_F(CollectorTest, AUserAgentAloneMakesNone) {
  serve("GET /v1/traces", 0x21, "kolben-agent/");
  serve("POST /checkout", 0x22, "kolben-agent/");
  serve("GET /sampling?service=a", 0x23, agent_user_agent(kSamplerName));
  serve("POST /v1/traces", 0x24, agent_user_agent(kSamplerName));
  EXPECT_EQ(spans().size(), 4u);
  call(0);
  EXPECT_EQ(spans().size(), 5u);
}

TEST_F(CollectorTest, AProxyThatPassesAnExportOnDoesNotTellOfIt) {
  TestExchange exchange;
  exchange.request =
      "POST /v1/traces HTTP/1.1\r\nHost: a\r\nUser-Agent: kolben-agent/0.1.0\r\n\r\n";
  handle(exchange_record(exchange, RecordType::kClientExchange));
  EXPECT_TRUE(spans().empty());
  EXPECT_EQ(left_out(), 1u);
}

TEST_F(CollectorTest, SomeTimeAfterTheLastExportItIsNoneAnyMore) {
  receive_export();
  TestExchange own;
  recorder_.handle(exchange_record(own, RecordType::kClientExchange).bytes(),
                   kTime + Collectors::kMarkNanos - 1);
  EXPECT_TRUE(spans().empty());
  recorder_.handle(exchange_record(own, RecordType::kClientExchange).bytes(),
                   kTime + Collectors::kMarkNanos);
  recorder_.flush(kTime + Collectors::kMarkNanos);
  EXPECT_EQ(spans().size(), 1u);
}

TEST_F(CollectorTest, AProcessThatBecomesAnotherProgramIsNoneAnyMore) {
  receive_export();
  handle(testing::RecordBytes(RecordType::kProcessStart).fixed(ProcessStart{}));
  call(0);
  EXPECT_EQ(spans().size(), 1u);
}

class SaidLines final : public Messages {
 public:
  void say(std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

TEST_F(CollectorTest, ThatSomethingIsLeftOutIsSaidOnce) {
  SaidLines messages;
  recorder_.set_messages(&messages);
  receive_export();
  receive_export();
  EXPECT_THAT(messages.lines, ElementsAre(HasSubstr("process 1 receives what agents export")));
}

TEST_F(CollectorTest, WhatWaitsForNoRequestIsLeftOut) {
  receive_export();
  call(0x31);
  recorder_.tick(0, kTime + Collectors::kHeldNanos);
  EXPECT_EQ(left_out(), 1u);
  call(0x32);
  recorder_.finish(0, kTime);
  EXPECT_EQ(left_out(), 2u);
  EXPECT_TRUE(spans().empty());
}

class OwnPathTest : public CollectorTest {
 protected:
  OwnPathTest() {
    const Settings settings =
        read_settings({{"OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf"},
                       {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://localhost:4318/take?key=1"}});
    collectors_ = std::make_unique<Collectors>(settings);
  }
  std::unique_ptr<Collectors> collectors_;
};

TEST_F(OwnPathTest, TelemetryIsToldByWhereItGoes) {
  for (const char* target :
       {"/take", "/v1/traces", "/otlp/v1/metrics?a", "/v1/logs", "/api/v2/spans",
        "/opentelemetry.proto.collector.trace.v1.TraceService/Export"}) {
    EXPECT_TRUE(collectors_->is_telemetry("POST", target)) << target;
    EXPECT_FALSE(collectors_->is_telemetry("GET", target)) << target;
  }
  for (const char* target : {"/", "", "/v1/traces/7", "/shop.Cart/Export", "/?/v1/traces"}) {
    EXPECT_FALSE(collectors_->is_telemetry("POST", target)) << target;
  }
}

TEST(Collectors, TheOldestIsForgottenBeyondTheBound) {
  Collectors collectors{Settings{}};
  for (std::uint32_t pid = 1; pid <= Collectors::kCountMax + 1; ++pid) {
    EXPECT_TRUE(collectors.receives(pid, kTime));
    EXPECT_FALSE(collectors.receives(pid, kTime));
  }
  EXPECT_FALSE(collectors.has(1, kTime));
  EXPECT_TRUE(collectors.has(2, kTime));
  EXPECT_TRUE(collectors.has(Collectors::kCountMax + 1, kTime));
  collectors.gone(2);
  EXPECT_FALSE(collectors.has(2, kTime));
}

TEST(Collectors, BeyondTheBoundTheOldestThatWaitsIsLeftOut) {
  Collectors collectors{Settings{}};
  collectors.receives(1, kTime);
  const Collectors::Cause cause{1, trace_id_of(context(0x11, 0))};
  std::size_t told = 0;
  for (std::size_t i = 0; i <= Collectors::kItemsMax; ++i) {
    collectors.hold(cause, 1, kTime, [&told] { ++told; });
  }
  EXPECT_EQ(collectors.left_out(), 1u);
  collectors.hold(cause, Collectors::kBytesMax, kTime, [&told] { ++told; });
  EXPECT_EQ(collectors.left_out(), Collectors::kItemsMax + 1);
  collectors.served(cause, false, kTime);
  EXPECT_EQ(told, 1u);
}

}  // namespace
}  // namespace kolben::agent
