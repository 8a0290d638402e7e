#include "query/jaeger/v3.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "query/jaeger/v3_search.h"
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

constexpr char kRange[] =
    "query.startTimeMin=2023-11-14T00:00:00Z&query.startTimeMax=2023-11-15T00:00:00Z";

class ApiV3 : public ::testing::Test {
 protected:
  ApiV3() { query::testing::fill(store_); }

  Response get(const std::string& target) { return ask(store_, target); }
  Response ask(FakeStore& store, const std::string& target) {
    return query::testing::ask(store, clock_, query::testing::get(target), answer_v3);
  }
  std::string body(const std::string& target) { return std::string(get(target).body.view()); }

  FakeStore store_;
  ManualClock clock_;
};

TEST_F(ApiV3, TraceIsOtlpInAResult) {
  const Response response = get("/api/v3/traces/123456789abcdef");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(header(response, "Content-Type"), "application/json");
  EXPECT_EQ(golden_difference("v3_trace.json", response.body.view()), "");
}

TEST_F(ApiV3, SearchMergesTracesIntoOneResult) {
  const std::string text = body(std::string("/api/v3/traces?") + kRange);
  EXPECT_THAT(text, StartsWith("{\"result\":{\"resourceSpans\":["));
  EXPECT_THAT(text, HasSubstr("\"traceId\":\"5b8efff798038103d269b633813fc60c\""));
  EXPECT_THAT(text, HasSubstr("\"traceId\":\"00000000000000000123456789abcdef\""));
  EXPECT_EQ(store_.last_search().limit, 100U);
}

TEST_F(ApiV3, NothingFoundIs404WithAnErrorObject) {
  const Response response = get("/api/v3/traces/ff");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body.view(),
            "{\"error\":{\"grpcCode\":5,\"httpCode\":404,\"message\":\"No traces found\","
            "\"httpStatus\":\"Not Found\"}}");
  FakeStore empty;
  EXPECT_EQ(ask(empty, std::string("/api/v3/traces?") + kRange).status, 404);
}

TEST_F(ApiV3, Summaries) {
  EXPECT_EQ(golden_difference("v3_summaries.json",
                              body(std::string("/api/v3/trace-summaries?") + kRange)),
            "");
  FakeStore empty;
  const Response none = ask(empty, std::string("/api/v3/trace-summaries?") + kRange);
  EXPECT_EQ(none.status, 200);
  EXPECT_EQ(none.body.view(), "{\"summaries\":[]}");
}

TEST_F(ApiV3, ServicesAreThereEvenIfEmpty) {
  EXPECT_EQ(body("/api/v3/services"), "{\"services\":[]}");
  store_.service_names = {"todo"};
  EXPECT_EQ(body("/api/v3/services"), "{\"services\":[\"todo\"]}");
}

TEST_F(ApiV3, OperationsAlwaysHaveAKind) {
  store_.operation_list = {{"GET /", SpanKind::kServer}, {"x", SpanKind::kUnspecified}};
  EXPECT_EQ(body("/api/v3/operations?service=todo"),
            "{\"operations\":[{\"name\":\"GET /\",\"spanKind\":\"server\"},"
            "{\"name\":\"x\",\"spanKind\":\"internal\"}]}");
  EXPECT_EQ(body("/api/v3/operations?service=todo&span_kind=server"),
            "{\"operations\":[{\"name\":\"GET /\",\"spanKind\":\"server\"}]}");
}

TEST_F(ApiV3, Dependencies) {
  store_.links = {{"a", "b", 2}};
  EXPECT_EQ(body("/api/v3/dependencies?startTime=2023-11-14T00:00:00Z&"
                 "endTime=2023-11-15T00:00:00Z"),
            "{\"dependencies\":[{\"parent\":\"a\",\"child\":\"b\",\"callCount\":\"2\"}]}");
  EXPECT_EQ(store_.last_dependencies().begin, 1'699'920'000'000'000'000U);
}

TEST_F(ApiV3, MalformedRequestsAre400) {
  EXPECT_EQ(get("/api/v3/traces/zz").status, 400);
  EXPECT_EQ(get("/api/v3/traces/ff?startTime=yesterday").status, 400);
  EXPECT_EQ(get("/api/v3/traces").status, 400);
  EXPECT_THAT(body("/api/v3/traces"), HasSubstr("query.startTimeMin is required"));
  EXPECT_EQ(get("/api/v3/nothing").status, 404);
  EXPECT_EQ(get("/api/v3").status, 404);
}

TEST_F(ApiV3, FailuresOfTheStoreKeepTheirKind) {
  store_.fail_with(unavailable("later"));
  EXPECT_EQ(get("/api/v3/services").status, 503);
  EXPECT_THAT(body("/api/v3/services"), HasSubstr("\"grpcCode\":14"));
}

TEST(V3Search, Parameters) {
  const auto filter = [](std::string_view query) -> std::string {
    const auto parameters =
        Parameters::parse("/x?" + std::string(kRange) + "&" + std::string(query));
    const auto search = parse_v3_search(*parameters);
    return search ? to_text(search->filter) + " limit " + std::to_string(search->limit)
                  : "error: " + std::string(search.error().message());
  };
  EXPECT_EQ(filter("query.serviceName=a&query.operationName=b"),
            "(service = \"a\" and name = \"b\") limit 100");
  EXPECT_EQ(filter("query.service_name=a&query.operation_name=b&query.num_traces=5"),
            "(service = \"a\" and name = \"b\") limit 5");
  EXPECT_EQ(filter("query.attributes=%7B%22k%22:%22v%22%7D&query.searchDepth=7"),
            "any.k = \"v\" limit 7");
  EXPECT_EQ(filter("query.durationMin=1ms&query.duration_max=1s"),
            "(duration >= 1000000 and duration <= 1000000000) limit 100");
  EXPECT_THAT(filter("query.attributes=%7B%22k%22:1%7D"),
              StartsWith("error: malformed parameter query.attributes"));
  EXPECT_THAT(filter("query.filter=%7B%7D"), StartsWith("error: query.filter is not understood"));
}

TEST(V3Search, BothTimesAreRequiredAndInOrder) {
  const auto error = [](std::string_view query) {
    const auto search = parse_v3_search(*Parameters::parse("/x?" + std::string(query)));
    return search ? std::string("ok") : std::string(search.error().message());
  };
  EXPECT_EQ(error("query.start_time_min=2023-11-14T00:00:00Z"), "query.startTimeMax is required");
  EXPECT_EQ(error("query.start_time_min=2023-11-14T00:00:00Z&"
                  "query.start_time_max=2023-11-14T00:00:00Z"),
            "query.startTimeMin must lie before query.startTimeMax");
  EXPECT_EQ(error("query.startTimeMin=x&query.startTimeMax=y"),
            "malformed parameter query.startTimeMin: \"x\" is no RFC 3339 time");
}

TEST_F(ApiV3, AnAnswerForNobodyIsNotMade) {
  for (const char* call : {"/api/v3/traces?", "/api/v3/trace-summaries?"}) {
    net::http::Request request = query::testing::get(call + std::string(kRange));
    const auto gone = std::make_shared<std::atomic<bool>>(false);
    request.is_peer_gone = gone;
    EXPECT_EQ(query::testing::ask(store_, clock_, request, answer_v3).status, 200) << call;
    ASSERT_NE(store_.last_search().limits.watch, nullptr);
    EXPECT_EQ(store_.last_search().limits.watch->is_asker_gone, gone);
    // After the search the traces are read, or their summaries written: for nobody.
    *gone = true;
    EXPECT_NE(query::testing::ask(store_, clock_, request, answer_v3).status, 200) << call;
  }
}

}  // namespace
}  // namespace kolben::query::jaeger
