#include "query/jaeger/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/jaeger/legacy.h"
#include "query/jaeger/metrics_query.h"
#include "query/testing/fake_store.h"
#include "query/testing/filter_text.h"
#include "query/testing/sample.h"

namespace kolben::query::jaeger {
namespace {

using net::http::Response;
using query::testing::golden_difference;
using query::testing::to_text;
using storage::Aggregate;
using storage::AggregateBucket;
using storage::AggregateGroup;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kEnd = 1'700'000'000 * kSecond;
// Three points, a minute apart, of rates of two minutes; and what is the same in milliseconds.
constexpr char kTwoMinutes[] = "&endTs=1700000000000&lookback=120000&step=60000&ratePer=120000";

AggregateBucket bucket(std::uint64_t count, std::uint64_t errors = 0, double millis = 0) {
  AggregateBucket bucket;
  bucket.count = count;
  bucket.errors = errors;
  bucket.quantiles = {millis * 1e6};
  return bucket;
}

AggregateGroup group(std::vector<std::optional<std::string>> values,
                     std::vector<AggregateBucket> buckets) {
  AggregateGroup group;
  group.values = std::move(values);
  group.buckets = std::move(buckets);
  return group;
}

Aggregate aggregate(std::vector<AggregateGroup> groups) {
  Aggregate answer;
  answer.oldest_unix_nano = 1;
  answer.groups = std::move(groups);
  return answer;
}

class MetricsApi : public ::testing::Test {
 protected:
  Response get(const std::string& target) { return ask(query::testing::get(target)); }
  Response ask(const net::http::Request& request) {
    return query::testing::ask(store_, clock_, request, answer_legacy);
  }
  std::string body(const std::string& target) { return std::string(get(target).body.view()); }
  // The message of a request that is refused.
  std::string refusal(const std::string& target) {
    const Response response = get("/api/metrics/" + target);
    EXPECT_EQ(response.status, 400) << target;
    EXPECT_TRUE(store_.aggregates().empty());
    return std::string(response.body.view());
  }
  std::string filter(const std::string& parameters) {
    store_.forget_aggregates();
    get("/api/metrics/calls?" + parameters);
    return store_.aggregates().empty() ? "" : to_text(store_.aggregates()[0].filter);
  }

  query::testing::FakeStore store_;
  ManualClock clock_;
};

TEST_F(MetricsApi, CallsAreARateOverTheWindow) {
  store_.aggregate_answers = {
      aggregate({group({"todo"}, {})}),
      aggregate({group({"todo"}, {bucket(60), bucket(0), bucket(180), bucket(0)})})};
  EXPECT_EQ(golden_difference("metrics_calls.json",
                              body("/api/metrics/calls?service=todo" + std::string(kTwoMinutes))),
            "");
  ASSERT_EQ(store_.aggregates().size(), 2U);
  const storage::AggregateQuery& whole = store_.aggregates()[0];
  EXPECT_EQ(whole.buckets, 1U);
  EXPECT_EQ(whole.group_by.size(), 1U);
  EXPECT_FALSE(whole.measured.has_value());
  // The first point is at the begin of the two minutes, and of the two minutes before it.
  EXPECT_EQ(whole.range.begin, kEnd - 240 * kSecond);
  EXPECT_EQ(whole.range.end, kEnd);
  const storage::AggregateQuery& part = store_.aggregates()[1];
  EXPECT_EQ(part.buckets, 4U);
  EXPECT_EQ(part.range.begin, whole.range.begin);
  EXPECT_EQ(part.range.end, whole.range.end);
  EXPECT_EQ(part.limits.time_max, std::chrono::seconds(20));
}

TEST_F(MetricsApi, ErrorsAreAShareByOperation) {
  store_.aggregate_answers = {
      aggregate({group({"todo", "GET /"}, {}), group({std::nullopt, ""}, {})}),
      aggregate({group({std::nullopt, ""}, {bucket(0), bucket(0), bucket(0), bucket(3, 3)}),
                 group({"todo", "GET /"}, {bucket(0), bucket(0), bucket(6, 3), bucket(6)}),
                 group({"nobody", "came later"}, {bucket(1), bucket(1), bucket(1), bucket(1)})})};
  EXPECT_EQ(golden_difference("metrics_errors.json", body("/api/metrics/errors?service=todo"
                                                          "&groupByOperation=true" +
                                                          std::string(kTwoMinutes))),
            "");
  EXPECT_EQ(to_text(store_.aggregates()[0].group_by[1]), "name");
}

TEST_F(MetricsApi, LatenciesAreOfOneStep) {
  store_.aggregate_answers = {
      aggregate({group({"todo"}, {})}),
      aggregate({group({"todo"}, {bucket(1, 0, 12.5), bucket(0), bucket(9, 1, 250)})})};
  EXPECT_EQ(golden_difference("metrics_latencies.json",
                              body("/api/metrics/latencies?service=todo&quantile=0.95" +
                                   std::string(kTwoMinutes))),
            "");
  const storage::AggregateQuery& part = store_.aggregates()[1];
  EXPECT_EQ(to_text(*part.measured), "duration");
  EXPECT_EQ(part.quantiles, std::vector<double>{0.95});
  EXPECT_EQ(part.range.begin, kEnd - 180 * kSecond);
}

// Jaeger's page shows a graph from the first point on: where nothing can be told, there is none.
TEST_F(MetricsApi, BeforeTheOldestSpanThereAreNoPoints) {
  store_.aggregate_answers = {
      aggregate({group({"todo"}, {})}),
      aggregate({group({"todo"}, {bucket(0), bucket(0), bucket(0), bucket(120)})})};
  store_.aggregate_answers[0]->oldest_unix_nano = kEnd - 60 * kSecond;
  const std::string text = body("/api/metrics/calls?service=todo" + std::string(kTwoMinutes));
  EXPECT_THAT(text, HasSubstr("\"metricPoints\":[{\"gaugeValue\":{\"doubleValue\":1},"
                              "\"timestamp\":\"2023-11-14T22:13:20Z\"}]"));
}

TEST_F(MetricsApi, WithoutSpansTheListIsEmpty) {
  const std::string text = body("/api/metrics/calls?service=nobody");
  EXPECT_EQ(text,
            "{\"name\":\"service_call_rate\",\"type\":\"GAUGE\",\"help\":\"calls a second, by "
            "service\",\"metrics\":[]}\n");
  EXPECT_EQ(store_.aggregates().size(), 1U);
}

TEST_F(MetricsApi, OperationsBeyondTheBoundAreLeftOutAndCounted) {
  store_.aggregate_answers = {aggregate({group({"todo", "GET /"}, {})})};
  store_.aggregate_answers[0]->other_groups = 7;
  // A quarter of an hour, a point every 100 ms: 9,001 points with the last.
  const std::string text = body(
      "/api/metrics/errors?service=todo&groupByOperation=1&endTs=1700000000000&lookback=900000"
      "&step=100&ratePer=100");
  EXPECT_EQ(store_.aggregates()[0].limit, kMetricPointsMax / 9'001);
  EXPECT_THAT(text, HasSubstr("of the 1 most frequent, 7 more are left out"));
}

TEST_F(MetricsApi, NamesThatNeverComeAgainAreNotMeasured) {
  store_.aggregate_answers = {aggregate({group({"todo", "GET /"}, {})})};
  store_.aggregate_answers[0]->other_groups = kOperationsMax;
  const Response response = get("/api/metrics/calls?service=todo&groupByOperation=1");
  EXPECT_EQ(response.status, 429);
  EXPECT_THAT(std::string(response.body.view()), HasSubstr("20001 operations are more"));
  EXPECT_EQ(store_.aggregates().size(), 1U);
}

// The page asks for two days at a point a minute: 2,881 points, and 9 minutes before the first.
TEST_F(MetricsApi, LongTimesAreAskedInParts) {
  store_.aggregate_answers = {aggregate({group({"todo", "GET /"}, {})})};
  store_.aggregate_answers[0]->other_groups = 999;
  body(
      "/api/metrics/calls?service=todo&groupByOperation=true&endTs=1700000000000"
      "&lookback=172800000&step=60000&ratePer=600000");
  const std::vector<storage::AggregateQuery>& asked = store_.aggregates();
  ASSERT_EQ(asked.size(), 1 + 29U);
  for (std::size_t i = 2; i < asked.size(); ++i) {
    EXPECT_EQ(asked[i].range.begin, asked[i - 1].range.end);
    EXPECT_LE(asked[i].buckets, 100U);
    EXPECT_EQ(asked[i].limit, 1'000U);
    EXPECT_EQ(asked[i].range.end - asked[i].range.begin, asked[i].buckets * 60 * kSecond);
  }
  EXPECT_EQ(asked.back().range.end, kEnd);
}

TEST_F(MetricsApi, ServersUnlessOtherKindsAreAskedFor) {
  EXPECT_EQ(filter("service=a"), "(service = \"a\" and kind = \"server\")");
  EXPECT_EQ(filter("service=a&service=b&spanKind=unspecified&spanKind=client&spanKind=client"),
            "((service = \"a\" or service = \"b\") and "
            "(kind = \"unspecified\" or kind = \"client\"))");
}

TEST_F(MetricsApi, MistakesNameTheParameter) {
  EXPECT_THAT(refusal("calls"),
              HasSubstr("unable to parse param 'service': please provide at least one service"));
  EXPECT_THAT(refusal("latencies?service=a"), HasSubstr("unable to parse param 'quantile'"));
  EXPECT_THAT(refusal("latencies?service=a&quantile=x"), HasSubstr("'quantile': \\\"x\\\" is no"));
  for (const char* share : {"1.5", "-0.1", "nan", "inf", "0.5x"}) {
    EXPECT_THAT(refusal("latencies?service=a&quantile=" + std::string(share)),
                HasSubstr("unable to parse param 'quantile'"));
  }
  EXPECT_THAT(refusal("calls?service=a&groupByOperation=maybe"),
              HasSubstr("unable to parse param 'groupByOperation': \\\"maybe\\\""));
  EXPECT_THAT(refusal("calls?service=a&spanKind=SERVER"),
              HasSubstr("unable to parse param 'spanKind': unsupported span kind: 'SERVER'"));
  for (const char* name : {"endTs", "lookback", "step", "ratePer"}) {
    EXPECT_THAT(refusal("errors?service=a&" + std::string(name) + "=1m"),
                HasSubstr("unable to parse param '" + std::string(name) + "': \\\"1m\\\" is no"));
  }
  for (const char* name : {"lookback", "step", "ratePer"}) {
    EXPECT_THAT(refusal("errors?service=a&" + std::string(name) + "=0"),
                HasSubstr("unable to parse param '" + std::string(name) + "': want more than 0"));
  }
  EXPECT_THAT(refusal("calls?service=a&endTs=1700000000000&lookback=3600000&step=300"),
              HasSubstr("are more than 11000 steps together: ask with a larger 'step'"));
}

TEST_F(MetricsApi, TimesAtTheEndsOfTimeDoNoHarm) {
  for (const char* times :
       {"endTs=0", "endTs=-5", "endTs=1", "endTs=9223372036854775807",
        "endTs=9223372036854775807&lookback=9223372036854775807&step=9223372036854775807",
        "lookback=9223372036854775807&step=9223372036854775807&ratePer=1",
        "ratePer=9223372036854775807&step=9223372036854775807"}) {
    store_.aggregate_answers = {aggregate({group({"todo"}, {})})};
    store_.forget_aggregates();
    EXPECT_EQ(get("/api/metrics/calls?service=todo&" + std::string(times)).status, 200) << times;
  }
}

TEST_F(MetricsApi, MinStepIsInTheEnvelope) {
  EXPECT_EQ(body("/api/metrics/minstep"),
            "{\"data\":1,\"total\":0,\"limit\":0,\"offset\":0,\"errors\":null}\n");
  EXPECT_EQ(get("/api/metrics/nothing").status, 404);
}

TEST_F(MetricsApi, TheStoreKnowsThatTheAskerIsGoneAndIsNotAskedAgain) {
  net::http::Request request = query::testing::get("/api/metrics/calls?service=todo");
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  request.is_peer_gone = gone;
  EXPECT_EQ(ask(request).status, 200);
  ASSERT_EQ(store_.aggregates().size(), 1U);
  ASSERT_NE(store_.aggregates()[0].limits.watch, nullptr);
  EXPECT_EQ(store_.aggregates()[0].limits.watch->is_asker_gone, gone);
  store_.forget_aggregates();
  *gone = true;
  EXPECT_NE(ask(request).status, 200);
  EXPECT_TRUE(store_.aggregates().empty());
}

TEST_F(MetricsApi, FailuresOfTheStoreAreTold) {
  store_.fail_with(deadline_exceeded("the query took too long"));
  EXPECT_EQ(get("/api/metrics/errors?service=a").status, 503);
}

}  // namespace
}  // namespace kolben::query::jaeger
