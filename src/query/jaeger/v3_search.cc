#include "query/jaeger/v3_search.h"

#include <string>
#include <utility>

#include "query/conditions.h"
#include "query/jaeger/legacy_search.h"
#include "query/string_map.h"

namespace kolben::query::jaeger {
namespace {

// The spelling that the request uses: query.serviceName or query.service_name.
std::string_view spelled(const Parameters& parameters, std::string_view camel,
                         std::string_view snake) {
  return parameters.has(camel) ? camel : snake;
}

Result<std::uint64_t> required_time(const Parameters& parameters, std::string_view camel,
                                    std::string_view snake) {
  const std::string_view text = value_of(parameters, camel, snake);
  if (text.empty()) return invalid_argument(std::string(camel) + " is required");
  const auto time = parse_rfc3339(text);
  if (!time) {
    return invalid_argument("malformed parameter " + std::string(camel) + ": \"" +
                            std::string(text.substr(0, 80)) + "\" is no RFC 3339 time");
  }
  return *time;
}

Result<storage::TimeRange> search_range(const Parameters& parameters) {
  KOLBEN_TRY(const std::uint64_t begin,
             required_time(parameters, "query.startTimeMin", "query.start_time_min"));
  KOLBEN_TRY(const std::uint64_t end,
             required_time(parameters, "query.startTimeMax", "query.start_time_max"));
  if (begin >= end) {
    return invalid_argument("query.startTimeMin must lie before query.startTimeMax");
  }
  return storage::TimeRange{begin, end};
}

std::string_view limit_name(const Parameters& parameters) {
  for (const std::string_view name :
       {"query.searchDepth", "query.search_depth", "query.numTraces"}) {
    if (parameters.has(name)) return name;
  }
  return "query.num_traces";
}

}  // namespace

std::string_view value_of(const Parameters& parameters, std::string_view camel,
                          std::string_view snake) {
  return parameters.first(spelled(parameters, camel, snake));
}

Result<std::uint64_t> optional_time(const Parameters& parameters, std::string_view camel,
                                    std::string_view snake, std::uint64_t fallback) {
  if (value_of(parameters, camel, snake).empty()) return fallback;
  return required_time(parameters, camel, snake);
}

Result<storage::TraceQuery> parse_v3_search(const Parameters& parameters) {
  storage::TraceQuery query;
  if (parameters.has("query.filter")) {
    return invalid_argument("query.filter is not understood here: use query.attributes");
  }
  KOLBEN_TRY(query.range, search_range(parameters));
  std::vector<storage::Filter> terms;
  const std::string_view service = value_of(parameters, "query.serviceName", "query.service_name");
  const std::string_view operation =
      value_of(parameters, "query.operationName", "query.operation_name");
  if (!service.empty()) terms.push_back(service_is(service));
  if (!operation.empty()) terms.push_back(operation_is(operation));
  if (const std::string_view json = parameters.first("query.attributes"); !json.empty()) {
    auto map = parse_string_map(json);
    if (!map) return std::move(map).error().with_context("malformed parameter query.attributes");
    for (const auto& [key, value] : *map) terms.push_back(tag_equals(key, value));
  }
  KOLBEN_RETURN_IF_ERROR(add_duration_bounds(
      parameters, spelled(parameters, "query.durationMin", "query.duration_min"),
      spelled(parameters, "query.durationMax", "query.duration_max"), terms));
  KOLBEN_TRY(query.limit,
             parameters.count(limit_name(parameters), kSearchLimitDefault, kSearchLimitMax));
  query.filter = all_of(std::move(terms));
  return query;
}

}  // namespace kolben::query::jaeger
