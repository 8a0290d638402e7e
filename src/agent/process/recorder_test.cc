#include "agent/process/recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/process/console_format.h"
#include "agent/process/recorder_fixture.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders
using ::testing::HasSubstr;

TEST_F(RecorderTest, AServerExchangeHasTheScenariosAttributesInItsOrder) {
  TestExchange exchange;
  exchange.route = "/";
  handle(exchange_record(exchange));
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  const Span& span = all[0];
  EXPECT_EQ(span.name, "GET /");
  EXPECT_EQ(span.kind, SpanKind::kServer);
  EXPECT_EQ(span.status_code, SpanStatusCode::kUnset);
  EXPECT_TRUE(span.parent_span_id.is_zero());
  EXPECT_EQ(listed(span.attributes),
            "http.method=GET\nhttp.server_name=127.0.0.1\nhttp.scheme=http\n"
            "net.host.name=127.0.0.1:5000\nhttp.host=127.0.0.1:5000\nnet.host.port=5000\n"
            "http.target=/\nnet.peer.ip=127.0.0.1\nnet.peer.port=41234\n"
            "http.user_agent=curl/7.88.1\nhttp.flavor=1.1\nhttp.route=/\nhttp.status_code=200\n");
}

TEST_F(RecorderTest, WhatGrantsAccessIsInNoQuery) {
  TestExchange exchange;
  exchange.request =
      "GET /a?X-Amz-Signature=secret&sig=secret&signal=7 HTTP/1.1\r\nHost: a\r\n\r\n";
  handle(exchange_record(exchange));
  EXPECT_THAT(listed(spans().at(0).attributes),
              HasSubstr("http.target=/a?X-Amz-Signature=REDACTED&sig=REDACTED&signal=7\n"));
}

TEST_F(RecorderTest, AnExcludedRequestIsNeitherASpanNorMeasured) {
  TestExchange exchange;
  exchange.is_excluded = true;
  handle(exchange_record(exchange));
  EXPECT_TRUE(spans().empty());
  recorder_.finish(0, kTime);
  EXPECT_TRUE(metrics_.batches.empty());
}

TEST_F(RecorderTest, WithoutARouteTheNameIsTheTemplateAndTheAttributeIsAbsent) {
  TestExchange exchange;
  exchange.request = "GET /delete/17?x=1 HTTP/1.1\r\nHost: a\r\ntracestate: k=v\r\n\r\n";
  exchange.parent = 0x11;
  exchange.parent_is_remote = true;
  handle(exchange_record(exchange));
  const auto all = spans();
  EXPECT_EQ(all.at(0).name, "GET /delete/*");
  EXPECT_EQ(find(all[0].attributes, "http.route"), nullptr);
  EXPECT_EQ(find(all[0].attributes, "http.target")->as_string(), "/delete/17?x=1");
  EXPECT_EQ(all[0].parent_span_id.to_hex(), "1111111111111111");
  EXPECT_EQ(all[0].trace_state, "k=v");
}

TEST_F(RecorderTest, WithinTlsTheSchemeIsHttps) {
  TestExchange exchange;
  exchange.request = "GET /a HTTP/2.0\r\nHost: localhost:8443\r\n\r\n";
  exchange.is_encrypted = true;
  handle(exchange_record(exchange));
  handle(exchange_record(exchange, RecordType::kClientExchange));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(find(all[0].attributes, "http.scheme")->as_string(), "https");
  EXPECT_EQ(find(all[0].attributes, "http.flavor")->as_string(), "2");
  EXPECT_EQ(find(all[1].attributes, "http.url")->as_string(), "https://localhost:8443/a");
}

TEST_F(RecorderTest, ServerErrorsAndMissingAnswersAreErrors) {
  const auto status = [this](std::uint16_t response) {
    TestExchange exchange;
    exchange.status = response;
    handle(exchange_record(exchange));
    return spans().back().status_code;
  };
  EXPECT_EQ(status(404), SpanStatusCode::kUnset);
  EXPECT_EQ(status(500), SpanStatusCode::kError);
  EXPECT_EQ(status(0), SpanStatusCode::kError);
}

TEST_F(RecorderTest, ExportsOfAnAgentAreNotRequestsOfAnybody) {
  TestExchange exchange;
  exchange.request =
      "POST /v1/traces HTTP/1.1\r\nHost: a\r\nUser-Agent: kolben-agent/0.1.0\r\n\r\n";
  handle(exchange_record(exchange));
  EXPECT_TRUE(spans().empty());
}

TEST_F(RecorderTest, WhatTheSamplerLeftOutIsNotExported) {
  TestExchange exchange;
  exchange.self.flags = 0;
  handle(exchange_record(exchange));
  EXPECT_TRUE(spans().empty());
}

TEST_F(RecorderTest, WhatWentThroughTlsIsHttps) {
  TestExchange exchange;
  exchange.is_encrypted = true;
  handle(exchange_record(exchange));
  handle(exchange_record(exchange, RecordType::kClientExchange));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(listed(all[0].attributes), HasSubstr("http.scheme=https\n"));
  EXPECT_THAT(listed(all[1].attributes), HasSubstr("http.url=https://127.0.0.1:5000/\n"));
}

class UnsanitizedRecorderTest : public RecorderTest {
 protected:
  UnsanitizedRecorderTest()
      : RecorderTest(
            Environment{{"OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED", "false"}}) {}
};

TEST_F(UnsanitizedRecorderTest, AStatementIsToldAsItIsWritten) {
  handle(statement_record("SELECT name FROM users WHERE id = 7 -- a"));
  EXPECT_EQ(listed(spans().at(0).attributes),
            "db.system=sqlite\ndb.name=shop.db\n"
            "db.statement=SELECT name FROM users WHERE id = 7 -- a\n");
}

TEST_F(RecorderTest, AStatementIsACallToADatabase) {
  handle(statement_record("SELECT name FROM users WHERE id = 7 AND name = 'secret'"));
  handle(statement_record("INSERT INTO users VALUES (?, ?)", 1555));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "SELECT");
  EXPECT_EQ(all[0].kind, SpanKind::kClient);
  EXPECT_EQ(all[0].parent_span_id.bytes[0], 0xcd);
  EXPECT_EQ(all[0].duration_nanos(), 1'000'000u);
  EXPECT_EQ(listed(all[0].attributes),
            "db.system=sqlite\ndb.name=shop.db\n"
            "db.statement=SELECT name FROM users WHERE id = ? AND name = ?\n");
  EXPECT_EQ(all[1].status_code, SpanStatusCode::kError);
}

TEST_F(RecorderTest, WhatAProcessLeftUnfinishedIsAnError) {
  TestExchange exchange;
  exchange.status = 0;
  exchange.end_reason = EndReason::kProcessEnded;
  recorder_.handle_unfinished(exchange_record(exchange).bytes(), std::nullopt, kTime);
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].name, "GET /");
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(all[0].status_message, "the process ended");
}

// The parent closes its copy of the connection, the child answers: in either order.
TEST_F(RecorderTest, ARequestThatAChildAnswersIsToldOnce) {
  TestExchange left;
  left.status = 0;
  left.end_reason = EndReason::kLeft;
  TestExchange answered = left;
  answered.status = 200;
  answered.end_reason = EndReason::kComplete;
  handle(exchange_record(left));
  handle(exchange_record(answered));
  left.self.span_id[0] = answered.self.span_id[0] = 9;
  handle(exchange_record(answered));
  handle(exchange_record(left));
  recorder_.finish({}, kTime + LeftExchanges::kHeldNanos);
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kUnset);
  EXPECT_EQ(all[1].status_code, SpanStatusCode::kUnset);
}

// What tells two requests apart is their span: else they may be alike. The second process that
// leaves one tells nothing new.
TEST_F(RecorderTest, EachOfSeveralThatAreLeftIsToldOnce) {
  TestExchange left;
  left.status = 0;
  left.end_reason = EndReason::kLeft;
  TestExchange other = left;
  other.self.span_id[0] = 9;
  for (const TestExchange& one : {left, other, other, left}) handle(exchange_record(one));
  recorder_.finish({}, kTime + LeftExchanges::kHeldNanos);
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_NE(all[0].span_id, all[1].span_id);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(all[1].status_code, SpanStatusCode::kError);
}

TEST_F(RecorderTest, ARequestThatAChildAsksForItsParentIsToldOnce) {
  TestExchange left;
  left.status = 0;
  left.end_reason = EndReason::kLeft;
  TestExchange answered = left;
  answered.status = 200;
  answered.end_reason = EndReason::kComplete;
  handle(exchange_record(left, RecordType::kClientExchange));
  handle(exchange_record(answered, RecordType::kClientExchange));
  recorder_.finish({}, kTime + LeftExchanges::kHeldNanos);
  ASSERT_EQ(spans().size(), 1u);
  EXPECT_EQ(spans()[0].status_code, SpanStatusCode::kUnset);
}

// A parent is killed; its child may be at the answer, or not.
TEST_F(RecorderTest, WhatAKilledParentLeftToItsChildIsToldOnce) {
  TestExchange open;
  open.status = 0;
  open.end_reason = EndReason::kProcessEnded;
  TestExchange answered = open;
  answered.status = 200;
  answered.end_reason = EndReason::kComplete;
  TestExchange other = open;
  other.self.span_id[0] = 9;
  TestExchange later = open;
  later.self.span_id[0] = 10;
  later.start = kTime + 20;
  for (const TestExchange& one : {open, other, later}) {
    recorder_.handle_unfinished(exchange_record(one).bytes(), kTime + 10, kTime + 30);
  }
  handle(exchange_record(answered));
  recorder_.finish({}, kTime + 40);
  const auto all = spans();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].status_message, "the process ended") << "the fork was before it";
  EXPECT_EQ(all[1].status_code, SpanStatusCode::kUnset) << "it is answered";
  EXPECT_EQ(all[2].status_message, "the process ended") << "no child tells of it";
}

TEST_F(RecorderTest, WhatOthersHaveSeenTheAnswerOfIsNoError) {
  TestExchange exchange;
  exchange.status = 0;
  exchange.end_reason = EndReason::kUnseen;
  handle(exchange_record(exchange));
  handle(exchange_record(exchange, RecordType::kClientExchange));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  for (const auto& span : all) {
    EXPECT_EQ(span.status_code, SpanStatusCode::kUnset);
    EXPECT_THAT(listed(span.attributes), Not(HasSubstr("status_code")));
    EXPECT_THAT(listed(span.attributes), Not(HasSubstr("error.type")));
  }
}

TEST_F(RecorderTest, ARequestThatNoChildAnswersIsToldLater) {
  TestExchange left;
  left.status = 0;
  left.end_reason = EndReason::kLeft;
  handle(exchange_record(left));
  recorder_.tick(std::nullopt, kTime + LeftExchanges::kHeldNanos - 1);
  EXPECT_TRUE(spans().empty());
  constexpr std::uint64_t kExported = 10'000'000'000;
  recorder_.tick(std::nullopt, kTime + LeftExchanges::kHeldNanos);
  recorder_.tick(std::nullopt, kTime + LeftExchanges::kHeldNanos + kExported);
  ASSERT_EQ(spans().size(), 1u);
  EXPECT_EQ(spans()[0].status_code, SpanStatusCode::kError);
  left.self.span_id[0] = 9;
  handle(exchange_record(left));
  recorder_.finish({}, kTime);
  EXPECT_EQ(spans().size(), 2u) << "at the end at once";
}

TEST_F(RecorderTest, WhatCameAsARecordIsNotUnfinished) {
  TestExchange exchange;
  handle(exchange_record(exchange));
  exchange.status = 0;
  exchange.end_reason = EndReason::kProcessEnded;
  recorder_.handle_unfinished(exchange_record(exchange).bytes(), std::nullopt, kTime);
  const auto all = spans();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kUnset);
}

TEST_F(RecorderTest, AClientExchangeIsNamedByItsMethod) {
  TestExchange exchange;
  exchange.request = "GET /a?sig=secret&b=c HTTP/1.1\r\nHost: example.com:80\r\n\r\n";
  exchange.status = 404;
  handle(exchange_record(exchange, RecordType::kClientExchange));
  const auto all = spans();
  EXPECT_EQ(all.at(0).name, "GET");
  EXPECT_EQ(all[0].kind, SpanKind::kClient);
  EXPECT_EQ(all[0].status_code, SpanStatusCode::kError);
  EXPECT_EQ(listed(all[0].attributes),
            "http.method=GET\nhttp.url=http://example.com:80/a?sig=REDACTED&b=c\n"
            "http.status_code=404\n");
}

TEST_F(RecorderTest, SpansOfTheApplicationCarryAttributesAndEvents) {
  TestSpan span;
  span.attributes = EncodedAttributes().add("db.rows", std::int64_t{3}).bytes();
  span.events = event_bytes("cache miss", EncodedAttributes().add("key", "tasks").bytes());
  span.status = 2;
  span.status_message = "boom";
  span.dropped_events = 4;
  handle(span_record(span));
  const auto all = spans();
  EXPECT_EQ(all.at(0).name, "querying_tasks");
  EXPECT_EQ(all[0].status_message, "boom");
  EXPECT_EQ(listed(all[0].attributes), "db.rows=3\n");
  EXPECT_EQ(all[0].dropped_events_count, 4u);
  ASSERT_EQ(all[0].events.size(), 1u);
  EXPECT_EQ(all[0].events[0].name, "cache miss");
  EXPECT_EQ(listed(all[0].events[0].attributes), "key=tasks\n");
}

TEST_F(RecorderTest, SpansOfTheApplicationCarryListsLinksAndTheirScope) {
  TestSpan span;
  // {"tags": ["a", 7]}
  span.attributes = std::string("\5\4\0\0\0tags\17\0\0\0\1\1\0\0\0a\3\7\0\0\0\0\0\0\0", 28);
  span.links = std::string(16, '\x0a') + std::string(8, '\x0b') + std::string("\14\0\0\0", 4) +
               std::string("\1\3\0\0\0why\0\0\0\0", 12);
  span.scope = "shop";
  handle(span_record(span));
  handle(span_record(TestSpan()));
  handle(span_record(span));
  recorder_.tick(0, kTime + 1'000'000'000);
  ASSERT_EQ(traces_.batches.size(), 1u);
  const auto& scopes = traces_.batches[0].traces().resources[0].scopes;
  ASSERT_EQ(scopes.size(), 2u);
  EXPECT_EQ(scopes[0].scope.name, "shop");
  EXPECT_EQ(scopes[1].scope.name, "kolben.agent");
  ASSERT_EQ(scopes[0].spans.size(), 2u);
  const Span& told = scopes[0].spans[1];
  ASSERT_EQ(told.attributes.size(), 1u);
  const auto list = told.attributes[0].value.as_array();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].as_string(), "a");
  EXPECT_EQ(list[1].as_int(), 7);
  ASSERT_EQ(told.links.size(), 1u);
  EXPECT_EQ(told.links[0].trace_id.bytes[15], 0x0a);
  EXPECT_EQ(told.links[0].span_id.bytes[7], 0x0b);
  EXPECT_EQ(told.links[0].attributes[0].key, "why");
}

TEST_F(RecorderTest, WhatWasToldAsALogRecordIsNotReadFromTheOutputAgain) {
  handle(log_record(21, "disk is full", {}, context(0xab, 0xcd), "CRITICAL", "shop.disk"));
  handle(output_record("hello\nCRITICAL:shop.disk:disk is full\n", 2, 1, {}, true));
  handle(output_record("disk is full\n", 2));  // said by somebody else
  recorder_.tick(0, kTime + 1'000'000'000);
  ASSERT_EQ(logs_.batches.size(), 1u);
  const auto& scopes = logs_.batches[0].logs().resources[0].scopes;
  ASSERT_EQ(scopes.size(), 2u);
  EXPECT_EQ(scopes[0].scope.name, "shop.disk");
  EXPECT_EQ(scopes[0].records[0].severity_text, "CRITICAL");
  EXPECT_EQ(scopes[0].records[0].severity_number, 21);
  ASSERT_EQ(scopes[1].records.size(), 2u);
  EXPECT_EQ(scopes[1].records[0].body.as_string(), "hello");
  EXPECT_EQ(scopes[1].records[1].body.as_string(), "disk is full");
}

TEST_F(RecorderTest, UnsampledSpansAreNotExported) {
  TestExchange exchange;
  exchange.self.flags = 0;
  handle(exchange_record(exchange));
  EXPECT_TRUE(spans().empty());
}

TEST_F(RecorderTest, PrintedLinesBecomeLogRecordsWithTheirContext) {
  handle(output_record("WARNING: care", 2, 1, context(0xab, 0xcd)));
  handle(output_record("ful\n\n", 2));
  const auto all = log_records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].body.as_string(), "WARNING: careful");
  EXPECT_EQ(all[0].severity_number, 13);
  EXPECT_EQ(all[0].trace_id.bytes[0], 0xab);
  EXPECT_EQ(listed(all[0].attributes), "log.iostream=stderr\n");
}

TEST_F(RecorderTest, WhatACommandSaysBeforeItsFirstCallIsItsOwn) {
  Context possible = context(0xab, 0xcd);
  possible.flags |= kMayCome;
  handle(output_record("begins\n", 1, 1, possible));
  handle(log_record(9, "told", {}, possible));
  EXPECT_TRUE(log_records().empty()) << "nobody knows yet";
  handle(command_record(context(0xab, 0xcd)));
  handle(output_record("goes on\n", 1, 1, context(0xab, 0xcd)));
  const auto all = log_records();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].body.as_string(), "begins");
  EXPECT_EQ(all[1].body.as_string(), "told");
  EXPECT_EQ(all[2].body.as_string(), "goes on");
  for (const LogRecord& log : all) {
    EXPECT_EQ(log.span_id.bytes[0], 0xcd);
    EXPECT_EQ(log.flags, 1u);
  }
}

TEST_F(RecorderTest, WhatAServerSaysAtItsStartIsNobodys) {
  Context possible = context(0xab, 0xcd);
  possible.flags |= kMayCome;
  handle(output_record("listening\n", 1, 1, possible));
  handle(command_record(possible, 0, true));  // another program, which goes on
  EXPECT_TRUE(log_records().empty());
  handle(command_record(possible, kTime + 1, true));
  const auto all = log_records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].trace_id.is_zero());
}

TEST_F(RecorderTest, ALineOfANamedFileThatIsHeldKeepsItsPath) {
  Context possible = context(0xab, 0xcd);
  possible.flags |= kMayCome;
  const std::string path = "/var/log/" + std::string(100, 'a') + ".log";
  handle(output_record("begins\n", 3, 1, possible, false, path));
  handle(output_record("", 3, 1, possible, false, path));  // it is closed
  handle(command_record(context(0xab, 0xcd)));
  const auto all = log_records();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(find(all[0].attributes, "log.file.path")->as_string(), path);
}

TEST_F(RecorderTest, WhatIsHeldIsThereAtTheEnd) {
  Context possible = context(0xab, 0xcd);
  possible.flags |= kMayCome;
  handle(output_record("hi", 1, 1, possible));
  recorder_.finish(0, kTime);
  ASSERT_EQ(log_records().size(), 1u);
}

TEST_F(RecorderTest, LinesOfNamedFilesSayOfWhich) {
  constexpr std::string_view kPath = "/var/log/app.log";
  handle(output_record("\x1b[31mERROR\x1b[0m dis", 3, 1, context(0xab, 0xcd), false, kPath));
  handle(output_record("k\nhalf", 3, 1, {}, false, kPath));
  handle(output_record("", 3, 1, {}, false, kPath));  // it is closed
  const auto all = log_records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].body.as_string(), "ERROR disk");
  EXPECT_EQ(all[0].severity_number, 17);
  EXPECT_EQ(all[0].trace_id.bytes[0], 0xab);
  EXPECT_EQ(listed(all[0].attributes), "log.file.path=/var/log/app.log\nlog.file.name=app.log\n");
  EXPECT_EQ(all[1].body.as_string(), "half");
}

TEST_F(RecorderTest, ALogCallThatAlsoGoesToANamedFileIsToldOnce) {
  handle(log_record(17, "disk is full"));
  handle(output_record("12:00 ERROR disk is full\n", 3, 1, {}, true, "/log/app.log"));
  handle(output_record("12:01 of another library\n", 3, 1, {}, false, "/log/app.log"));
  const auto all = log_records();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].body.as_string(), "12:01 of another library");
}

TEST_F(RecorderTest, InvalidUtf8IsRepaired) {
  handle(output_record("caf\xe9\n"));
  EXPECT_EQ(log_records().at(0).body.as_string(), "caf\xef\xbf\xbd");
}

TEST_F(RecorderTest, AnOpenLineOfTheProgramIsRemembered) {
  handle(output_record("prompt> "));
  EXPECT_TRUE(output_.line_is_open);
  handle(output_record("yes\n"));
  EXPECT_FALSE(output_.line_is_open);
}

TEST_F(RecorderTest, MetricsComeAtTheEnd) {
  handle(exchange_record({}));
  handle(measurement_record(KOLBEN_COUNTER, "flask_app_requests_total", 1,
                            EncodedAttributes().add("endpoint", "home").bytes()));
  recorder_.finish(0, kTime);
  ASSERT_EQ(metrics_.batches.size(), 1u);
  std::string text;
  format_console(metrics_.batches[0], ConsoleFormat::k1_27, text);
  for (const char* name : {"http.server.duration", "http.server.active_requests",
                           "flask_app_requests_total", "\"http.host\": \"127.0.0.1:5000\""}) {
    EXPECT_THAT(text, HasSubstr(name));
  }
}

TEST_F(RecorderTest, ActiveRequestsAreToldByTheirScheme) {
  TestExchange exchange;
  handle(exchange_record(exchange));
  exchange.is_encrypted = true;
  handle(exchange_record(exchange));
  recorder_.finish({5, 2}, kTime);
  std::string told;
  for (const ScopeMetrics& scope : metrics_.batches.at(0).metrics().resources[0].scopes) {
    for (const Metric& metric : scope.metrics) {
      if (metric.name != "http.server.active_requests") continue;
      for (const NumberPoint& point : metric.number_points) {
        told += listed(point.attributes) + std::to_string(point.value.to_double()) + "\n";
      }
    }
  }
  EXPECT_EQ(told, "http.scheme=http\n3.000000\nhttp.scheme=https\n2.000000\n");
}

TEST_F(RecorderTest, BatchesGoOutWhenTheyAreFull) {
  for (int i = 0; i < 512; ++i) handle(exchange_record({}));
  ASSERT_EQ(traces_.batches.size(), 1u);
  EXPECT_EQ(traces_.batches[0].items(), 512u);
}

TEST_F(RecorderTest, DamagedRecordsAreCountedAndSkipped) {
  const std::string whole = exchange_record({}).bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    recorder_.handle(std::string_view(whole).substr(0, size), kTime);
  }
  EXPECT_EQ(recorder_.counts().damaged, whole.size());
  EXPECT_TRUE(spans().empty());
}

}  // namespace
}  // namespace kolben::agent
