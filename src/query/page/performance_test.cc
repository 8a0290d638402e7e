#include "query/page/performance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>

#include "query/page/page_fixture.h"
#include "query/testing/filter_text.h"

namespace kolben::query::page {
namespace {

using net::http::Response;
using query::testing::golden_difference;
using query::testing::to_text;
using storage::Aggregate;
using storage::AggregateBucket;
using storage::AggregateGroup;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::uint64_t kSecond = 1'000'000'000;
// The fake host's clock stands there.
constexpr std::uint64_t kNow = 1'700'000'000 * kSecond;

// `millis` is the p95; the others follow it.
AggregateBucket bucket(std::uint64_t count, std::uint64_t errors, double millis) {
  AggregateBucket bucket;
  bucket.count = count;
  bucket.errors = errors;
  bucket.measured = count;
  bucket.sum = static_cast<double>(count) * millis * 1e6 / 2;
  bucket.quantiles = {millis * 1e6 / 2, millis * 1e6, millis * 1e6 * 2};
  if (count == 0) bucket.quantiles = {0, 0, 0};
  return bucket;
}

AggregateGroup group(std::vector<std::optional<std::string>> values, AggregateBucket whole) {
  AggregateGroup group;
  group.values = std::move(values);
  group.count = whole.count;
  group.buckets = {whole, bucket(0, 0, 0)};
  group.whole = std::move(whole);
  return group;
}

Aggregate aggregate(std::vector<AggregateGroup> groups) {
  Aggregate answer;
  answer.begin_unix_nano = kNow - 60 * kSecond;
  answer.bucket_nanos = 30 * kSecond;
  answer.oldest_unix_nano = kNow - 90 * kSecond;
  for (const AggregateGroup& group : groups) answer.total += group.count;
  answer.spans_scanned = 1000;
  answer.groups = std::move(groups);
  return answer;
}

class PerformanceApi : public PageFixture {
 protected:
  Response get(const std::string& query) {
    return PageFixture::get("/api/kolben/performance" + query);
  }
  std::string body(const std::string& query) { return std::string(get(query).body.view()); }
  // Of the last minute.
  std::string minute(const std::string& query) {
    return body("?start=1699999940000000000&end=1700000000000000000" + query);
  }
  // The message of a request that is refused.
  std::string refusal(const std::string& query) {
    const Response response = get(query);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_TRUE(store_.aggregates().empty());
    return std::string(response.body.view());
  }
  std::string filter(const std::string& query) {
    get(query);
    return to_text(store_.aggregates().back().filter);
  }
  // Three operations: one slow, one failing, one frequent, with what they were before.
  void give_three() {
    store_.aggregate_answers = {aggregate({group({"todo", "GET /"}, bucket(600, 0, 2)),
                                           group({"todo", "POST /add"}, bucket(60, 12, 40)),
                                           group({std::nullopt, ""}, bucket(6, 0, 900))}),
                                aggregate({group({"todo", "GET /"}, bucket(300, 3, 2)),
                                           group({"todo", "POST /add"}, bucket(90, 0, 10)),
                                           group({"todo", "gone"}, bucket(1, 0, 1))})};
  }
  std::vector<std::string> names(const std::string& query) {
    const std::string text = minute(query);
    std::vector<std::string> names;
    constexpr std::string_view kKey = "\"name\":\"";
    for (std::size_t at = text.find(kKey); at != text.npos; at = text.find(kKey, at)) {
      at += kKey.size();
      names.push_back(text.substr(at, text.find('"', at) - at));
    }
    return names;
  }
};

TEST_F(PerformanceApi, OperationsNowAndBeforeWithTheirSeries) {
  give_three();
  EXPECT_EQ(golden_difference("page_performance.json", minute("&buckets=2")), "");
  ASSERT_EQ(store_.aggregates().size(), 2U);
  const storage::AggregateQuery& now = store_.aggregates()[0];
  EXPECT_EQ(now.range.begin, kNow - 60 * kSecond);
  EXPECT_EQ(now.range.end, kNow);
  EXPECT_EQ(now.buckets, 2U);
  EXPECT_EQ(to_text(now.group_by[0]), "service");
  EXPECT_EQ(to_text(now.group_by[1]), "name");
  EXPECT_EQ(to_text(*now.measured), "duration");
  const storage::AggregateQuery& before = store_.aggregates()[1];
  EXPECT_EQ(before.range.begin, kNow - 120 * kSecond);
  EXPECT_EQ(before.range.end, kNow - 60 * kSecond);
  EXPECT_EQ(before.buckets, 1U);
}

TEST_F(PerformanceApi, StatementsOfBothConventions) {
  store_.aggregate_answers = {
      aggregate({group({"shop", "SELECT 1", "postgresql"}, bucket(2, 1, 3))}), aggregate({}),
      aggregate({group({"todo", "SELECT * FROM tasks", "sqlite"}, bucket(4, 0, 5))}),
      aggregate({group({"todo", "SELECT * FROM tasks", "sqlite"}, bucket(2, 0, 1))})};
  EXPECT_EQ(golden_difference("page_statements.json", minute("&by=statement&buckets=2")), "");
  ASSERT_EQ(store_.aggregates().size(), 4U);
  EXPECT_EQ(to_text(store_.aggregates()[0].filter),
            "(() and (kind = \"client\" or kind = \"producer\") and span.db.query.text exists)");
  EXPECT_EQ(to_text(store_.aggregates()[2].filter),
            "(() and (kind = \"client\" or kind = \"producer\") and not span.db.query.text exists "
            "and span.db.statement exists)");
  EXPECT_EQ(to_text(store_.aggregates()[2].group_by[2]), "span.db.system");
}

TEST_F(PerformanceApi, RequestsUnlessAnotherKindIsAskedFor) {
  EXPECT_EQ(filter("?service=todo"),
            "(service = \"todo\" and (kind = \"server\" or kind = \"consumer\"))");
  EXPECT_EQ(filter("?kind=client"), "(() and (kind = \"client\" or kind = \"producer\"))");
  EXPECT_EQ(filter("?kind=internal&errors=true"), "(status = \"error\" and kind = \"internal\")");
  EXPECT_EQ(filter("?kind=all&tag=a%3Db"), "any.a = \"b\"");
}

TEST_F(PerformanceApi, SortedByEachColumnGreatestFirst) {
  const auto sorted = [this](const std::string& query) {
    give_three();
    store_.forget_aggregates();
    return names(query);
  };
  const auto kByLatency = ElementsAre("empty-span-name", "POST /add", "GET /");
  const auto kByCount = ElementsAre("GET /", "POST /add", "empty-span-name");
  EXPECT_THAT(sorted("&sort=count"), kByCount);
  EXPECT_THAT(sorted("&sort=p50"), kByLatency);
  EXPECT_THAT(sorted("&sort=p95"), kByLatency);
  EXPECT_THAT(sorted("&sort=p99"), kByLatency);
  EXPECT_THAT(sorted("&sort=time"), kByLatency);
  EXPECT_THAT(sorted("&sort=errors"), ElementsAre("POST /add", "GET /", "empty-span-name"));
  EXPECT_THAT(sorted("&sort=errorShare"), ElementsAre("POST /add", "GET /", "empty-span-name"));
  EXPECT_THAT(sorted("&sort=slower"), ElementsAre("POST /add", "GET /", "empty-span-name"));
  EXPECT_THAT(sorted("&sort=name"), ElementsAre("empty-span-name", "GET /", "POST /add"));
}

TEST_F(PerformanceApi, RowsBeyondTheLimitAreAddedUp) {
  give_three();
  store_.aggregate_answers[0]->other_groups = 7;
  store_.aggregate_answers[0]->other_count = 70;
  store_.aggregate_answers[0]->other_errors = 2;
  store_.aggregate_answers[0]->other_sum = 5000;
  const std::string text = minute("&sort=p95&limit=1");
  EXPECT_THAT(text, HasSubstr("\"others\":{\"rows\":9,\"count\":730,\"errors\":14,"
                              "\"timeMicros\":1800005}"));
  EXPECT_THAT(text, HasSubstr("\"count\":736,\"errors\":14,"));
}

// A query that needs too much memory with series is asked without them.
TEST_F(PerformanceApi, SeriesAreTheFirstToGo) {
  Aggregate whole = aggregate({group({"todo", "GET /"}, bucket(600, 0, 2))});
  store_.aggregate_answers = {resource_exhausted("too much memory"), std::move(whole),
                              aggregate({})};
  const std::string text = minute("");
  EXPECT_THAT(text, HasSubstr("\"bucketNanos\":0,"));
  EXPECT_THAT(text, HasSubstr("\"series\":null"));
  ASSERT_EQ(store_.aggregates().size(), 3U);
  EXPECT_EQ(store_.aggregates()[0].buckets, kSeriesBucketsDefault);
  EXPECT_EQ(store_.aggregates()[1].buckets, 1U);
}

TEST_F(PerformanceApi, ATimeThatTheStoreCannotTellOfHasNoRate) {
  give_three();
  store_.aggregate_answers[0]->oldest_unix_nano = kNow - 30 * kSecond;
  const std::string text = minute("");
  EXPECT_THAT(text, HasSubstr("\"seconds\":30,"));
  EXPECT_THAT(text, HasSubstr("\"rate\":20,"));  // 600 in the half minute
  EXPECT_THAT(text, HasSubstr("\"end\":\"1699999940000000000\",\"seconds\":0,"));
}

TEST_F(PerformanceApi, BeforeTheBeginningIsNothing) {
  get("?start=0&end=1700000000000000000");
  EXPECT_EQ(store_.aggregates().size(), 1U);
}

TEST_F(PerformanceApi, TheStoreIsAskedWithinABound) {
  minute("");
  EXPECT_EQ(store_.aggregates()[0].limits.time_max, std::chrono::seconds(20));
  EXPECT_EQ(store_.aggregates()[0].limit, 10'000U);
}

TEST_F(PerformanceApi, TheStoreKnowsThatTheAskerIsGoneAndIsNotAskedAgain) {
  net::http::Request request = query::testing::get("/api/kolben/performance");
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  request.is_peer_gone = gone;
  EXPECT_EQ(PageFixture::get(request).status, 200);
  ASSERT_EQ(store_.aggregates().size(), 2U);
  for (const storage::AggregateQuery& query : store_.aggregates()) {
    ASSERT_NE(query.limits.watch, nullptr);
    EXPECT_EQ(query.limits.watch->is_asker_gone, gone);
    EXPECT_EQ(query.limits.time_max, std::chrono::seconds(20));
  }
  store_.forget_aggregates();
  *gone = true;
  EXPECT_NE(PageFixture::get(request).status, 200);
  EXPECT_TRUE(store_.aggregates().empty());
}

TEST_F(PerformanceApi, MistakesNameTheParameter) {
  EXPECT_THAT(refusal("?kind=server"),
              HasSubstr("'kind' is one of requests, client, internal, all"));
  EXPECT_THAT(refusal("?by=statement&kind=all"), HasSubstr("'kind' of statements is client"));
  EXPECT_THAT(refusal("?by=host"), HasSubstr("'by' is operation or statement"));
  EXPECT_THAT(refusal("?sort=best"), HasSubstr("'sort' is one of time, count, errors"));
  EXPECT_THAT(refusal("?limit=1001"), HasSubstr("limit"));
  EXPECT_THAT(refusal("?limit=0"), HasSubstr("limit"));
  EXPECT_THAT(refusal("?buckets=201"), HasSubstr("buckets"));
  EXPECT_THAT(refusal("?start=2&end=1"), HasSubstr("'start' must lie before 'end'"));
  EXPECT_THAT(refusal("?tag="), HasSubstr("an empty tag"));
}

TEST_F(PerformanceApi, FailuresOfTheStoreAreTold) {
  store_.fail_with(deadline_exceeded("the query took too long"));
  EXPECT_EQ(get("").status, 503);
}

}  // namespace
}  // namespace kolben::query::page
