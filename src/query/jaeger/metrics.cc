#include "query/jaeger/metrics.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "query/conditions.h"
#include "query/jaeger/envelope.h"
#include "query/jaeger/legacy_answers.h"
#include "query/jaeger/metrics_query.h"
#include "query/json.h"

namespace kolben::query::jaeger {

using net::http::Response;
using storage::Aggregate;
using storage::AggregateBucket;
using storage::AggregateGroup;
using storage::Intrinsic;
using storage::TimeRange;

namespace {

// Of all questions to the store together.
constexpr std::uint64_t kTimeMaxNanos = 20'000'000'000;
// Slices of time of one question; of many operations fewer, because the store keeps the durations
// of each slice of each operation while it counts: some 100 MB for so many, on all its lanes.
constexpr std::size_t kSlicesAtOnce = 240;
constexpr std::size_t kGroupSlicesAtOnce = 100'000;
constexpr std::string_view kMinStepMillis = "1";

// What was in one slice of time.
struct Slice {
  std::uint64_t count = 0;
  std::uint64_t errors = 0;
  double nanos = 0;  // the quantile
};

using Names = std::vector<std::optional<std::string>>;  // the service, the operation
struct Series {
  Names names;
  std::vector<Slice> slices;
};

struct Metrics {
  std::vector<Series> series;
  std::uint64_t left_out = 0;
  std::uint32_t first_point = 0;  // that the store can tell of
};

class Measurement {
 public:
  Measurement(const Call& call, const MetricsQuery& query)
      : call_(call), query_(query), begin_(call.clock.steady_nanos()) {}

  Result<Metrics> run() {
    if (query_.points == 0) return std::move(answer_);
    KOLBEN_TRY(const std::size_t groups, choose_series());
    if (answer_.series.empty()) return std::move(answer_);
    const std::size_t at_once =
        std::clamp<std::size_t>(kGroupSlicesAtOnce / groups, 1, kSlicesAtOnce);
    for (std::size_t first = 0; first < query_.slices(); first += at_once) {
      KOLBEN_RETURN_IF_ERROR(fill(first, std::min(at_once, query_.slices() - first), groups));
    }
    return std::move(answer_);
  }

 private:
  // Of `slices` slices of time from the `first` one on.
  storage::AggregateQuery question(std::size_t first, std::size_t slices, std::size_t groups) {
    storage::AggregateQuery query;
    const std::uint64_t begin = query_.first_begin() + first * query_.step;
    query.range = TimeRange{begin, begin + slices * query_.step};
    query.filter = query_.filter;
    query.group_by = {Intrinsic::kServiceName};
    if (query_.is_by_operation) query.group_by.emplace_back(Intrinsic::kName);
    query.limit = static_cast<std::uint32_t>(groups);
    return query;
  }

  Result<Aggregate> ask(storage::AggregateQuery query) {
    const std::uint64_t taken = call_.clock.steady_nanos() - begin_;
    if (taken >= kTimeMaxNanos) {
      return deadline_exceeded("the query took too long; ask for a shorter 'lookback'");
    }
    if (is_asker_gone(call_)) return cancelled("whoever asked is gone");
    query.limits = limits_of(call_);
    query.limits.time_max = std::chrono::nanoseconds(kTimeMaxNanos - taken);
    return call_.store.aggregate(query);
  }

  // Counts over the whole time, to know which series there are. Returns how many there would be.
  Result<std::size_t> choose_series() {
    const std::size_t fitting =
        std::clamp<std::size_t>(kMetricPointsMax / query_.slices(), 1, kSeriesMax);
    KOLBEN_TRY(const Aggregate whole, ask(question(0, query_.slices(), fitting)));
    for (const AggregateGroup& group : whole.groups) {
      places_.emplace(group.values, answer_.series.size());
      answer_.series.push_back({group.values, std::vector<Slice>(query_.slices())});
    }
    answer_.left_out = whole.other_groups;
    const std::size_t groups = whole.groups.size() + whole.other_groups;
    if (groups > kOperationsMax) {
      return resource_exhausted(std::to_string(groups) +
                                " operations are more than can be measured; ask for one "
                                "'service', or a shorter 'lookback'");
    }
    while (answer_.first_point < query_.points &&
           query_.time_of(answer_.first_point) <= whole.oldest_unix_nano) {
      ++answer_.first_point;
    }
    return groups;
  }

  Status fill(std::size_t first, std::size_t count, std::size_t groups) {
    storage::AggregateQuery query = question(first, count, groups);
    query.buckets = static_cast<std::uint32_t>(count);
    if (query_.metric == Metric::kLatencies) {
      query.measured = Intrinsic::kDuration;
      query.quantiles = {query_.quantile};
    }
    KOLBEN_TRY(const Aggregate part, ask(std::move(query)));
    for (const AggregateGroup& group : part.groups) {
      const auto place = places_.find(group.values);
      if (place == places_.end()) continue;
      std::vector<Slice>& slices = answer_.series[place->second].slices;
      for (std::size_t i = 0; i < std::min(count, group.buckets.size()); ++i) {
        const AggregateBucket& bucket = group.buckets[i];
        slices[first + i] = {bucket.count, bucket.errors,
                             bucket.quantiles.empty() ? 0 : bucket.quantiles[0]};
      }
    }
    return Status::ok();
  }

  const Call& call_;
  const MetricsQuery& query_;
  const std::uint64_t begin_;
  std::map<Names, std::size_t> places_;
  Metrics answer_;
};

// The values of a series' points, one after the other.
class Values {
 public:
  Values(const MetricsQuery& query, const std::vector<Slice>& slices)
      : query_(query), slices_(slices) {
    for (std::uint32_t i = 0; i + 1 < query.window; ++i) add(slices[i]);
  }

  double next() {
    add(slices_[point_ + query_.window - 1]);
    const double value = value_of(slices_[point_ + query_.window - 1]);
    count_ -= slices_[point_].count;
    errors_ -= slices_[point_].errors;
    ++point_;
    return value;
  }

 private:
  void add(const Slice& slice) {
    count_ += slice.count;
    errors_ += slice.errors;
  }

  double value_of(const Slice& last) const {
    const auto count = static_cast<double>(count_);
    if (query_.metric == Metric::kCalls) {
      return count * 1e9 / (static_cast<double>(query_.window) * static_cast<double>(query_.step));
    }
    if (count_ == 0) return std::numeric_limits<double>::quiet_NaN();
    return query_.metric == Metric::kErrors ? static_cast<double>(errors_) / count
                                            : last.nanos / 1e6;
  }

  const MetricsQuery& query_;
  const std::vector<Slice>& slices_;
  std::size_t point_ = 0;
  // In the window.
  std::uint64_t count_ = 0, errors_ = 0;
};

std::string name_of(const MetricsQuery& query) {
  const std::string begin = query.is_by_operation ? "service_operation_" : "service_";
  switch (query.metric) {
    case Metric::kCalls:
      return begin + "call_rate";
    case Metric::kLatencies:
      return begin + "latencies";
    case Metric::kErrors:
      return begin + "error_rate";
  }
  return begin;
}

std::string help_of(const MetricsQuery& query, const Metrics& metrics, std::string_view quantile) {
  std::string text;
  switch (query.metric) {
    case Metric::kCalls:
      text = "calls a second";
      break;
    case Metric::kLatencies:
      text = "milliseconds that the share " + std::string(quantile) + " of the calls do not exceed";
      break;
    case Metric::kErrors:
      text = "share of the calls that failed";
      break;
  }
  text += query.is_by_operation ? ", by service and operation" : ", by service";
  if (metrics.left_out > 0) {
    text += "; of the " + std::to_string(metrics.series.size()) + " most frequent, " +
            std::to_string(metrics.left_out) + " more are left out";
  }
  return text;
}

void write_label(JsonWriter& json, std::string_view name, std::string_view value) {
  json.begin_object();
  text_field(json, "name", name);
  text_field(json, "value", value);
  json.end_object();
}

void write_series(JsonWriter& json, const MetricsQuery& query, const Series& series,
                  const std::vector<std::string>& times, std::uint32_t first_point) {
  json.begin_object();
  json.key("labels");
  json.begin_array();
  write_label(json, "service_name", shown_service(series.names[0].value_or("")));
  if (query.is_by_operation) {
    write_label(json, "operation", shown_operation(series.names[1].value_or("")));
  }
  json.end_array();
  json.key("metricPoints");
  json.begin_array();
  Values values(query, series.slices);
  for (std::uint32_t point = 0; point < query.points; ++point) {
    const double value = values.next();
    if (point < first_point) continue;
    json.begin_object();
    json.key("gaugeValue");
    json.begin_object();
    json.key("doubleValue");
    json.real(value);
    json.end_object();
    text_field(json, "timestamp", times[point]);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

std::string metrics_json(const MetricsQuery& query, const Metrics& metrics,
                         std::string_view quantile) {
  std::vector<std::string> times;
  for (std::uint32_t point = 0; point < query.points; ++point) {
    times.push_back(rfc3339(query.time_of(point)));
  }
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  text_field(json, "name", name_of(query));
  text_field(json, "type", "GAUGE");
  text_field(json, "help", help_of(query, metrics, quantile));
  json.key("metrics");
  json.begin_array();
  for (const Series& series : metrics.series) {
    write_series(json, query, series, times, metrics.first_point);
  }
  json.end_array();
  json.end_object();
  return text;
}

Response measured(const Call& call, Metric metric) {
  const auto query = parse_metrics_query(metric, call.parameters, call.clock.unix_nanos());
  if (!query) return legacy_failure(query.error());
  const auto metrics = Measurement(call, *query).run();
  if (!metrics) return legacy_failure(metrics.error());
  return legacy_success(call, metrics_json(*query, *metrics, call.parameters.first("quantile")));
}

}  // namespace

Response answer_metrics(const Call& call, std::string_view what) {
  if (what == "calls") return measured(call, Metric::kCalls);
  if (what == "latencies") return measured(call, Metric::kLatencies);
  if (what == "errors") return measured(call, Metric::kErrors);
  if (what == "minstep") return legacy_success(call, envelope(kMinStepMillis, 0, {}));
  return legacy_not_here(call);
}

}  // namespace kolben::query::jaeger
