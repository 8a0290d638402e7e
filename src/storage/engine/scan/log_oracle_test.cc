// Log records against a plain evaluation of every record, on random data and random filters.
#include <gtest/gtest.h>

#include <algorithm>

#include "storage/engine/part/memory_part.h"
#include "storage/engine/part/random_telemetry.h"
#include "storage/engine/scan/questions.h"
#include "storage/engine/scan/random_query.h"

namespace kolben::storage::scan {
namespace {

struct PlainLog {
  const Resource* resource = nullptr;
  const Scope* scope = nullptr;
  LogRecord record;
  std::string content;

  std::uint64_t time() const { return record.effective_time_unix_nano(); }
};

std::vector<PlainLog> plain(const Batch& batch) {
  std::vector<PlainLog> logs;
  part::for_each_scope(batch.logs().resources, [&](const part::Surroundings& around,
                                                   const ScopeLogs& scope) {
    for (const LogRecord& record : scope.records) {
      logs.push_back({&around.resource, &around.scope, record, part::request_of(around, record)});
    }
  });
  return logs;
}

class LogOracle : public testing::Test {
 protected:
  void make_parts(std::uint64_t seed) {
    part::RandomTelemetry random(seed);
    snapshot_ = {};
    batches_.clear();
    logs_.clear();
    const std::uint64_t most = random.one_in(20) ? 20'000 : 400;
    for (std::uint64_t parts = 1 + random.below(4); parts > 0; --parts) {
      batches_.push_back(random.logs(1 + random.below(most)));
      snapshot_.logs.push_back({part::part_of(batches_.back()), nullptr});
      for (PlainLog& one : plain(batches_.back())) logs_.push_back(std::move(one));
    }
    // Spans of the same making: filters are about what they have.
    Snapshot spans;
    spans.spans.push_back({part::part_of(random.spans(200, 20)), nullptr});
    vocabulary_ = std::make_unique<Oracle>(spans);
  }

  LogQuery random_query(RandomQuery& random) {
    LogQuery query{.range = random.range(), .filter = random.filter()};
    if (random.one_in(4)) query.trace_id = logs_[random.below(logs_.size())].record.trace_id;
    query.limit = static_cast<std::uint32_t>(random.one_in(3) ? 1000 : random.below(20));
    if (random.one_in(2)) query.order = LogOrder::kNewestFirst;
    if (random.one_in(4)) query.skip = static_cast<std::uint32_t>(random.below(20));
    return query;
  }

  // Time and content of what matches, in the order of the query.
  using Found = std::vector<std::pair<std::uint64_t, std::string>>;
  Found matching(const LogQuery& query) {
    const auto filter = CompiledFilter::compile(query.filter);
    Found found;
    for (const PlainLog& one : logs_) {
      if (!query.range.contains(one.time())) continue;
      if (query.trace_id && one.record.trace_id != *query.trace_id) continue;
      if (!matches(*filter, *one.resource, *one.scope, one.record)) continue;
      found.emplace_back(one.time(), one.content);
    }
    sort(query.order, found);
    return found;
  }

  static void sort(LogOrder order, Found& found) {
    std::sort(found.begin(), found.end());
    if (order == LogOrder::kNewestFirst) std::reverse(found.begin(), found.end());
  }

  void check(const LogQuery& query) {
    Context now{snapshot_, threads_, system_clock()};
    const auto batch = find_logs(now, query);
    ASSERT_TRUE(batch.has_value()) << batch.status().to_string();
    Found got = found(*batch);
    Found want = matching(query);
    want.erase(want.begin(), want.begin() + std::min<std::ptrdiff_t>(query.skip, std::ssize(want)));
    ASSERT_EQ(got.size(), std::min<std::size_t>(want.size(), query.limit));
    for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].first, want[i].first);
    // Of those with the first and the last time any may be there.
    want = matching(query);
    std::sort(want.begin(), want.end());
    std::sort(got.begin(), got.end());
    EXPECT_TRUE(std::includes(want.begin(), want.end(), got.begin(), got.end()));
  }

  // In the order of the answer.
  static Found found(const Batch& batch) {
    Found got;
    part::for_each_scope(
        batch.logs().resources, [&](const part::Surroundings& around, const ScopeLogs& scope) {
          for (const LogRecord& record : scope.records) {
            got.emplace_back(record.effective_time_unix_nano(), part::request_of(around, record));
          }
        });
    return got;
  }

  void check_histogram(const LogHistogramQuery& query) {
    Context now{snapshot_, threads_, system_clock()};
    const auto histogram = log_histogram(now, query);
    ASSERT_TRUE(histogram.has_value()) << histogram.status().to_string();
    const auto filter = CompiledFilter::compile(query.filter);
    std::vector<LogHistogram::Bucket> want(query.buckets);
    std::uint64_t total = 0;
    for (const PlainLog& one : logs_) {
      if (!query.range.contains(one.time())) continue;
      if (!matches(*filter, *one.resource, *one.scope, one.record)) continue;
      const std::uint64_t index =
          (one.time() - histogram->begin_unix_nano) / histogram->bucket_nanos;
      if (index >=
          want.size()) {  // of a range without an end, the last time there is may be beyond
        ASSERT_EQ(one.time(), UINT64_MAX);
        continue;
      }
      ++want[index][static_cast<std::size_t>(log_level_of(one.record.severity_number))];
      ++total;
    }
    EXPECT_EQ(histogram->buckets, want);
    EXPECT_EQ(histogram->total, total);
  }

  Snapshot snapshot_;
  ScanThreads threads_{1};
  std::vector<Batch> batches_;
  std::vector<PlainLog> logs_;
  std::unique_ptr<Oracle> vocabulary_;
};

TEST_F(LogOracle, LogRecordsAreThoseOfAPlainEvaluationOfEveryRecord) {
  for (std::uint64_t seed = 1; seed <= 40 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    make_parts(seed);
    RandomQuery random(seed, *vocabulary_);
    const int queries = logs_.size() > 2000 ? 3 : 30;
    for (int query = 0; query < queries && !HasFailure(); ++query) {
      SCOPED_TRACE("query " + std::to_string(query));
      check(random_query(random));
    }
  }
}

// A page goes on where the one before ended, by the last time and how many of that time there were.
TEST_F(LogOracle, PagesNewestFirstAreTogetherEverything) {
  for (std::uint64_t seed = 1; seed <= 10 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    make_parts(seed);
    Context now{snapshot_, threads_, system_clock()};
    const LogQuery all{.order = LogOrder::kNewestFirst, .limit = kLogsMax};
    const Found want = found(*find_logs(now, all));
    Found got;
    LogQuery query{.order = LogOrder::kNewestFirst,
                   .limit = static_cast<std::uint32_t>(1 + want.size() / 7)};
    for (std::size_t pages = 0; pages <= 8; ++pages) {
      const Found page = found(*find_logs(now, query));
      if (page.empty()) break;
      got.insert(got.end(), page.begin(), page.end());
      const std::uint64_t last = page.back().first;
      query.range.end = last + 1;
      query.skip = static_cast<std::uint32_t>(std::count_if(
          got.begin(), got.end(), [last](const auto& one) { return one.first == last; }));
    }
    EXPECT_EQ(got, want);
  }
}

TEST_F(LogOracle, CountsOverTimeAreThoseOfAPlainEvaluation) {
  for (std::uint64_t seed = 41; seed <= 60 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    make_parts(seed);
    RandomQuery random(seed, *vocabulary_);
    const int queries = logs_.size() > 2000 ? 3 : 20;
    for (int query = 0; query < queries && !HasFailure(); ++query) {
      SCOPED_TRACE("query " + std::to_string(query));
      check_histogram({.range = random.range(),
                       .filter = random.filter(),
                       .buckets = 1 + static_cast<std::uint32_t>(random.below(100))});
    }
  }
}

}  // namespace
}  // namespace kolben::storage::scan
