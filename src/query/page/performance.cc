#include "query/page/performance.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "query/conditions.h"
#include "query/page/page_filter.h"

namespace kolben::query::page {

using storage::Aggregate;
using storage::AggregateGroup;
using storage::Attribute;
using storage::AttributeScope;
using storage::Field;
using storage::Filter;
using storage::Intrinsic;
using storage::Operator;
using storage::TimeRange;

namespace {

// Groups of which the rows are chosen: by p95 as well as by count, so more than are shown.
constexpr std::uint32_t kGroupsMax = 10'000;
// Of all questions to the store together: two times of up to two kinds of statements.
constexpr std::uint64_t kTimeMaxNanos = 20'000'000'000;

// By this, greatest first; equal ones by count and names.
using SortKey = double (*)(const PerformanceRow&);
struct Sort {
  std::string_view name;
  SortKey key;
};

// Where nothing was before, nothing became slower.
double slower(const PerformanceRow& row) {
  const bool is_known = row.now.count > 0 && row.before.count > 0;
  return is_known ? row.now.p95 - row.before.p95 : -std::numeric_limits<double>::infinity();
}

constexpr Sort kSorts[] = {
    {"time", [](const PerformanceRow& row) { return row.now.time; }},
    {"count", [](const PerformanceRow& row) { return static_cast<double>(row.now.count); }},
    {"errors", [](const PerformanceRow& row) { return static_cast<double>(row.now.errors); }},
    {"errorShare", [](const PerformanceRow& row) { return row.now.error_share(); }},
    {"p50", [](const PerformanceRow& row) { return row.now.p50; }},
    {"p95", [](const PerformanceRow& row) { return row.now.p95; }},
    {"p99", [](const PerformanceRow& row) { return row.now.p99; }},
    {"slower", slower},
    {"name", [](const PerformanceRow&) { return 0.0; }},
};

Result<Sort> sort_of(std::string_view name) {
  if (name.empty()) return kSorts[0];
  std::string known;
  for (const Sort& sort : kSorts) {
    if (sort.name == name) return sort;
    known += (known.empty() ? "" : ", ") + std::string(sort.name);
  }
  return invalid_argument("'sort' is one of " + known);
}

Filter kind_is(std::string_view kind) {
  return compare(Intrinsic::kKind, Operator::kEqual, std::string(kind));
}

// Missing: every kind.
Result<std::optional<Filter>> kind_filter(std::string_view kind, bool is_by_statement) {
  const bool is_client = kind == "client" || (kind.empty() && is_by_statement);
  if (is_client) return {Filter{storage::Or{{kind_is("client"), kind_is("producer")}}}};
  if (is_by_statement) return invalid_argument("'kind' of statements is client");
  if (kind.empty() || kind == "requests") {
    return {Filter{storage::Or{{kind_is("server"), kind_is("consumer")}}}};
  }
  if (kind == "internal") return {kind_is("internal")};
  if (kind == "all") return {std::nullopt};
  return invalid_argument("'kind' is one of requests, client, internal, all");
}

// Spans, and the fields whose values name a row: the service, the name or statement, the system.
struct Grouping {
  Filter filter;
  std::vector<Field> fields;
  std::string_view key = {};  // of the statement
};

Grouping statements(std::vector<Filter> terms, const char* statement, const char* system) {
  const Attribute field{AttributeScope::kSpan, statement};
  terms.push_back(compare(field, Operator::kExists, std::string()));
  return {all_of(std::move(terms)),
          {Intrinsic::kServiceName, field, Attribute{AttributeScope::kSpan, system}},
          statement};
}

// Statements are written by one of two conventions; who writes both is counted by the new one.
std::vector<Grouping> groupings_of(std::vector<Filter> terms, bool is_by_statement) {
  if (!is_by_statement) {
    return {{all_of(std::move(terms)), {Intrinsic::kServiceName, Intrinsic::kName}, {}}};
  }
  const Attribute text{AttributeScope::kSpan, "db.query.text"};
  std::vector<Filter> old = terms;
  old.push_back({storage::Not{
      std::make_shared<const Filter>(compare(text, Operator::kExists, std::string()))}});
  return {statements(std::move(terms), "db.query.text", "db.system.name"),
          statements(std::move(old), "db.statement", "db.system")};
}

struct Question {
  TimeRange range;
  bool is_by_statement = false;
  std::vector<Grouping> groupings;
  Sort sort = kSorts[0];
  std::uint32_t limit = kPerformanceRowsDefault;
  std::uint32_t buckets = kSeriesBucketsDefault;
};

Result<Question> parse_question(const Call& call) {
  Question question;
  const Parameters& parameters = call.parameters;
  KOLBEN_TRY(PageFilter wanted, parse_page_filter(parameters, call.clock.unix_nanos()));
  question.range = wanted.range;
  const std::string_view by = parameters.first("by");
  if (!by.empty() && by != "operation" && by != "statement") {
    return invalid_argument("'by' is operation or statement");
  }
  question.is_by_statement = by == "statement";
  KOLBEN_TRY(std::optional<Filter> kind,
             kind_filter(parameters.first("kind"), question.is_by_statement));
  std::vector<Filter> terms;
  terms.push_back(std::move(wanted.filter));
  if (kind) terms.push_back(*std::move(kind));
  question.groupings = groupings_of(std::move(terms), question.is_by_statement);
  KOLBEN_TRY(question.sort, sort_of(parameters.first("sort")));
  KOLBEN_TRY(question.limit,
             parameters.count("limit", kPerformanceRowsDefault, kPerformanceRowsMax));
  KOLBEN_TRY(question.buckets,
             parameters.count("buckets", kSeriesBucketsDefault, kSeriesBucketsMax));
  return question;
}

// How much of the range there can be spans of: from the store's oldest until now.
double seconds_of(TimeRange range, std::uint64_t oldest, std::uint64_t now) {
  const std::uint64_t begin = std::max(range.begin, oldest);
  const std::uint64_t end = std::min(range.end, now);
  return begin < end ? static_cast<double>(end - begin) / 1e9 : 0;
}

// The time of the same length before; empty where there is none since 1970.
TimeRange time_before(TimeRange range) {
  const std::uint64_t length = range.end - range.begin;
  return {range.begin > length ? range.begin - length : 0, range.begin};
}

Figures figures_of(const AggregateGroup& group) {
  Figures figures;
  figures.count = group.whole.count;
  figures.errors = group.whole.errors;
  figures.time = group.whole.sum;
  if (group.whole.quantiles.size() == 3) {
    figures.p50 = group.whole.quantiles[0];
    figures.p95 = group.whole.quantiles[1];
    figures.p99 = group.whole.quantiles[2];
  }
  return figures;
}

void add(Figures& sum, std::uint64_t count, std::uint64_t errors, double time) {
  sum.count += count;
  sum.errors += errors;
  sum.time += time;
}

class Measurement {
 public:
  Measurement(const Call& call, const Question& question)
      : call_(call), question_(question), begin_(call.clock.steady_nanos()) {}

  Result<Performance> run() {
    answer_.is_by_statement = question_.is_by_statement;
    answer_.now.range = question_.range;
    answer_.before.range = time_before(question_.range);
    for (const Grouping& grouping : question_.groupings) {
      KOLBEN_RETURN_IF_ERROR(measure(grouping));
    }
    const std::uint64_t now = call_.clock.unix_nanos();
    answer_.now.seconds = seconds_of(answer_.now.range, oldest_, now);
    answer_.before.seconds = seconds_of(answer_.before.range, oldest_, now);
    choose_rows();
    answer_.took_nanos = call_.clock.steady_nanos() - begin_;
    return std::move(answer_);
  }

 private:
  Result<Aggregate> ask(const Grouping& grouping, TimeRange range, std::uint32_t buckets) {
    const std::uint64_t taken = call_.clock.steady_nanos() - begin_;
    if (taken >= kTimeMaxNanos) {
      return deadline_exceeded("the query took too long; ask for a shorter time range");
    }
    if (is_asker_gone(call_)) return cancelled("whoever asked is gone");
    storage::AggregateQuery query;
    query.limits = limits_of(call_);
    query.range = range;
    query.filter = grouping.filter;
    query.group_by = grouping.fields;
    query.buckets = buckets;
    query.measured = Intrinsic::kDuration;
    query.quantiles = {0.50, 0.95, 0.99};
    query.limit = kGroupsMax;
    query.limits.time_max = std::chrono::nanoseconds(kTimeMaxNanos - taken);
    return call_.store.aggregate(query);
  }

  // Series are the first to go where a query needs too much memory: thousands of statements with
  // their values in them would have them for nobody.
  Result<Aggregate> ask_now(const Grouping& grouping) {
    auto found = ask(grouping, question_.range, has_series_ ? question_.buckets : 1);
    if (found || found.error().code() != StatusCode::kResourceExhausted || !has_series_) {
      return found;
    }
    has_series_ = false;
    return ask(grouping, question_.range, 1);
  }

  Status measure(const Grouping& grouping) {
    KOLBEN_TRY(const Aggregate now, ask_now(grouping));
    Aggregate before;
    const TimeRange range = answer_.before.range;
    if (range.begin < range.end) {
      KOLBEN_TRY(before, ask(grouping, range, 1));
    }
    answer_.spans_scanned += now.spans_scanned + before.spans_scanned;
    answer_.before_count += before.total;
    answer_.bucket_nanos = now.bucket_nanos;
    oldest_ = now.oldest_unix_nano;
    answer_.other_rows += now.other_groups;
    add(answer_.others, now.other_count, now.other_errors, now.other_sum);
    add(answer_.total, now.other_count, now.other_errors, now.other_sum);
    std::map<std::vector<std::optional<std::string>>, const AggregateGroup*> known;
    for (const AggregateGroup& group : before.groups) known.emplace(group.values, &group);
    for (const AggregateGroup& group : now.groups) {
      const auto place = known.find(group.values);
      add_row(group, place == known.end() ? nullptr : place->second).key = grouping.key;
    }
    return Status::ok();
  }

  PerformanceRow& add_row(const AggregateGroup& group, const AggregateGroup* before) {
    PerformanceRow& row = answer_.rows.emplace_back();
    const auto value = [&group](std::size_t i) {
      return i < group.values.size() ? group.values[i].value_or("") : std::string();
    };
    row.service = value(0);
    row.name = value(1);
    row.system = value(2);
    row.now = figures_of(group);
    if (before != nullptr) row.before = figures_of(*before);
    for (const storage::AggregateBucket& bucket : group.buckets) {
      row.counts.push_back(bucket.count);
      row.p95s.push_back(bucket.quantiles.size() == 3 ? bucket.quantiles[1] : 0);
    }
    add(answer_.total, row.now.count, row.now.errors, row.now.time);
    return row;
  }

  void choose_rows() {
    if (!has_series_) answer_.bucket_nanos = 0;
    const SortKey key = question_.sort.key;
    const bool by_name = question_.sort.name == "name";
    std::sort(answer_.rows.begin(), answer_.rows.end(),
              [key, by_name](const PerformanceRow& a, const PerformanceRow& b) {
                if (key(a) != key(b)) return key(a) > key(b);
                if (!by_name && a.now.count != b.now.count) return a.now.count > b.now.count;
                return std::tie(a.service, a.name, a.system) <
                       std::tie(b.service, b.name, b.system);
              });
    while (answer_.rows.size() > question_.limit) {
      const Figures& left_out = answer_.rows.back().now;
      add(answer_.others, left_out.count, left_out.errors, left_out.time);
      ++answer_.other_rows;
      answer_.rows.pop_back();
    }
  }

  const Call& call_;
  const Question& question_;
  const std::uint64_t begin_;
  bool has_series_ = true;
  std::uint64_t oldest_ = 0;
  Performance answer_;
};

}  // namespace

Result<Performance> measure_performance(const Call& call) {
  KOLBEN_TRY(const Question question, parse_question(call));
  return Measurement(call, question).run();
}

}  // namespace kolben::query::page
