#include "query/page/logs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "query/page/page_fixture.h"
#include "query/page/trace_json.h"
#include "query/testing/filter_text.h"
#include "storage/evaluate.h"

namespace kolben::query::page {
namespace {

using query::testing::golden_difference;
using query::testing::to_text;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

using LogsApi = SampleFixture;

TEST_F(LogsApi, RecordsInTheOrderOfTheStoreWithTheirTraces) {
  EXPECT_EQ(
      golden_difference("page_all_logs.json",
                        body("/api/kolben/logs?service=todo&severity=warn&text=sa.ve&limit=3")),
      "");
  const storage::LogQuery& asked = store_.last_logs();
  EXPECT_EQ(asked.order, storage::LogOrder::kNewestFirst);
  EXPECT_EQ(asked.limit, 4U);  // one more, to know whether there are more
  EXPECT_EQ(asked.skip, 0U);
  EXPECT_EQ(asked.limits.bytes_max, kLogBytesMax);
  EXPECT_EQ(to_text(asked.filter),
            "(service = \"todo\" and severity >= 13 and body =~ \"(?i)\\C*sa\\.ve\\C*\")");
}

TEST_F(LogsApi, AFullPageSaysWhereTheNextBegins) {
  // The store's third record lies at ...150 ms, its second at ...100 ms: the second ends the page.
  EXPECT_THAT(body("/api/kolben/logs?start=0&end=1800000000000000000&limit=2"),
              HasSubstr("\"truncated\":true,\"nextCursor\":\"1700000000100000000-1\""));
  EXPECT_EQ(
      get("/api/kolben/logs?start=0&end=1800000000000000000&limit=2&cursor=1700000000100000000-7")
          .status,
      200);
  EXPECT_EQ(store_.last_logs().range.end, 1'700'000'000'100'000'001U);
  EXPECT_EQ(store_.last_logs().skip, 7U);
  EXPECT_THAT(
      body("/api/kolben/logs?start=0&end=1800000000000000000&limit=2&cursor=1700000000100000000-7"),
      HasSubstr("\"nextCursor\":\"1700000000100000000-8\""));
  EXPECT_THAT(body("/api/kolben/logs?start=0&end=1800000000000000000"),
              HasSubstr("\"truncated\":false,\"nextCursor\":\"\""));
}

// Five records, three of one nanosecond, of which it gives those that a query is about.
class FiveRecords final : public query::testing::FakeStore {
 public:
  Result<Batch> logs(const storage::LogQuery& query) override {
    std::vector<std::string> records;
    for (const auto& [time, body] : {std::pair(300, "a"), std::pair(200, "b"), std::pair(200, "c"),
                                     std::pair(200, "d"), std::pair(100, "e")}) {
      if (!query.range.contains(static_cast<std::uint64_t>(time))) continue;
      records.push_back("{\"timeUnixNano\":\"" + std::to_string(time) +
                        "\",\"body\":{\"stringValue\":\"" + body + "\"}}");
    }
    std::string json;
    const std::size_t end = std::min<std::size_t>(records.size(), query.skip + query.limit);
    for (std::size_t i = query.skip; i < end; ++i) json += (json.empty() ? "" : ",") + records[i];
    add_logs("{\"resourceLogs\":[{\"scopeLogs\":[{\"logRecords\":[" + json + "]}]}]}");
    return FakeStore::logs(query);
  }
};

// What stands behind `key`, up to the next quote.
std::string text_after(std::string_view key, std::string_view json) {
  const std::size_t begin = json.find(key) + key.size();
  return std::string(json.substr(begin, json.find('"', begin) - begin));
}

TEST_F(LogsApi, APageThatIsCutAtItsBytesGoesOnInTheNext) {
  FiveRecords store;
  const auto pages = [&](std::size_t bytes_max, const std::string& limit) {
    std::vector<std::string> bodies;
    std::string cursor;
    do {
      const auto request =
          query::testing::get("/x?start=1&end=999&limit=" + limit + "&cursor=" + cursor);
      const std::string json(
          query::testing::ask(store, host_.clock(), request, [&](const Call& call) {
            return *answer_logs(call, "", bytes_max);
          }).body.view());
      std::string& page = bodies.emplace_back();
      for (std::size_t at = 0; (at = json.find("\"body\":\"", at)) != std::string::npos; ++at) {
        page += text_after("\"body\":\"", std::string_view(json).substr(at));
      }
      cursor = text_after("\"nextCursor\":\"", json);
    } while (!cursor.empty() && bodies.size() < 9);
    return bodies;
  };
  EXPECT_THAT(pages(kLogBytesMax, "9"), ElementsAre("abcde"));
  EXPECT_THAT(pages(20, "9"), ElementsAre("a", "b", "c", "d", "e"));
  EXPECT_THAT(pages(150, "9"), ElementsAre("ab", "cd", "e"));
  EXPECT_THAT(pages(20, "1"), ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(LogsApi, CountsBySeverityOverTime) {
  store_.log_histogram_answer = {.begin_unix_nano = 1'700'000'000'000'000'000,
                                 .bucket_nanos = 60'000'000'000,
                                 .buckets = {{1, 2, 3, 4, 5, 6, 7}, {0, 0, 0, 9, 0, 0, 0}},
                                 .total = 37,
                                 .records_scanned = 50};
  EXPECT_EQ(golden_difference("page_logs_histogram.json",
                              body("/api/kolben/logs/histogram?buckets=2&severity=9")),
            "");
  EXPECT_EQ(store_.last_log_histogram().buckets, 2U);
  EXPECT_EQ(to_text(store_.last_log_histogram().filter), "severity >= 9");
}

TEST_F(LogsApi, NamesForCompletion) {
  store_.log_service_names = {"", "worker"};
  store_.log_key_list = {{"thread.id", storage::AttributeScope::kSpan, 3}};
  EXPECT_EQ(body("/api/kolben/logs/services"),
            "{\"services\":[\"empty-service-name\",\"worker\"]}");
  EXPECT_EQ(body("/api/kolben/logs/keys?prefix=t"),
            "{\"keys\":[{\"key\":\"thread.id\",\"count\":3}]}");
  EXPECT_EQ(get("/api/kolben/logs/nothing").status, 404);
  EXPECT_EQ(get("/api/kolben/logs/histogram/more").status, 404);
}

TEST_F(LogsApi, ErrorsNameTheParameter) {
  const auto error = [this](const std::string& query) {
    for (const char* call : {"/api/kolben/logs?", "/api/kolben/logs/histogram?"}) {
      EXPECT_EQ(get(call + query).status, 400) << call << query;
    }
    return body("/api/kolben/logs?" + query);
  };
  EXPECT_THAT(error("severity=loud"), HasSubstr("'severity' is \\\"loud\\\": want trace, debug"));
  EXPECT_THAT(error("severity=0"), HasSubstr("'severity'"));
  EXPECT_THAT(error("severity=25"), HasSubstr("'severity'"));
  EXPECT_THAT(error("tag=n%3Ex"), HasSubstr("'tag': \\\"n>x\\\": want a number"));
  EXPECT_THAT(error("tag="), HasSubstr("'tag': an empty tag"));
  EXPECT_THAT(error("start=2&end=1"), HasSubstr("'start' must lie before 'end'"));
  EXPECT_THAT(error("start=x"), HasSubstr("'start'"));
  EXPECT_THAT(error("errors=true"), HasSubstr("'errors' is a condition on spans"));
  EXPECT_THAT(error("minDuration=1s"), HasSubstr("'minDuration'"));
  EXPECT_THAT(error("text=f%FCr"), HasSubstr("param 'text' is not UTF-8"));
  std::string many;
  for (std::size_t i = 0; i < 65; ++i) many += "&tag=k";
  EXPECT_THAT(error(many), HasSubstr("'tag': more than 64 conditions"));
  EXPECT_THAT(body("/api/kolben/logs?limit=10001"), HasSubstr("'limit'"));
  EXPECT_THAT(body("/api/kolben/logs/histogram?buckets=0"), HasSubstr("'buckets'"));
  for (const char* cursor : {"x", "5", "5-", "5-0", "-1", "5-x", "99-1", "5-1-1"}) {
    EXPECT_THAT(body("/api/kolben/logs?start=1&end=9&cursor=" + std::string(cursor)),
                HasSubstr("'cursor'"))
        << cursor;
  }
  store_.fail_with(deadline_exceeded("the query took too long; ask for a shorter time range"));
  EXPECT_EQ(get("/api/kolben/logs").status, 503);
}

TEST_F(LogsApi, AQueryKnowsThatItsAskerIsGone) {
  net::http::Request request = query::testing::get("/api/kolben/logs");
  const auto gone = std::make_shared<std::atomic<bool>>(false);
  request.is_peer_gone = gone;
  EXPECT_EQ(get(request).status, 200);
  ASSERT_NE(store_.last_logs().limits.watch, nullptr);
  EXPECT_EQ(store_.last_logs().limits.watch->is_asker_gone, gone);
}

TEST(Containing, IsTheTextWhateverStandsInIt) {
  EXPECT_EQ(containing("a.b"), "(?i)\\C*a\\.b\\C*");
  EXPECT_EQ(containing("(x|y)* [z]"), "(?i)\\C*\\(x\\|y\\)\\*\\ \\[z\\]\\C*");
  EXPECT_EQ(containing("für"), "(?i)\\C*für\\C*");
  EXPECT_EQ(containing(std::string_view("\0", 1)), "(?i)\\C*\\x00\\C*");
}

TEST(Containing, MatchesInWhateverCaseAndBytes) {
  const auto matches = [](std::string_view text, std::string_view body) {
    const auto condition = storage::Condition::compile(
        {storage::Intrinsic::kBody, storage::Operator::kRegex, containing(text)});
    KOLBEN_CHECK(condition.has_value());
    return condition->holds_for(Value::string(body));
  };
  EXPECT_TRUE(matches("timed OUT", "upstream Timed out\nwhile reading"));
  EXPECT_TRUE(matches("while", "upstream timed out\nwhile reading"));
  EXPECT_TRUE(matches("reading", "\xff\xfe broken bytes before reading"));
  EXPECT_TRUE(matches("MÜLL", "der Müll"));
  EXPECT_TRUE(matches("[error] (1) a.b*c\\d", "x [error] (1) a.b*c\\d y"));
  EXPECT_FALSE(matches("a.b", "aXb"));
  EXPECT_FALSE(matches("timed out", "timed  out"));
}

}  // namespace
}  // namespace kolben::query::page
