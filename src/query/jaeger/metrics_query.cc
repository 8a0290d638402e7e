#include "query/jaeger/metrics_query.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "query/conditions.h"

namespace kolben::query::jaeger {
namespace {

constexpr std::uint64_t kNanosPerMilli = 1'000'000;
constexpr std::int64_t kLookbackMillis = 3600 * 1000;
constexpr std::int64_t kStepMillis = 5 * 1000;
constexpr std::int64_t kRateMillis = 10 * 60 * 1000;
constexpr std::uint64_t kDurationMax = std::uint64_t{1} << 62;
constexpr std::string_view kKinds[] = {"unspecified", "internal", "server",
                                       "client",      "producer", "consumer"};

Status unreadable(std::string_view name, std::string_view what) {
  return invalid_argument("unable to parse param '" + std::string(name) +
                          "': " + std::string(what));
}

std::string quoted(std::string_view text) {
  return "\"" + std::string(text.substr(0, 80)) + "\"";
}

storage::Filter any_of(std::vector<storage::Filter> terms) {
  if (terms.size() == 1) return std::move(terms.front());
  return {storage::Or{std::move(terms)}};
}

Result<storage::Filter> services_filter(const Parameters& parameters) {
  if (!parameters.has("service")) {
    return unreadable("service", "please provide at least one service name");
  }
  std::vector<storage::Filter> terms;
  for (const std::string_view name : parameters.all("service")) terms.push_back(service_is(name));
  if (terms.size() > kConditionsMax) {
    return invalid_argument("more than " + std::to_string(kConditionsMax) + " services");
  }
  return any_of(std::move(terms));
}

Result<storage::Filter> kinds_filter(const Parameters& parameters) {
  std::vector<std::string_view> kinds = parameters.all("spanKind");
  if (kinds.empty()) kinds.emplace_back("server");
  for (const std::string_view kind : kinds) {
    if (std::find(std::begin(kKinds), std::end(kKinds), kind) == std::end(kKinds)) {
      return unreadable("spanKind", "unsupported span kind: '" + std::string(kind.substr(0, 80)) +
                                        "', want unspecified, internal, server, client, producer "
                                        "or consumer");
    }
  }
  std::vector<storage::Filter> terms;
  for (const std::string_view kind : kKinds) {
    if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) continue;
    terms.push_back(
        compare(storage::Intrinsic::kKind, storage::Operator::kEqual, std::string(kind)));
  }
  return any_of(std::move(terms));
}

Result<bool> boolean(const Parameters& parameters, std::string_view name) {
  const std::string_view text = parameters.first(name);
  constexpr std::string_view kFalse[] = {"", "0", "f", "F", "false", "FALSE", "False"};
  if (std::find(std::begin(kFalse), std::end(kFalse), text) != std::end(kFalse)) return false;
  if (parameters.flag(name)) return true;
  return unreadable(name, quoted(text) + " is neither true nor false");
}

Result<double> share(const Parameters& parameters, std::string_view name) {
  const std::string_view text = parameters.first(name);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    return unreadable(name, quoted(text) + " is no number");
  }
  if (!(value >= 0 && value <= 1)) {
    return unreadable(name, quoted(text) + " does not lie between 0 and 1");
  }
  return value;
}

// Nanoseconds; so few that sums of three of them are a number.
Result<std::uint64_t> duration(const Parameters& parameters, std::string_view name,
                               std::int64_t fallback_millis) {
  KOLBEN_TRY(const std::int64_t millis, parameters.integer(name, fallback_millis));
  if (millis <= 0) {
    return unreadable(name, "want more than 0 milliseconds, not " + std::to_string(millis));
  }
  return std::min(to_unix_nanos(millis, kNanosPerMilli), kDurationMax);
}

// The times of the query's points.
Status place_points(const Parameters& parameters, std::uint64_t now_nanos, MetricsQuery& query) {
  const auto now_millis = static_cast<std::int64_t>(now_nanos / kNanosPerMilli);
  KOLBEN_TRY(const std::int64_t end_millis, parameters.integer("endTs", now_millis));
  KOLBEN_TRY(const std::uint64_t lookback, duration(parameters, "lookback", kLookbackMillis));
  KOLBEN_TRY(query.step, duration(parameters, "step", kStepMillis));
  KOLBEN_TRY(const std::uint64_t rate, duration(parameters, "ratePer", kRateMillis));
  const std::uint64_t end =
      std::min<std::uint64_t>(to_unix_nanos(end_millis, kNanosPerMilli), INT64_MAX);
  const std::uint64_t points = std::min(lookback, end) / query.step + 1;
  const std::uint64_t window = query.metric == Metric::kLatencies ? 1 : (rate - 1) / query.step + 1;
  if (points > kStepsMax || window > kStepsMax - points) {
    return invalid_argument("'lookback' and 'ratePer' are more than " + std::to_string(kStepsMax) +
                            " steps together: ask with a larger 'step', or for less time");
  }
  query.window = static_cast<std::uint32_t>(window);
  // There was nothing in the first minutes of 1970, and times before them have no number.
  const std::uint64_t first = query.step * (window + 1);
  query.begin = std::max(end > lookback ? end - lookback : 0, first);
  query.points =
      query.begin > end ? 0 : static_cast<std::uint32_t>((end - query.begin) / query.step + 1);
  return Status::ok();
}

}  // namespace

Result<MetricsQuery> parse_metrics_query(Metric metric, const Parameters& parameters,
                                         std::uint64_t now_nanos) {
  MetricsQuery query;
  query.metric = metric;
  if (metric == Metric::kLatencies) {
    KOLBEN_TRY(query.quantile, share(parameters, "quantile"));
  }
  KOLBEN_TRY(storage::Filter services, services_filter(parameters));
  KOLBEN_TRY(query.is_by_operation, boolean(parameters, "groupByOperation"));
  KOLBEN_TRY(storage::Filter kinds, kinds_filter(parameters));
  KOLBEN_RETURN_IF_ERROR(place_points(parameters, now_nanos, query));
  query.filter = all_of({std::move(services), std::move(kinds)});
  return query;
}

}  // namespace kolben::query::jaeger
