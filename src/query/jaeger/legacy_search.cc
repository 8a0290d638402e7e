#include "query/jaeger/legacy_search.h"

#include <string>
#include <utility>

#include "query/conditions.h"
#include "query/string_map.h"

namespace kolben::query::jaeger {
namespace {

constexpr std::uint64_t kNanosPerMicro = 1'000;

Result<std::vector<storage::Filter>> tag_terms(const Parameters& parameters) {
  std::vector<storage::Filter> terms;
  for (const std::string_view tag : parameters.all("tag")) {
    const std::size_t colon = tag.find(':');
    if (colon == std::string_view::npos) {
      return invalid_argument("malformed 'tag' parameter, expecting key:value, received: " +
                              std::string(tag.substr(0, 80)));
    }
    terms.push_back(tag_equals(tag.substr(0, colon), tag.substr(colon + 1)));
  }
  for (const std::string_view json : parameters.all("tags")) {
    auto map = parse_string_map(json);
    if (!map) return std::move(map).error().with_context("malformed 'tags' parameter");
    for (const auto& [key, value] : *map) terms.push_back(tag_equals(key, value));
  }
  if (terms.size() > kConditionsMax) {
    return invalid_argument("more than " + std::to_string(kConditionsMax) + " tags");
  }
  return terms;
}

}  // namespace

Result<LegacySearch> parse_legacy_search(const Parameters& parameters, std::uint64_t now_nanos) {
  LegacySearch search;
  const auto now_micros = static_cast<std::int64_t>(now_nanos / kNanosPerMicro) + 1;
  const auto back_micros = static_cast<std::int64_t>(kLookbackNanos / kNanosPerMicro);
  KOLBEN_TRY(const std::int64_t start, parameters.integer("start", now_micros - back_micros));
  KOLBEN_TRY(const std::int64_t end, parameters.integer("end", now_micros));
  search.query.range = {to_unix_nanos(start, kNanosPerMicro), to_unix_nanos(end, kNanosPerMicro)};
  KOLBEN_TRY(std::vector<storage::Filter> terms, tag_terms(parameters));
  const std::string_view service = parameters.first("service");
  const std::string_view operation = parameters.first("operation");
  if (!service.empty()) terms.push_back(service_is(service));
  if (!operation.empty()) terms.push_back(operation_is(operation));
  KOLBEN_RETURN_IF_ERROR(add_duration_bounds(parameters, "minDuration", "maxDuration", terms));
  KOLBEN_TRY(search.query.limit, parameters.count("limit", kSearchLimitDefault, kSearchLimitMax));
  search.query.filter = all_of(std::move(terms));
  for (const std::string_view text : parameters.all("traceID")) {
    const auto id = parse_trace_id(text);
    if (!id) {
      return invalid_argument("cannot parse traceID param: \"" + std::string(text.substr(0, 80)) +
                              "\" is no trace id");
    }
    search.trace_ids.push_back(*id);
  }
  return search;
}

}  // namespace kolben::query::jaeger
