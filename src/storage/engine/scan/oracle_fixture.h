// ScanOracle: the tests of questions on random data. Every span is evaluated plainly (oracle.h),
// and the answer put together of what matches.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "model/clone.h"
#include "storage/engine/part/random_telemetry.h"
#include "storage/engine/scan/questions.h"
#include "storage/engine/scan/random_query.h"

namespace kolben::storage::scan {

// Traces spread over parts; some of what is in one part is in another too, some is deleted.
class OracleSample {
 public:
  explicit OracleSample(std::uint64_t seed) {
    part::RandomTelemetry random(seed);
    std::vector<Batch> batches;
    const std::uint64_t traces = 1 + random.below(60);
    const std::uint64_t spans = random.one_in(20) ? 20'000 : 1 + random.below(200);
    for (std::uint64_t parts = 1 + random.below(4); parts > 0; --parts) {
      batches.push_back(random.spans(1 + random.below(spans), spans > 300 ? 2000 : traces));
    }
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const bool is_shared = random.one_in(3) && i > 0;
      add_part(is_shared ? merged(batches[i], batches[0]) : batches[i].clone(), random);
    }
    oracle_ = std::make_unique<Oracle>(snapshot_);
  }

  const Snapshot& snapshot() const { return snapshot_; }
  const Oracle& oracle() const { return *oracle_; }
  bool has_deleted() const {
    return std::any_of(snapshot_.spans.begin(), snapshot_.spans.end(),
                       [](const engine::LivePart& live) { return live.deleted != nullptr; });
  }

 private:
  static Batch merged(const Batch& a, const Batch& b) {
    Batch both = a.clone();
    for (const ResourceSpans& resource : b.traces().resources) {
      both.traces().resources.push_back(both.arena(), clone(resource, both.arena()));
    }
    both.recount();
    return both;
  }

  void add_part(const Batch& batch, part::RandomTelemetry& random) {
    engine::LivePart live;
    live.part = part::part_of(batch);
    if (random.one_in(3)) {
      std::set<std::pair<std::uint32_t, std::uint32_t>> deleted;
      for (std::uint32_t group = 0; group < live.part->groups(); ++group) {
        for (std::uint32_t row = 0; row < live.part->group(group).rows; ++row) {
          if (random.one_in(7)) deleted.emplace(group, row);
        }
      }
      live.deleted = std::make_shared<RandomDeleted>(std::move(deleted));
    }
    snapshot_.spans.push_back(std::move(live));
  }

  Snapshot snapshot_;
  std::unique_ptr<Oracle> oracle_;
};

class ScanOracle : public testing::Test {
 protected:
  static constexpr std::uint64_t kSeeds = 40;
  static constexpr int kQueriesEach = 6;

  static void TearDownTestSuite() { samples_.clear(); }

  // Calls `ask(random)` for some queries of each sample; other ones in each test.
  template <typename Ask>
  void for_each_query(Ask ask) {
    const std::uint64_t own = hash64(testing::UnitTest::GetInstance()->current_test_info()->name());
    for (std::uint64_t seed = 1; seed <= kSeeds && !HasFailure(); ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      sample_ = &samples_.try_emplace(seed, seed).first->second;
      RandomQuery random(seed ^ own, oracle());
      const int queries = oracle().spans().size() > 2000 ? 1 : kQueriesEach;
      for (int query = 0; query < queries && !HasFailure(); ++query) {
        SCOPED_TRACE("query " + std::to_string(query));
        ask(random);
      }
    }
  }

  const Oracle& oracle() const { return sample_->oracle(); }
  Context context() { return {sample_->snapshot(), threads_, system_clock()}; }

  std::vector<const OracleSpan*> matching(const Filter& filter, TimeRange range) const {
    const auto compiled = CompiledFilter::compile(filter);
    EXPECT_TRUE(compiled.has_value());
    std::vector<const OracleSpan*> spans;
    for (const OracleSpan& one : oracle().spans()) {
      if (oracle().matches(*compiled, range, one)) spans.push_back(&one);
    }
    return spans;
  }

  // A field's value of a span, and its text.
  std::optional<Value> value_of(const Field& field, const OracleSpan& one) const {
    return oracle().value_of(field, one, oracle().facts(one.span.trace_id));
  }
  std::optional<std::string> text_of(const Field& field, const OracleSpan& one) const {
    const auto value = value_of(field, one);
    return value ? std::optional(value_text(*value)) : std::nullopt;
  }

  // The value of that rank; 0 of none.
  static double quantile(std::vector<double> values, double share) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const double rank = std::max(1.0, std::ceil(share * static_cast<double>(values.size())));
    return values[static_cast<std::size_t>(rank) - 1];
  }

  // The most frequent first, those of one count in the order of their texts.
  using Counts = std::map<std::string, std::uint64_t>;
  static std::vector<std::pair<std::string, std::uint64_t>> by_count(const Counts& counts) {
    std::vector<std::pair<std::string, std::uint64_t>> sorted(counts.begin(), counts.end());
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    return sorted;
  }

  const OracleSample* sample_ = nullptr;
  ScanThreads threads_{1};

 private:
  static inline std::map<std::uint64_t, OracleSample> samples_;  // by seed
};

}  // namespace kolben::storage::scan
