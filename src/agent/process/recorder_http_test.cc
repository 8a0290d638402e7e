// What may be chosen of HTTP exchanges: conventions, headers, sizes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/process/recorder_fixture.h"

namespace kolben::agent {
namespace {

using namespace kolben::agent::testing;  // NOLINT: the records' builders
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class StableRecorderTest : public RecorderTest {
 protected:
  StableRecorderTest() : RecorderTest(Environment{{"OTEL_SEMCONV_STABILITY_OPT_IN", "http"}}) {}
};

class CapturingRecorderTest : public RecorderTest {
 protected:
  CapturingRecorderTest()
      : RecorderTest(Environment{
            {"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST", "x-.*,cookie"},
            {"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_RESPONSE", "Content-Type"},
            {"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SANITIZE_FIELDS", "cook"},
            {"OTEL_PYTHON_INSTRUMENTATION_HTTP_CAPTURE_ALL_METHODS", "1"}}) {}
};

TEST_F(CapturingRecorderTest, HeadersAndMethodsAreShownAsAsked) {
  TestExchange exchange;
  exchange.request =
      "BREW /pot HTTP/1.1\r\nHost: a\r\nX-Id: 7\r\nCookie: secret\r\nx-id: 8\r\n\r\n";
  exchange.response_head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n";
  handle(exchange_record(exchange));
  handle(exchange_record(exchange, RecordType::kClientExchange));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].name, "BREW /pot");
  EXPECT_EQ(find(all[0].attributes, "http.method")->as_string(), "BREW");
  const auto texts = [&](std::string_view key) {
    std::vector<std::string> items;
    const Value* value = find(all[0].attributes, key);
    if (value == nullptr) return items;
    for (const Value& item : value->as_array()) items.emplace_back(item.as_string());
    return items;
  };
  EXPECT_THAT(texts("http.request.header.x_id"), ElementsAre("7", "8"));
  EXPECT_THAT(texts("http.request.header.cookie"), ElementsAre("[REDACTED]"));
  EXPECT_THAT(texts("http.response.header.content_type"), ElementsAre("text/plain"));
  EXPECT_THAT(texts("http.request.header.host"), ElementsAre());
  EXPECT_EQ(all[1].name, "BREW");
  EXPECT_EQ(find(all[1].attributes, "http.request.header.x_id"), nullptr) << "of servers only";
}

class SizesRecorderTest : public RecorderTest {
 protected:
  SizesRecorderTest()
      : RecorderTest(Environment{{"KOLBEN_AGENT_HTTP_BODY_SIZES", "true"},
                                 {"OTEL_SEMCONV_STABILITY_OPT_IN", "http/dup"}}) {
    exchange_.request = "POST /a HTTP/1.1\r\nHost: example.com\r\n\r\n";
    exchange_.request_bytes = 7;
    exchange_.response_bytes = 1 << 20;
  }
  // "http.server.request.size 7 By\n" of each metric that has a size.
  std::string sizes() {
    recorder_.finish(0, kTime);
    std::string told;
    for (const ScopeMetrics& scope : metrics_.batches.at(0).metrics().resources[0].scopes) {
      for (const Metric& metric : scope.metrics) {
        if (!metric.name.ends_with(".size")) continue;
        for (const HistogramPoint& point : metric.histogram_points) {
          told.append(metric.name).append(" ");
          told.append(std::to_string(static_cast<std::int64_t>(point.sum))).append(" ");
          told.append(metric.unit).append("\n");
        }
      }
    }
    return told;
  }
  TestExchange exchange_;
};

TEST_F(SizesRecorderTest, SizesOfBodiesByBothConventions) {
  handle(exchange_record(exchange_));
  handle(exchange_record(exchange_, RecordType::kClientExchange));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  for (const Span& span : all) {
    EXPECT_THAT(listed(span.attributes),
                HasSubstr("http.request_content_length=7\nhttp.request.body.size=7\n"
                          "http.response_content_length=1048576\n"
                          "http.response.body.size=1048576\n"));
  }
  EXPECT_EQ(sizes(),
            "http.server.request.size 7 By\nhttp.server.response.size 1048576 By\n"
            "http.server.request.body.size 7 By\nhttp.server.response.body.size 1048576 By\n"
            "http.client.request.size 7 By\nhttp.client.response.size 1048576 By\n"
            "http.client.request.body.size 7 By\nhttp.client.response.body.size 1048576 By\n");
}

TEST_F(SizesRecorderTest, NoBodyIsNoAttributeAndASizeOfZero) {
  exchange_.request_bytes = 0;
  handle(exchange_record(exchange_));
  EXPECT_THAT(listed(spans().at(0).attributes), Not(HasSubstr("http.request.body.size")));
  EXPECT_THAT(sizes(), HasSubstr("http.server.request.body.size 0 By\n"));
}

TEST_F(SizesRecorderTest, WhatNobodyCountedIsNotTold) {
  exchange_.has_no_sizes = true;
  handle(exchange_record(exchange_));
  exchange_.has_no_sizes = false;
  exchange_.end_reason = EndReason::kProcessEnded;
  handle(exchange_record(exchange_));
  for (const Span& span : spans()) EXPECT_THAT(listed(span.attributes), Not(HasSubstr("size")));
  EXPECT_EQ(sizes(), "");
}

TEST_F(RecorderTest, SizesAreNotToldUnlessAsked) {
  TestExchange exchange;
  exchange.request_bytes = 7;
  handle(exchange_record(exchange));
  EXPECT_THAT(listed(spans().at(0).attributes), Not(HasSubstr("length")));
  recorder_.finish(0, kTime);
  for (const ScopeMetrics& scope : metrics_.batches.at(0).metrics().resources[0].scopes) {
    for (const Metric& metric : scope.metrics) EXPECT_FALSE(metric.name.ends_with("size"));
  }
}

class CapturingBothRecorderTest : public RecorderTest {
 protected:
  CapturingBothRecorderTest()
      : RecorderTest(
            Environment{{"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_REQUEST", "x-id,cookie"},
                        {"OTEL_SEMCONV_STABILITY_OPT_IN", "http/dup"}}) {}
};

TEST_F(CapturingBothRecorderTest, WithBothConventionsAHeaderHasBothNames) {
  TestExchange exchange;
  exchange.request = "GET / HTTP/1.1\r\nHost: a\r\nX-Id: 7\r\nCookie: b\r\n\r\n";
  handle(exchange_record(exchange));
  const auto all = spans();
  std::string names;
  for (const KeyValue& attribute : all.at(0).attributes) {
    if (attribute.key.starts_with("http.request.header.")) {
      names.append(attribute.key.substr(20)).append(" ");
    }
  }
  EXPECT_EQ(names, "x_id cookie x-id ");
}

TEST_F(StableRecorderTest, StableNamesOnRequest) {
  TestExchange exchange;
  exchange.request = "BREW /pot?a=b HTTP/1.1\r\nHost: example.com\r\n\r\n";
  exchange.status = 503;
  handle(exchange_record(exchange));
  EXPECT_EQ(listed(spans().at(0).attributes),
            "http.request.method=_OTHER\nhttp.request.method_original=BREW\nurl.scheme=http\n"
            "server.address=example.com\nserver.port=5000\nurl.path=/pot\nurl.query=a=b\n"
            "client.address=127.0.0.1\nclient.port=41234\nnetwork.protocol.version=1.1\n"
            "http.response.status_code=503\nerror.type=503\n");
}

TEST_F(StableRecorderTest, AClientHasStableNamesToo) {
  TestExchange exchange;
  exchange.request = "GET /a?b=c HTTP/1.1\r\nHost: example.com:80\r\n\r\n";
  exchange.status = 404;
  handle(exchange_record(exchange, RecordType::kClientExchange));
  EXPECT_EQ(listed(spans().at(0).attributes),
            "http.request.method=GET\nurl.full=http://example.com:80/a?b=c\n"
            "server.address=example.com\nnetwork.peer.address=127.0.0.1\nserver.port=80\n"
            "network.peer.port=41234\nhttp.response.status_code=404\nerror.type=404\n"
            "network.protocol.version=1.1\n");
}

// Who asks for what is not there has made the mistake.
TEST_F(StableRecorderTest, AStatusOf4xxIsAnErrorOfTheClientAlone) {
  constexpr std::uint16_t kStatuses[] = {399, 400, 404, 499, 500};
  TestExchange exchange;
  for (const std::uint16_t status : kStatuses) {
    exchange.status = status;
    handle(exchange_record(exchange));
    handle(exchange_record(exchange, RecordType::kClientExchange));
  }
  std::string told;
  for (const Span& span : spans()) {
    const bool is_error = span.status_code == SpanStatusCode::kError;
    EXPECT_EQ(find(span.attributes, "error.type") != nullptr, is_error);
    told += std::string(span.kind == SpanKind::kServer ? "server " : "client ") +
            std::to_string(find(span.attributes, "http.response.status_code")->as_int()) +
            (is_error ? " error\n" : "\n");
  }
  EXPECT_EQ(told,
            "server 399\nclient 399\nserver 400\nclient 400 error\nserver 404\n"
            "client 404 error\nserver 499\nclient 499 error\nserver 500 error\n"
            "client 500 error\n");
}

class BothRecorderTest : public RecorderTest {
 protected:
  BothRecorderTest() : RecorderTest(Environment{{"OTEL_SEMCONV_STABILITY_OPT_IN", "http/dup"}}) {}
};

TEST_F(BothRecorderTest, DurationsHaveTheBucketsOfTheirConvention) {
  handle(exchange_record({}));
  handle(exchange_record({}, RecordType::kClientExchange));
  recorder_.finish(0, kTime);
  std::string told;
  for (const ScopeMetrics& scope : metrics_.batches.at(0).metrics().resources[0].scopes) {
    for (const Metric& metric : scope.metrics) {
      if (metric.kind != MetricKind::kHistogram) continue;
      told.append(metric.name).append(" ").append(metric.unit);
      for (const double bound : metric.histogram_points[0].explicit_bounds) {
        char text[32];
        std::snprintf(text, sizeof text, " %g", bound);
        told += text;
      }
      told += '\n';
    }
  }
  const std::string milliseconds =
      " ms 0 5 10 25 50 75 100 250 500 750 1000 2500 5000 7500 10000\n";
  const std::string seconds = " s 0.005 0.01 0.025 0.05 0.075 0.1 0.25 0.5 0.75 1 2.5 5 7.5 10\n";
  EXPECT_EQ(told, "http.server.duration" + milliseconds + "http.server.request.duration" + seconds +
                      "http.client.duration" + milliseconds + "http.client.request.duration" +
                      seconds);
}

TEST_F(StableRecorderTest, BehindAProxyTheClientIsWhomItNames) {
  TestExchange exchange;
  exchange.request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7, 10.0.0.1\r\n\r\n";
  handle(exchange_record(exchange));
  exchange.request = "GET / HTTP/1.1\r\nHost: a\r\nForwarded: for=\"[2001:db8::17]:80\"\r\n\r\n";
  handle(exchange_record(exchange));
  exchange.request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: nobody\r\n\r\n";
  handle(exchange_record(exchange));
  const auto all = spans();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_THAT(listed(all[0].attributes),
              HasSubstr("client.address=203.0.113.7\nnetwork.peer.address=127.0.0.1\n"
                        "network.peer.port=41234\n"));
  EXPECT_THAT(listed(all[1].attributes),
              HasSubstr("client.address=2001:db8::17\nnetwork.peer.address=127.0.0.1\n"
                        "client.port=80\nnetwork.peer.port=41234\n"));
  EXPECT_THAT(listed(all[2].attributes),
              HasSubstr("client.address=127.0.0.1\nclient.port=41234\n"));
}

TEST_F(RecorderTest, BehindAProxyTheOldConventionsHaveBoth) {
  TestExchange exchange;
  exchange.request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 203.0.113.7\r\n\r\n";
  handle(exchange_record(exchange));
  handle(exchange_record(exchange, RecordType::kClientExchange));
  const auto all = spans();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(listed(all[0].attributes),
              HasSubstr("net.peer.ip=127.0.0.1\nhttp.client_ip=203.0.113.7\n"));
  EXPECT_THAT(listed(all[1].attributes), Not(HasSubstr("203.0.113.7")));
}

}  // namespace
}  // namespace kolben::agent
