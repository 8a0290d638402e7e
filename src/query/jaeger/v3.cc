#include "query/jaeger/v3.h"

#include <utility>

#include "otlp/json.h"
#include "query/conditions.h"
#include "query/jaeger/legacy.h"
#include "query/jaeger/trace_json.h"
#include "query/string_map.h"

namespace kolben::query::jaeger {

using net::http::Response;

namespace {

constexpr std::uint64_t kDependencyLookbackNanos = 24ULL * 3600 * 1'000'000'000;

Response failure(const Status& status) {
  const int http_status = net::http::http_status_of(status);
  Response response = v3_error(http_status, status.code(), status.message());
  net::http::set_retry_after(status, response);
  return response;
}

// The spelling that the request uses: query.serviceName or query.service_name.
std::string_view spelled(const Parameters& parameters, std::string_view camel,
                         std::string_view snake) {
  return parameters.has(camel) ? camel : snake;
}

std::string_view value_of(const Parameters& parameters, std::string_view camel,
                          std::string_view snake) {
  return parameters.first(spelled(parameters, camel, snake));
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

// Missing: the fallback.
Result<std::uint64_t> optional_time(const Parameters& parameters, std::string_view camel,
                                    std::string_view snake, std::uint64_t fallback) {
  if (value_of(parameters, camel, snake).empty()) return fallback;
  return required_time(parameters, camel, snake);
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

Response services(const Call& call) {
  const auto found = call.store.services();
  if (!found) return failure(found.error());
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("services");
  json.begin_array();
  for (const std::string& name : *found) json.string(shown_service(name));
  json.end_array();
  json.end_object();
  return net::http::json_response(200, std::move(text));
}

Response operations(const Call& call) {
  const std::string_view service = call.parameters.first("service");
  const std::string_view wanted_kind = value_of(call.parameters, "spanKind", "span_kind");
  const auto found = call.store.operations(stored_service(service));
  if (!found) return failure(found.error());
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("operations");
  json.begin_array();
  for (const storage::Operation& operation : *found) {
    std::string_view kind = shown_kind(operation.kind);
    if (kind.empty()) kind = "internal";  // Jaeger's page wants a kind
    if (!wanted_kind.empty() && kind != wanted_kind) continue;
    json.begin_object();
    text_field(json, "name", shown_operation(operation.name));
    text_field(json, "spanKind", kind);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return net::http::json_response(200, std::move(text));
}

// Several traces as one {"result":{"resourceSpans":[...]}}.
class OtlpResult {
 public:
  OtlpResult() : text_(kHead) {}

  // The request's text is {"resourceSpans":[...]}: what stands between its outermost brackets.
  void add(const Batch& batch) {
    std::string one;
    otlp::encode_json(batch, one);
    const std::size_t open = one.find('[');
    const std::size_t close = one.rfind(']');
    if (open == std::string::npos || close <= open + 1) return;  // no spans
    if (!is_empty()) text_ += ',';
    text_.append(one, open + 1, close - open - 1);
  }
  bool is_empty() const { return text_.size() == kHead.size(); }
  bool has_room() const { return text_.size() < kAnswerBytesMax; }
  std::string finish() && {
    text_ += "]}}";
    return std::move(text_);
  }

 private:
  static constexpr std::string_view kHead = "{\"result\":{\"resourceSpans\":[";
  std::string text_;
};

Response result_answer(OtlpResult result) {
  if (result.is_empty()) return v3_error(404, StatusCode::kNotFound, "No traces found");
  return net::http::json_response(200, std::move(result).finish());
}

Response one_trace(const Call& call, std::string_view id_text) {
  const auto id = parse_trace_id(id_text);
  if (!id) {
    return v3_error(400, StatusCode::kInvalidArgument,
                    "malformed parameter trace_id: \"" + std::string(id_text.substr(0, 80)) +
                        "\" is no trace id");
  }
  const auto start = optional_time(call.parameters, "startTime", "start_time", 0);
  if (!start) return failure(start.error());
  const auto end = optional_time(call.parameters, "endTime", "end_time", UINT64_MAX);
  if (!end) return failure(end.error());
  const auto batch = call.store.get_trace(*id);
  if (!batch && batch.error().code() == StatusCode::kNotFound) return result_answer(OtlpResult());
  if (!batch) return failure(batch.error());
  OtlpResult result;
  result.add(*batch);
  return result_answer(std::move(result));
}

Response traces(const Call& call) {
  const auto query = parse_v3_search(call.parameters);
  if (!query) return failure(query.error());
  const auto page = call.store.search(*query);
  if (!page) return failure(page.error());
  OtlpResult result;
  for (const storage::TraceSummary& summary : page->traces) {
    if (!result.has_room()) {
      return v3_error(413, StatusCode::kResourceExhausted,
                      "the traces that match are too large for one answer: ask with a smaller "
                      "query.searchDepth");
    }
    const auto batch = call.store.get_trace(summary.trace_id);
    if (!batch && batch.error().code() == StatusCode::kNotFound) continue;  // just expired
    if (!batch) return failure(batch.error());
    result.add(*batch);
  }
  return result_answer(std::move(result));
}

void write_summary(JsonWriter& json, const storage::TraceSummary& summary) {
  json.begin_object();
  text_field(json, "traceId", summary.trace_id.to_hex());
  text_field(json, "rootServiceName", summary.root_service);
  text_field(json, "rootOperationName", summary.root_name);
  decimal_field(json, "minStartTimeUnixNano", summary.start_unix_nano);
  decimal_field(json, "maxEndTimeUnixNano", summary.end_unix_nano);
  number_field(json, "spanCount", summary.spans);
  number_field(json, "errorSpanCount", summary.errors);
  number_field(json, "orphanSpanCount", summary.orphans);
  json.key("services");
  json.begin_array();
  for (const storage::ServiceCount& service : summary.services) {
    json.begin_object();
    text_field(json, "name", shown_service(service.name));
    number_field(json, "spanCount", service.spans);
    number_field(json, "errorSpanCount", service.errors);
    json.end_object();
  }
  json.end_array();
  json.end_object();
}

Response summaries(const Call& call) {
  const auto query = parse_v3_search(call.parameters);
  if (!query) return failure(query.error());
  const auto page = call.store.search(*query);
  if (!page) return failure(page.error());
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("summaries");
  json.begin_array();
  for (const storage::TraceSummary& summary : page->traces) write_summary(json, summary);
  json.end_array();
  json.end_object();
  return net::http::json_response(200, std::move(text));
}

Response dependencies(const Call& call) {
  const std::uint64_t now = call.clock.unix_nanos();
  const auto end = optional_time(call.parameters, "endTime", "end_time", now);
  if (!end) return failure(end.error());
  const std::uint64_t day_before =
      *end > kDependencyLookbackNanos ? *end - kDependencyLookbackNanos : 0;
  const auto begin = optional_time(call.parameters, "startTime", "start_time", day_before);
  if (!begin) return failure(begin.error());
  const auto links = call.store.dependencies({*begin, *end});
  if (!links) return failure(links.error());
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("dependencies");
  json.begin_array();
  for (const storage::ServiceLink& link : *links) {
    json.begin_object();
    text_field(json, "parent", shown_service(link.parent));
    text_field(json, "child", shown_service(link.child));
    decimal_field(json, "callCount", link.calls);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  return net::http::json_response(200, std::move(text));
}

std::string_view http_reason(int http_status) {
  switch (http_status) {
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 413:
      return "Content Too Large";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

Response v3_error(int http_status, StatusCode code, std::string_view message) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("error");
  json.begin_object();
  number_field(json, "grpcCode", static_cast<std::uint64_t>(code));
  number_field(json, "httpCode", static_cast<std::uint64_t>(http_status));
  text_field(json, "message", message);
  text_field(json, "httpStatus", http_reason(http_status));
  json.end_object();
  json.end_object();
  return net::http::json_response(http_status, std::move(text));
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

Response answer_v3(const Call& call) {
  if (!is_read(call.request)) return method_not_allowed("GET, HEAD");
  const std::vector<std::string> path = segments_after("/api/v3/", call.path);
  const std::string_view area = path.empty() ? std::string_view() : std::string_view(path[0]);
  if (path.size() == 1 && area == "services") return services(call);
  if (path.size() == 1 && area == "operations") return operations(call);
  if (path.size() == 1 && area == "traces") return traces(call);
  if (path.size() == 1 && area == "trace-summaries") return summaries(call);
  if (path.size() == 1 && area == "dependencies") return dependencies(call);
  if (path.size() == 2 && area == "traces") return one_trace(call, path[1]);
  return net::http::text_response(
      404, "404 page not found: there is no " + std::string(call.path) + " in this API\n");
}

}  // namespace kolben::query::jaeger
