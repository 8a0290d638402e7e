#include "query/jaeger/legacy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "query/jaeger/legacy_search.h"
#include "query/jaeger/trace_json.h"
#include "query/testing/fake_store.h"
#include "query/testing/filter_text.h"
#include "query/testing/sample.h"

namespace kolben::query::jaeger {
namespace {

using net::http::Response;
using query::testing::FakeStore;
using query::testing::golden_difference;
using query::testing::header;
using query::testing::to_text;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kEmptyTail[] = R"("total":0,"limit":0,"offset":0,"errors":null})";

class LegacyApi : public ::testing::Test {
 protected:
  LegacyApi() { query::testing::fill(store_); }

  Response get(const std::string& target) { return ask(query::testing::get(target)); }
  Response ask(const net::http::Request& request) {
    return query::testing::ask(store_, clock_, request, answer_legacy);
  }
  std::string body(const std::string& target) { return std::string(get(target).body.view()); }

  FakeStore store_;
  ManualClock clock_;
};

TEST_F(LegacyApi, TraceIsWrittenAsJaegerWritesIt) {
  const Response response = get("/api/traces/5b8efff798038103d269b633813fc60c");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "Content-Type"), "application/json");
  EXPECT_EQ(golden_difference("legacy_trace.json", response.body.view()), "");
}

TEST_F(LegacyApi, RawTraceIsNotAdjusted) {
  EXPECT_EQ(golden_difference("legacy_trace_raw.json",
                              body("/api/traces/5b8efff798038103d269b633813fc60c?raw=true")),
            "");
}

TEST_F(LegacyApi, IdsOf64BitsArePrintedShort) {
  EXPECT_EQ(golden_difference("legacy_trace_short.json", body("/api/traces/0123456789abcdef")), "");
  EXPECT_EQ(trace_id_text(TraceId{}), "0000000000000000");
}

TEST_F(LegacyApi, UnknownTraceIs404AsTextWithLineFeed) {
  const Response response = get("/api/traces/ff");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(header(response, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(response.body.view(),
            "{\"data\":null,\"total\":0,\"limit\":0,\"offset\":0,"
            "\"errors\":[{\"code\":404,\"msg\":\"trace not found\"}]}\n");
}

TEST_F(LegacyApi, MalformedIdsAre400) {
  for (const char* id : {"xyz", "%3Cscript%3E", "5b8efff798038103d269b633813fc60c0", "..", "%00"}) {
    EXPECT_EQ(get(std::string("/api/traces/") + id).status, 400) << id;
  }
  EXPECT_EQ(get("/api/traces/ff?start=x").status, 400);
}

TEST_F(LegacyApi, PrettyPrintIndentsByFour) {
  EXPECT_THAT(body("/api/traces/0123456789abcdef?prettyPrint=true"),
              StartsWith("{\n    \"data\": [\n        {\n            \"traceID\": \"0123"));
}

TEST_F(LegacyApi, SearchGivesWholeTraces) {
  const std::string text = body("/api/traces?service=todo&limit=20");
  EXPECT_THAT(text, HasSubstr("\"traceID\":\"5b8efff798038103d269b633813fc60c\",\"spans\":["));
  EXPECT_THAT(text, HasSubstr("\"traceID\":\"0123456789abcdef\",\"spans\":["));
  EXPECT_THAT(text, HasSubstr(kEmptyTail));
  EXPECT_EQ(store_.last_search().limit, 20U);
  EXPECT_EQ(to_text(store_.last_search().filter), "service = \"todo\"");
}

TEST_F(LegacyApi, SearchWithoutMatchIs200) {
  FakeStore empty;
  const auto request = query::testing::get("/api/traces?service=nobody");
  const auto parameters = Parameters::parse(request.target);
  const Response response = answer_legacy({empty, clock_, request, request.path(), *parameters});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.view(), std::string("{\"data\":[],") + kEmptyTail + "\n");
}

TEST_F(LegacyApi, MultiGetNamesTheIdsThatAreUnknown) {
  const std::string text = body(
      "/api/traces?traceID=0123456789abcdef&traceID=ee&traceID=000000000000000000000000000000dd");
  EXPECT_THAT(text, HasSubstr("\"traceID\":\"0123456789abcdef\",\"spans\":["));
  EXPECT_THAT(text, HasSubstr("\"errors\":[{\"msg\":\"trace not found\",\"traceID\":"
                              "\"00000000000000ee\"},{\"msg\":\"trace not found\",\"traceID\":"
                              "\"00000000000000dd\"}]"));
}

TEST_F(LegacyApi, ServicesCountThem) {
  store_.service_names = {"", "a<b", "todo"};
  EXPECT_EQ(
      body("/api/services"),
      "{\"data\":[\"empty-service-name\",\"a<b\",\"todo\"],\"total\":3,\"limit\":0,\"offset\":0,"
      "\"errors\":null}\n");
}

TEST_F(LegacyApi, OperationNamesComeOnce) {
  store_.operation_list = {
      {"GET /", SpanKind::kServer}, {"GET /", SpanKind::kClient}, {"", SpanKind::kInternal}};
  EXPECT_THAT(body("/api/services/to%20do%2Fx/operations"),
              StartsWith("{\"data\":[\"empty-span-name\",\"GET /\"],\"total\":2,"));
}

TEST_F(LegacyApi, OperationsWithKinds) {
  store_.operation_list = {{"GET /", SpanKind::kServer}, {"x", SpanKind::kUnspecified}};
  EXPECT_THAT(body("/api/operations?service=todo"),
              StartsWith("{\"data\":[{\"name\":\"GET /\",\"spanKind\":\"server\"},"
                         "{\"name\":\"x\",\"spanKind\":\"\"}],\"total\":2,"));
  EXPECT_THAT(body("/api/operations?service=todo&spanKind=server"), HasSubstr("\"total\":1,"));
  EXPECT_EQ(get("/api/operations").status, 400);
  EXPECT_THAT(body("/api/operations"), HasSubstr("parameter 'service' is required"));
}

TEST_F(LegacyApi, DependenciesAreSummedAndSorted) {
  store_.links = {{"b", "c", 1}, {"a", "b", 2}, {"b", "c", 3}};
  EXPECT_THAT(body("/api/dependencies?endTs=1700000000000&lookback=60000"),
              StartsWith("{\"data\":[{\"parent\":\"a\",\"child\":\"b\",\"callCount\":2},"
                         "{\"parent\":\"b\",\"child\":\"c\",\"callCount\":4}],"));
  EXPECT_EQ(store_.last_dependencies().begin, 1'699'999'940'000'000'000U);
  EXPECT_EQ(store_.last_dependencies().end, 1'700'000'000'000'000'000U);
  EXPECT_THAT(body("/api/dependencies?service=a"), Not(HasSubstr("\"c\"")));
  EXPECT_EQ(get("/api/dependencies?endTs=soon").status, 400);
}

TEST_F(LegacyApi, TransformTurnsOtlpIntoItsJson) {
  net::http::Request request = query::testing::get("/api/transform");
  request.method = "POST";
  request.body = Bytes::from_string(query::testing::read_data("trace.otlp.json"));
  const Response response = ask(request);
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(std::string(response.body.view()), HasSubstr("\"traceID\":\"0123456789abcdef\""));
  request.body = Bytes::from_string("{");
  EXPECT_EQ(ask(request).status, 400);
}

TEST_F(LegacyApi, UnknownCallsAre404Text) {
  for (const char* path : {"/api", "/api/", "/api/nothing", "/api/traces/a/b", "/api/services/a/b",
                           "/api/a/b/c/d/e/f/g/h/i/j/k"}) {
    const Response response = get(path);
    EXPECT_EQ(response.status, 404) << path;
    EXPECT_THAT(header(response, "Content-Type"), StartsWith("text/plain")) << path;
  }
}

TEST_F(LegacyApi, WrongMethodsAre405WithAllow) {
  net::http::Request request = query::testing::get("/api/traces");
  request.method = "DELETE";
  EXPECT_EQ(ask(request).status, 405);
  EXPECT_EQ(header(ask(request), "Allow"), "GET, HEAD");
  EXPECT_EQ(header(get("/api/transform"), "Allow"), "POST");
}

TEST_F(LegacyApi, FailuresOfTheStoreKeepTheirKind) {
  store_.fail_with(internal_error("disk on fire"));
  EXPECT_EQ(get("/api/services").status, 500);
  EXPECT_THAT(body("/api/traces?service=a"), HasSubstr("{\"code\":500,\"msg\":\"disk on fire\"}"));
  store_.fail_with(unavailable("later").with_retry_after(std::chrono::seconds(2)));
  EXPECT_EQ(header(get("/api/traces/ff"), "Retry-After"), "2");
  EXPECT_EQ(get("/api/dependencies").status, 503);
}

// Strings that are not UTF-8 pass the receivers; JSON must stay JSON.
TEST_F(LegacyApi, BytesThatAreNoTextBecomeReplacementCharacters) {
  Batch batch(Signal::kTraces);
  ResourceSpans& resource = batch.traces().resources.add(batch.arena());
  Span& span = resource.scopes.add(batch.arena()).spans.add(batch.arena());
  const TraceId id = *parse_trace_id("77");
  span.trace_id = id;
  span.name = "caf\xe9 \xff";
  set(span.attributes, batch.arena(), "k\x80", Value::string("\xc3"));
  batch.recount();
  store_.add_trace(std::move(batch), id);
  const std::string text = body("/api/traces/77");
  EXPECT_THAT(text, HasSubstr("\"operationName\":\"caf\xef\xbf\xbd \xef\xbf\xbd\""));
  EXPECT_THAT(text, HasSubstr("{\"key\":\"k\xef\xbf\xbd\",\"type\":\"string\","
                              "\"value\":\"\xef\xbf\xbd\"}"));
}

TEST(LegacySearch, Parameters) {
  const auto filter = [](std::string_view query) -> std::string {
    const auto parameters = Parameters::parse("/api/traces?" + std::string(query));
    const auto search = parse_legacy_search(*parameters, 1'700'000'000'000'000'000);
    return search ? to_text(search->query.filter)
                  : "error: " + std::string(search.error().message());
  };
  EXPECT_EQ(filter(""), "()");
  EXPECT_EQ(filter("service=a&operation=b"), "(service = \"a\" and name = \"b\")");
  EXPECT_EQ(filter("tag=k:v&tag=url:http://x"), "(any.k = \"v\" and any.url = \"http://x\")");
  EXPECT_EQ(filter("tags=%7B%22error%22%3A%22true%22%2C%22a%22%3A%22b%22%7D"),
            "(status = \"error\" and any.a = \"b\")");
  EXPECT_EQ(filter("minDuration=1ms&maxDuration=1.5s&lookback=1h"),
            "(duration >= 1000000 and duration <= 1500000000)");
  EXPECT_EQ(filter("tag=bare"),
            "error: malformed 'tag' parameter, expecting key:value, received: bare");
  EXPECT_THAT(filter("tags=x"), StartsWith("error: malformed 'tags' parameter"));
  EXPECT_EQ(filter("start=now"), "error: unable to parse param 'start': \"now\" is no integer");
  EXPECT_THAT(filter("minDuration=5"), StartsWith("error: unable to parse param 'minDuration'"));
  EXPECT_EQ(filter("minDuration=2s&maxDuration=1s"),
            "error: 'maxDuration' should be greater than 'minDuration'");
  EXPECT_THAT(filter("limit=100000"), StartsWith("error: param 'limit' must lie between"));
  EXPECT_EQ(filter("traceID=zz"), "error: cannot parse traceID param: \"zz\" is no trace id");
}

TEST(LegacySearch, TimesAreMicrosecondsAndTwoDaysBackByDefault) {
  const auto range = [](std::string_view query) {
    const auto parameters = Parameters::parse("/api/traces?" + std::string(query));
    return parse_legacy_search(*parameters, 1'700'000'000'000'000'000)->query.range;
  };
  EXPECT_EQ(range("start=1000&end=2000").begin, 1'000'000U);
  EXPECT_EQ(range("start=1000&end=2000").end, 2'000'000U);
  EXPECT_EQ(range("start=-5").begin, 0U);
  EXPECT_EQ(range("end=9223372036854775807").end, UINT64_MAX);
  EXPECT_EQ(range("").begin, 1'700'000'000'000'000'000 - kLookbackNanos + 1000);
}

TEST_F(LegacyApi, AnAnswerForNobodyIsNotMade) {
  net::http::Request request =
      query::testing::get("/api/traces?service=todo&start=0&end=1800000000000000");
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  request.is_peer_gone = gone;
  EXPECT_EQ(ask(request).status, 200);
  ASSERT_NE(store_.last_search().limits.watch, nullptr);
  EXPECT_EQ(store_.last_search().limits.watch->is_asker_gone, gone);
  *gone = true;
  EXPECT_NE(ask(request).status, 200);
}

}  // namespace
}  // namespace kolben::query::jaeger
