#include "query/page/find_in_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "query/testing/sample.h"

namespace kolben::query::page {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// tests/data/query: rows 0 "GET /", 1 the nameless, 2 "querying_tasks", 3 "SELECT".
class FindInTrace : public ::testing::Test {
 protected:
  FindInTrace() {
    query::testing::fill(store_);
    trace_ = *store_.get_trace(*TraceId::from_hex("5b8efff798038103d269b633813fc60c"));
    logs_ = *store_.logs({});
  }
  std::vector<std::uint32_t> find(std::string_view text, std::size_t most = 100) {
    return find_in_trace(trace_rows(trace_->traces()), logs_->logs(), text, most);
  }

  query::testing::FakeStore store_;
  std::optional<Batch> trace_, logs_;
};

TEST_F(FindInTrace, ValuesOfAttributesWhateverTheirCaseAndType) {
  EXPECT_THAT(find("ALERT(1)"), ElementsAre(0));
  EXPECT_THAT(find("9007199254740993"), ElementsAre(0));
  EXPECT_THAT(find("from afar"), ElementsAre(1));
  EXPECT_THAT(find("z.string"), IsEmpty());  // a key
}

TEST_F(FindInTrace, EventsAndStatusMessages) {
  EXPECT_THAT(find("Oops"), ElementsAre(0));
  EXPECT_THAT(find("exception"), ElementsAre(0));
  EXPECT_THAT(find("BOOM"), ElementsAre(0));
}

TEST_F(FindInTrace, ResourcesCountForAllTheirSpans) {
  EXPECT_THAT(find("4711"), ElementsAre(0, 1, 2));
  EXPECT_THAT(find("4711", 2), ElementsAre(0, 1));
}

std::size_t rows_with(std::string_view message, std::string_view wanted) {
  Batch batch(Signal::kTraces);
  auto& spans = batch.traces().resources.add(batch.arena()).scopes.add(batch.arena()).spans;
  spans.add(batch.arena()).status_message = message;
  const Batch no_logs(Signal::kLogs);
  return find_in_trace(trace_rows(batch.traces()), no_logs.logs(), wanted, 1).size();
}

TEST(FindInText, WhatBeginsAgainWithinItself) {
  EXPECT_EQ(rows_with("aAabaab", "aabaab"), 1U);
  EXPECT_EQ(rows_with("abacababacabac", "ABACABAC"), 1U);
  EXPECT_EQ(rows_with("abacabab", "abacabac"), 0U);
}

// Trying each place anew would be 200 times as much.
TEST(FindInText, WhatNearlyMatchesEverywhereIsReadOnce) {
  using std::chrono::steady_clock;
  const std::string many(300'000, 'a');
  const auto time_of = [&many](const std::string& wanted) {
    auto shortest = steady_clock::duration::max();
    for (int i = 0; i < 3; ++i) {
      const auto begin = steady_clock::now();
      EXPECT_EQ(rows_with(many, wanted), 0U);
      shortest = std::min(shortest, steady_clock::now() - begin);
    }
    return shortest;
  };
  EXPECT_LT(time_of(std::string(199, 'a') + "b"), 30 * time_of(std::string(200, 'b')));
}

TEST_F(FindInTrace, LogRecordsOfTheSpan) {
  EXPECT_THAT(find("cannot <b>save"), ElementsAre(0));
  EXPECT_THAT(find("no span"), IsEmpty());  // of the trace alone
}

}  // namespace
}  // namespace kolben::query::page
