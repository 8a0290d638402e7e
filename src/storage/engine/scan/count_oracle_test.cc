// Counts, quantiles and comparisons of groups against a plain evaluation of every span.
#include <algorithm>
#include <cmath>

#include "storage/engine/scan/oracle_fixture.h"

namespace kolben::storage::scan {
namespace {

// Beyond, quantiles are not exact any more: quantiles_test.cc.
constexpr std::size_t kExactQuantilesMax = 1000;

class CountOracle : public ScanOracle {
 protected:
  // Measured values and errors of the spans of one group in one bucket.
  struct Bucket {
    std::uint64_t count = 0, errors = 0;
    std::vector<double> measured;
  };
  using Key = std::vector<std::optional<std::string>>;
  using Groups = std::map<Key, std::vector<Bucket>>;

  Groups groups_of(const AggregateQuery& query, const Aggregate& answer) const;
  std::optional<double> measure(const Field& field, const OracleSpan& one) const;
  Counts counts_of(const Field& field, const std::vector<const OracleSpan*>& spans) const;

  static void expect_same(const AggregateBucket& got, const Bucket& want);
  static Bucket all_of(const std::vector<Bucket>& buckets);
};

TEST_F(CountOracle, HistogramsCountEverySpanInItsBucket) {
  for_each_query([this](RandomQuery& random) {
    const HistogramQuery query{.range = random.range(),
                               .filter = random.filter(),
                               .buckets = static_cast<std::uint32_t>(1 + random.below(20))};
    Context now = context();
    const auto got = histogram(now, query);
    ASSERT_TRUE(got.has_value()) << got.status().to_string();
    ASSERT_EQ(got->buckets.size(), query.buckets);
    std::vector<std::vector<double>> durations(query.buckets);
    std::vector<std::uint64_t> errors(query.buckets, 0);
    for (const OracleSpan* one : matching(query.filter, query.range)) {
      const std::size_t index =
          (one->span.start_time_unix_nano - got->buckets[0].start_unix_nano) / got->bucket_nanos;
      if (index >= query.buckets) continue;  // UINT64_MAX, where the range has no end
      durations[index].push_back(static_cast<double>(one->span.duration_nanos()));
      if (one->is_error()) ++errors[index];
    }
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < query.buckets; ++i) {
      EXPECT_EQ(got->buckets[i].count, durations[i].size());
      EXPECT_EQ(got->buckets[i].errors, errors[i]);
      total += durations[i].size();
      if (durations[i].size() > kExactQuantilesMax) continue;
      EXPECT_EQ(got->buckets[i].p50, quantile(durations[i], 0.5));
      EXPECT_EQ(got->buckets[i].p99, quantile(durations[i], 0.99));
    }
    EXPECT_EQ(got->total, total);
  });
}

TEST_F(CountOracle, HeatMapsHaveARowForEachDoublingOfTheDuration) {
  for_each_query([this](RandomQuery& random) {
    const HeatMapQuery query{.range = random.range(),
                             .filter = random.filter(),
                             .buckets = static_cast<std::uint32_t>(1 + random.below(20))};
    Context now = context();
    const auto got = heat_map(now, query);
    ASSERT_TRUE(got.has_value()) << got.status().to_string();
    std::vector<std::uint64_t> want(std::size_t{HeatMap::kRows} * query.buckets, 0);
    for (const OracleSpan* one : matching(query.filter, query.range)) {
      const std::size_t index =
          (one->span.start_time_unix_nano - got->begin_unix_nano) / got->bucket_nanos;
      std::size_t row = 0;
      for (std::uint64_t left = one->span.duration_nanos(); left > 0; left /= 2) ++row;
      if (index < query.buckets) ++want[row * query.buckets + index];
    }
    EXPECT_EQ(got->counts, want);
  });
}

// Of numbers only.
std::optional<double> CountOracle::measure(const Field& field, const OracleSpan& one) const {
  const auto value = value_of(field, one);
  if (value && value->type() == ValueType::kInt) return static_cast<double>(value->as_int());
  if (value && value->type() == ValueType::kDouble && !std::isnan(value->as_double())) {
    return value->as_double();
  }
  return std::nullopt;
}

CountOracle::Groups CountOracle::groups_of(const AggregateQuery& query,
                                           const Aggregate& answer) const {
  Groups groups;
  for (const OracleSpan* one : matching(query.filter, query.range)) {
    const std::size_t index =
        (one->span.start_time_unix_nano - answer.begin_unix_nano) / answer.bucket_nanos;
    if (index >= query.buckets) continue;
    Key key;
    for (const Field& field : query.group_by) key.push_back(text_of(field, *one));
    std::vector<Bucket>& buckets = groups[key];
    buckets.resize(query.buckets);
    Bucket& bucket = buckets[index];
    ++bucket.count;
    if (one->is_error()) ++bucket.errors;
    if (!query.measured) continue;
    if (const auto value = measure(*query.measured, *one)) bucket.measured.push_back(*value);
  }
  return groups;
}

void CountOracle::expect_same(const AggregateBucket& got, const Bucket& want) {
  EXPECT_EQ(got.count, want.count);
  EXPECT_EQ(got.errors, want.errors);
  ASSERT_EQ(got.measured, want.measured.size());
  if (want.measured.empty()) return;
  const auto [least, greatest] = std::minmax_element(want.measured.begin(), want.measured.end());
  EXPECT_EQ(got.least, *least);
  EXPECT_EQ(got.greatest, *greatest);
  double sum = 0;
  double size = 0;
  for (const double value : want.measured) {
    sum += value;
    size += std::abs(value);
  }
  EXPECT_NEAR(got.sum, sum, size * 1e-12);
  if (want.measured.size() > kExactQuantilesMax) return;
  EXPECT_EQ(got.quantiles[0], quantile(want.measured, 0.5));
  EXPECT_EQ(got.quantiles[1], quantile(want.measured, 0.9));
}

CountOracle::Bucket CountOracle::all_of(const std::vector<Bucket>& buckets) {
  Bucket all;
  for (const Bucket& bucket : buckets) {
    all.count += bucket.count;
    all.errors += bucket.errors;
    all.measured.insert(all.measured.end(), bucket.measured.begin(), bucket.measured.end());
  }
  return all;
}

TEST_F(CountOracle, GroupsAreThoseOfTheirSpansTheLargestFirst) {
  for_each_query([this](RandomQuery& random) {
    AggregateQuery query{.range = random.range(), .filter = random.filter()};
    for (std::uint64_t fields = random.below(4); fields > 0; --fields) {
      query.group_by.push_back(random.field());
    }
    query.buckets = static_cast<std::uint32_t>(1 + random.below(4));
    if (!random.one_in(4)) query.measured = random.field();
    query.quantiles = {0.5, 0.9};
    query.limit = 100'000;
    Context now = context();
    const auto got = aggregate(now, query);
    ASSERT_TRUE(got.has_value()) << got.status().to_string();
    const Groups want = groups_of(query, *got);
    ASSERT_EQ(got->groups.size(), want.size());
    const auto is_before = [](const AggregateGroup& a, const AggregateGroup& b) {
      return a.count != b.count ? a.count > b.count : a.values < b.values;
    };
    EXPECT_EQ(std::adjacent_find(got->groups.begin(), got->groups.end(),
                                 [&](const auto& a, const auto& b) { return !is_before(a, b); }),
              got->groups.end())
        << "out of order, or one group twice";
    for (const AggregateGroup& group : got->groups) {
      ASSERT_EQ(want.count(group.values), 1U);
      for (std::size_t b = 0; b < query.buckets; ++b) {
        expect_same(group.buckets[b], want.at(group.values)[b]);
      }
      expect_same(group.whole, all_of(want.at(group.values)));
    }
  });
}

TEST_F(CountOracle, GroupsBeyondTheLimitAreAddedUp) {
  for_each_query([this](RandomQuery& random) {
    AggregateQuery query{.range = random.range(), .filter = random.filter()};
    query.group_by = {random.field()};
    query.buckets = static_cast<std::uint32_t>(1 + random.below(4));
    query.measured = Intrinsic::kDuration;
    query.limit = 100'000;
    Context now = context();
    const auto all = aggregate(now, query);
    ASSERT_TRUE(all.has_value()) << all.status().to_string();
    query.limit = static_cast<std::uint32_t>(1 + random.below(4));
    const auto got = aggregate(now, query);
    std::uint64_t count = 0;
    std::uint64_t errors = 0;
    double sum = 0;
    for (std::size_t i = query.limit; i < all->groups.size(); ++i) {
      count += all->groups[i].whole.count;
      errors += all->groups[i].whole.errors;
      sum += all->groups[i].whole.sum;
    }
    EXPECT_EQ(got->groups.size() + got->other_groups, all->groups.size());
    EXPECT_EQ(got->other_count, count);
    EXPECT_EQ(got->other_errors, errors);
    EXPECT_NEAR(got->other_sum, sum, sum * 1e-12);
    EXPECT_EQ(got->total, all->total);
  });
}

CountOracle::Counts CountOracle::counts_of(const Field& field,
                                           const std::vector<const OracleSpan*>& spans) const {
  Counts counts;
  for (const OracleSpan* one : spans) {
    if (const auto text = text_of(field, *one)) ++counts[*text];
  }
  return counts;
}

TEST_F(CountOracle, TopValuesAreTheMostFrequent) {
  for_each_query([this](RandomQuery& random) {
    const TopValuesQuery query{.range = random.range(),
                               .filter = random.filter(),
                               .field = random.field(),
                               .limit = static_cast<std::uint32_t>(1 + random.below(10))};
    Context now = context();
    const auto got = top_values(now, query);
    ASSERT_TRUE(got.has_value()) << got.status().to_string();
    const auto spans = matching(query.filter, query.range);
    const Counts counts = counts_of(query.field, spans);
    auto want = by_count(counts);
    if (want.size() > query.limit) want.resize(query.limit);
    std::vector<std::pair<std::string, std::uint64_t>> values;
    for (const ValueCount& value : got->values) values.emplace_back(value.value, value.count);
    EXPECT_EQ(values, want);
    EXPECT_EQ(got->different, counts.size());
    std::uint64_t with_value = 0;
    for (const auto& [text, count] : counts) with_value += count;
    EXPECT_EQ(got->missing, spans.size() - with_value);
    EXPECT_EQ(got->total, spans.size());
  });
}

double share(std::uint64_t count, std::size_t all) {
  return all == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(all);
}

TEST_F(CountOracle, DifferencesComeTheGreatestFirstAndAreThoseOfBothSets) {
  for_each_query([this](RandomQuery& random) {
    const DifferenceQuery query{.range = random.range(),
                                .selected = random.filter(),
                                .baseline = random.filter(),
                                .limit = 100'000};
    Context now = context();
    const auto got = difference(now, query);
    ASSERT_TRUE(got.has_value()) << got.status().to_string();
    const auto selected = matching(query.selected, query.range);
    const auto baseline = matching(query.baseline, query.range);
    EXPECT_EQ(got->selected, selected.size());
    EXPECT_EQ(got->baseline, baseline.size());
    const auto distance = [&](const DifferenceEntry& entry) {
      return std::abs(share(entry.selected, selected.size()) -
                      share(entry.baseline, baseline.size()));
    };
    EXPECT_TRUE(std::is_sorted(got->entries.begin(), got->entries.end(),
                               [&](const DifferenceEntry& a, const DifferenceEntry& b) {
                                 return distance(a) > distance(b);
                               }));
    // Of one field everything.
    const Field field =
        random.one_in(2) ? Field(Attribute{AttributeScope::kSpan, "a"}) : Field(Intrinsic::kName);
    using Pair = std::pair<std::uint64_t, std::uint64_t>;
    std::map<std::string, Pair> want;
    for (const auto& [text, count] : counts_of(field, selected)) want[text].first = count;
    for (const auto& [text, count] : counts_of(field, baseline)) want[text].second = count;
    std::map<std::string, Pair> of_field;
    for (const DifferenceEntry& entry : got->entries) {
      if (entry.field == field) of_field[entry.value] = {entry.selected, entry.baseline};
    }
    EXPECT_EQ(of_field, want);
  });
}

}  // namespace
}  // namespace kolben::storage::scan
