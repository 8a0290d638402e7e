#include "query/page/page.h"

#include <utility>

#include "query/conditions.h"
#include "query/json.h"
#include "query/page/find_in_trace.h"
#include "query/page/logs.h"
#include "query/page/page_filter.h"
#include "query/page/performance.h"
#include "query/page/performance_json.h"
#include "query/page/search_json.h"
#include "query/page/span_detail.h"
#include "query/page/status_json.h"
#include "query/page/trace_json.h"

namespace kolben::query::page {

using net::http::Response;

namespace {

Response success(std::string json) {
  return net::http::json_response(200, std::move(json));
}

Response failure(const Status& status) {
  return page_failure(status);
}

// Measures what the store takes.
class Stopwatch {
 public:
  explicit Stopwatch(const Clock& clock) : clock_(clock), begin_(clock.steady_nanos()) {}
  void write(JsonWriter& json) const {
    json.key("tookMicros");
    write_micros(json, clock_.steady_nanos() - begin_);
  }

 private:
  const Clock& clock_;
  const std::uint64_t begin_;
};

Response status(const Call& call, pipeline::Host& host) {
  return success(status_json({.now_unix_nanos = call.clock.unix_nanos(),
                              .store = call.store.stats(),
                              .samples = host.telemetry().samples(),
                              .ports = host.ports()}));
}

Response services(const Call& call) {
  const auto found = call.store.services();
  if (!found) return failure(found.error());
  return success(list_object("services", *found, [](JsonWriter& json, const auto& name) {
    json.string(shown_service(name));
  }));
}

Response operations(const Call& call) {
  const auto found = call.store.operations(stored_service(call.parameters.first("service")));
  if (!found) return failure(found.error());
  return success(
      list_object("operations", *found, [](JsonWriter& json, const storage::Operation& operation) {
        json.begin_object();
        text_field(json, "name", shown_operation(operation.name));
        text_field(json, "kind", shown_kind(operation.kind));
        json.end_object();
      }));
}

Response keys(const Call& call) {
  const auto found = call.store.keys(call.parameters.first("prefix"), kSuggestionsMax);
  if (!found) return failure(found.error());
  return success(list_object("keys", *found, [](JsonWriter& json, const storage::KeyCount& key) {
    json.begin_object();
    text_field(json, "key", key.key);
    number_field(json, "count", key.count);
    json.end_object();
  }));
}

Response values(const Call& call) {
  const std::string_view key = call.parameters.first("key");
  if (key.empty()) return failure(invalid_argument("param 'key' is required"));
  const auto found =
      call.store.values(field_of(key), call.parameters.first("prefix"), kSuggestionsMax);
  if (!found) return failure(found.error());
  return success(list_object("values", *found,
                             [](JsonWriter& json, const auto& value) { json.string(value); }));
}

Result<storage::TraceOrder> order_of(const Parameters& parameters) {
  const std::string_view text = parameters.first("order");
  if (text.empty() || text == "newest") return storage::TraceOrder::kNewest;
  if (text == "longest") return storage::TraceOrder::kLongest;
  return invalid_argument("'order' is newest or longest, not \"" + std::string(text.substr(0, 80)) +
                          "\"");
}

bool has_conditions(const storage::Filter& filter) {
  const auto* all = std::get_if<storage::And>(&filter.node);
  return all == nullptr || !all->terms.empty();
}

Result<storage::TraceQuery> search_query(const Call& call) {
  storage::TraceQuery query;
  KOLBEN_TRY(PageFilter wanted, parse_page_filter(call.parameters, call.clock.unix_nanos()));
  KOLBEN_TRY(query.limit, call.parameters.count("limit", kSearchLimitDefault, kSearchLimitMax));
  query.range = wanted.range;
  query.filter = std::move(wanted.filter);
  query.cursor = call.parameters.first("cursor");
  query.limits = limits_of(call);
  KOLBEN_TRY(query.order, order_of(call.parameters));
  query.with_match = has_conditions(query.filter);
  if (query.with_match) query.detail_keys = detail_keys();
  return query;
}

Response search(const Call& call) {
  const auto query = search_query(call);
  if (!query) return failure(query.error());
  const Stopwatch stopwatch(call.clock);
  const auto page = call.store.search(*query);
  if (!page) return failure(page.error());
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  write_search(json, *page);
  stopwatch.write(json);
  json.end_object();
  return success(std::move(text));
}

template <typename Write>
void write_buckets(JsonWriter& json, std::string_view key, const storage::Histogram& histogram,
                   Write write) {
  json.key(key);
  json.begin_array();
  for (const storage::HistogramBucket& bucket : histogram.buckets) write(bucket);
  json.end_array();
}

// Latencies as microseconds; null where nothing happened, so that no line is drawn at zero.
void write_percentiles(JsonWriter& json, std::string_view key, const storage::Histogram& histogram,
                       double storage::HistogramBucket::* percentile) {
  write_buckets(json, key, histogram, [&json, percentile](const storage::HistogramBucket& bucket) {
    if (bucket.count == 0) {
      json.null();
    } else {
      json.real(bucket.*percentile / 1000.0);
    }
  });
}

std::string histogram_json(const storage::Histogram& histogram, const Stopwatch& stopwatch) {
  using Bucket = storage::HistogramBucket;
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  number_field(json, "bucketNanos", histogram.bucket_nanos);
  number_field(json, "total", histogram.total);
  write_buckets(json, "start", histogram, [&json](const Bucket& bucket) {
    json.quoted_unsigned_integer(bucket.start_unix_nano);
  });
  write_buckets(json, "count", histogram,
                [&json](const Bucket& bucket) { json.unsigned_integer(bucket.count); });
  write_buckets(json, "errors", histogram,
                [&json](const Bucket& bucket) { json.unsigned_integer(bucket.errors); });
  write_percentiles(json, "p50", histogram, &Bucket::p50);
  write_percentiles(json, "p95", histogram, &Bucket::p95);
  write_percentiles(json, "p99", histogram, &Bucket::p99);
  number_field(json, "spansScanned", histogram.spans_scanned);
  stopwatch.write(json);
  json.end_object();
  return text;
}

Response histogram(const Call& call) {
  auto wanted = parse_page_filter(call.parameters, call.clock.unix_nanos());
  if (!wanted) return failure(wanted.error());
  const auto buckets = call.parameters.count("buckets", kBucketsDefault, kBucketsMax);
  if (!buckets) return failure(buckets.error());
  const Stopwatch stopwatch(call.clock);
  const auto found =
      call.store.histogram({wanted->range, std::move(wanted->filter), *buckets, limits_of(call)});
  if (!found) return failure(found.error());
  return success(histogram_json(*found, stopwatch));
}

Response performance(const Call& call) {
  const auto answer = measure_performance(call);
  if (!answer) return failure(answer.error());
  return success(performance_json(*answer));
}

Result<TraceId> path_trace_id(std::string_view text) {
  const auto id = parse_trace_id(text);
  if (id) return *id;
  return invalid_argument("\"" + std::string(text.substr(0, 80)) +
                          "\" is no trace id: want up to 32 hexadecimal digits");
}

storage::LogQuery logs_of(const Call& call, const TraceId& id) {
  storage::LogQuery query;
  query.trace_id = id;
  query.limit = kLogsMax;
  query.limits = limits_of(call);
  return query;
}

// A trace with its log records, and its rows, which stand in `spans`; at least one.
struct WholeTrace {
  TraceId id;
  Batch spans, logs;
  std::vector<TraceRow> rows;
};

Result<WholeTrace> whole_trace(const Call& call, std::string_view id_text) {
  KOLBEN_TRY(const TraceId id, path_trace_id(id_text));
  KOLBEN_TRY(Batch spans, call.store.get_trace(id));
  KOLBEN_TRY(Batch logs, call.store.logs(logs_of(call, id)));
  std::vector<TraceRow> rows = trace_rows(spans.traces());
  if (rows.empty()) return not_found("trace " + id.to_hex() + " has no spans");
  return WholeTrace{id, std::move(spans), std::move(logs), std::move(rows)};
}

Response trace(const Call& call, std::string_view id_text) {
  const auto whole = whole_trace(call, id_text);
  if (!whole) return failure(whole.error());
  return success(trace_columns(whole->id, whole->rows, count_logs(whole->logs.logs())));
}

// Several spans may carry one id: `nth` of them, in the order of the rows.
const TraceRow* nth_row(const std::vector<TraceRow>& rows, const SpanId& id, std::uint32_t nth) {
  for (const TraceRow& row : rows) {
    if (row.span->span_id == id && --nth == 0) return &row;
  }
  return nullptr;
}

Response span(const Call& call, std::string_view trace_text, std::string_view span_text) {
  const auto id = path_trace_id(trace_text);
  if (!id) return failure(id.error());
  const auto span_id = SpanId::from_hex(span_text);
  if (!span_id) {
    return failure(invalid_argument("\"" + std::string(span_text.substr(0, 80)) +
                                    "\" is no span id: want 16 hexadecimal digits"));
  }
  const auto nth = call.parameters.count("nth", 1, UINT32_MAX);
  if (!nth) return failure(nth.error());
  const auto batch = call.store.get_trace(*id);
  if (!batch) return failure(batch.error());
  const std::vector<TraceRow> rows = trace_rows(batch->traces());
  const TraceRow* row = nth_row(rows, *span_id, *nth);
  if (row == nullptr) {
    return failure(not_found("trace " + id->to_hex() + " has no span " + span_id->to_hex()));
  }
  return success(span_details(*row, earliest_start(rows)));
}

Response logs_of_trace(const Call& call, std::string_view id_text) {
  const auto id = path_trace_id(id_text);
  if (!id) return failure(id.error());
  const auto found = call.store.logs(logs_of(call, *id));
  if (!found) return failure(found.error());
  return success(trace_logs(found->logs(), found->items() >= kLogsMax));
}

Response find(const Call& call, std::string_view id_text) {
  const auto text = call.parameters.text("text");
  if (!text) return failure(text.error());
  if (text->empty() || text->size() > kFindBytesMax) {
    return failure(invalid_argument("param 'text' is required, of at most " +
                                    std::to_string(kFindBytesMax) + " bytes"));
  }
  const auto whole = whole_trace(call, id_text);
  if (!whole) return failure(whole.error());
  const auto found = find_in_trace(whole->rows, whole->logs.logs(), *text, kFindRowsMax);
  std::string json_text = list_object(
      "rows", found, [](JsonWriter& json, std::uint32_t row) { json.unsigned_integer(row); });
  json_text.pop_back();  // the object goes on
  json_text += ",\"spans\":" + std::to_string(whole->rows.size()) + "}";
  return success(std::move(json_text));
}

Response not_here(const Call& call) {
  return page_error(404, StatusCode::kNotFound,
                    "there is no call " + std::string(call.path.substr(0, 200)));
}

}  // namespace

Response page_error(int http_status, StatusCode code, std::string_view message) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  json.key("error");
  json.begin_object();
  text_field(json, "code", to_string(code));
  text_field(json, "message", message);
  json.end_object();
  json.end_object();
  return net::http::json_response(http_status, std::move(text));
}

Response page_failure(const Status& status) {
  const int http_status = net::http::http_status_of(status);
  Response response = page_error(http_status, status.code(), status.message());
  net::http::set_retry_after(status, response);
  return response;
}

Response answer_page(const Call& call, pipeline::Host& host) {
  if (!is_read(call.request)) return method_not_allowed("GET, HEAD");
  const std::vector<std::string> path = segments_after("/api/kolben/", call.path);
  if (path.empty()) return not_here(call);
  const std::string_view area = path[0];
  if (area == "logs" && path.size() <= 2) {
    auto answer = answer_logs(call, path.size() == 2 ? path[1] : "");
    return answer ? std::move(*answer) : not_here(call);
  }
  if (path.size() == 1) {
    if (area == "status") return status(call, host);
    if (area == "services") return services(call);
    if (area == "operations") return operations(call);
    if (area == "keys") return keys(call);
    if (area == "values") return values(call);
    if (area == "search") return search(call);
    if (area == "histogram") return histogram(call);
    if (area == "performance") return performance(call);
    return not_here(call);
  }
  if (area != "trace") return not_here(call);
  if (path.size() == 2) return trace(call, path[1]);
  if (path.size() == 3 && path[2] == "logs") return logs_of_trace(call, path[1]);
  if (path.size() == 3 && path[2] == "find") return find(call, path[1]);
  if (path.size() == 4 && path[2] == "span") return span(call, path[1], path[3]);
  return not_here(call);
}

}  // namespace kolben::query::page
