#include "query/jaeger/v3.h"

#include <utility>

#include "otlp/json.h"
#include "query/conditions.h"
#include "query/jaeger/legacy.h"
#include "query/jaeger/trace_json.h"
#include "query/jaeger/v3_search.h"

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

Response list_answer(std::string json) {
  return net::http::json_response(200, std::move(json));
}

Response services(const Call& call) {
  const auto found = call.store.services();
  if (!found) return failure(found.error());
  return list_answer(list_object("services", *found, [](JsonWriter& json, const auto& name) {
    json.string(shown_service(name));
  }));
}

Response operations(const Call& call) {
  const std::string_view service = call.parameters.first("service");
  const std::string_view wanted_kind = value_of(call.parameters, "spanKind", "span_kind");
  const auto found = call.store.operations(stored_service(service));
  if (!found) return failure(found.error());
  return list_answer(
      list_object("operations", *found, [&](JsonWriter& json, const storage::Operation& operation) {
        std::string_view kind = shown_kind(operation.kind);
        if (kind.empty()) kind = "internal";  // Jaeger's page wants a kind
        if (!wanted_kind.empty() && kind != wanted_kind) return;
        json.begin_object();
        text_field(json, "name", shown_operation(operation.name));
        text_field(json, "spanKind", kind);
        json.end_object();
      }));
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
  auto query = parse_v3_search(call.parameters);
  if (!query) return failure(query.error());
  query->limits = limits_of(call);
  const auto page = call.store.search(*query);
  if (!page) return failure(page.error());
  OtlpResult result;
  for (const storage::TraceSummary& summary : page->traces) {
    if (!result.has_room()) {
      return v3_error(413, StatusCode::kResourceExhausted,
                      "the traces that match are too large for one answer: ask with a smaller "
                      "query.searchDepth");
    }
    if (is_asker_gone(call)) return failure(cancelled("whoever asked is gone"));
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
  auto query = parse_v3_search(call.parameters);
  if (!query) return failure(query.error());
  query->limits = limits_of(call);
  const auto page = call.store.search(*query);
  if (!page) return failure(page.error());
  if (is_asker_gone(call)) return failure(cancelled("whoever asked is gone"));
  return list_answer(list_object("summaries", page->traces, write_summary));
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
  return list_answer(
      list_object("dependencies", *links, [](JsonWriter& json, const storage::ServiceLink& link) {
        json.begin_object();
        text_field(json, "parent", shown_service(link.parent));
        text_field(json, "child", shown_service(link.child));
        decimal_field(json, "callCount", link.calls);
        json.end_object();
      }));
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
