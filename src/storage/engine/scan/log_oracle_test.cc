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
    return query;
  }

  // Time and content of what matches, oldest first.
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
    std::sort(found.begin(), found.end());
    return found;
  }

  void check(const LogQuery& query) {
    Context now{snapshot_, threads_, system_clock()};
    const auto batch = find_logs(now, query);
    ASSERT_TRUE(batch.has_value()) << batch.status().to_string();
    Found got;
    const auto is_earlier = [](const LogRecord& a, const LogRecord& b) {
      return a.effective_time_unix_nano() < b.effective_time_unix_nano();
    };
    part::for_each_scope(
        batch->logs().resources, [&](const part::Surroundings& around, const ScopeLogs& scope) {
          EXPECT_TRUE(std::is_sorted(scope.records.begin(), scope.records.end(), is_earlier));
          for (const LogRecord& record : scope.records) {
            got.emplace_back(record.effective_time_unix_nano(), part::request_of(around, record));
          }
        });
    std::sort(got.begin(), got.end());
    const Found want = matching(query);
    ASSERT_EQ(got.size(), std::min<std::size_t>(want.size(), query.limit));
    // Of those with the last time any may be there.
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_EQ(got[i].first, want[i].first);
      if (got[i].first < got.back().first) {
        EXPECT_EQ(got[i].second, want[i].second);
      } else {
        EXPECT_TRUE(std::binary_search(want.begin(), want.end(), got[i]));
      }
    }
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

}  // namespace
}  // namespace kolben::storage::scan
