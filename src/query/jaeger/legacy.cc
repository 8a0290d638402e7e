#include "query/jaeger/legacy.h"

#include <algorithm>
#include <map>
#include <utility>

#include "otlp/decode.h"
#include "otlp/json.h"
#include "query/conditions.h"
#include "query/jaeger/envelope.h"
#include "query/jaeger/legacy_answers.h"
#include "query/jaeger/legacy_search.h"
#include "query/jaeger/metrics.h"
#include "query/jaeger/trace_json.h"

namespace kolben::query::jaeger {

using net::http::Response;

namespace {

constexpr std::uint64_t kNanosPerMilli = 1'000'000;
constexpr std::int64_t kDependencyLookbackMillis = 24LL * 3600 * 1000;
// A document to transform; the page uploads files of that size at most.
constexpr std::size_t kTransformBytesMax = 64 << 20;

// Names as a JSON array, each once, in the order given.
template <typename Range, typename NameOf>
Response names_answer(const Call& call, const Range& range, NameOf name_of) {
  std::string data;
  JsonWriter json(data);
  std::size_t total = 0;
  std::string_view previous;
  json.begin_array();
  for (const auto& item : range) {
    const std::string_view name = name_of(item);
    if (total > 0 && name == previous) continue;
    json.string(name);
    previous = name;
    ++total;
  }
  json.end_array();
  return legacy_success(call, envelope(data, total, {}));
}

Response services(const Call& call) {
  const auto found = call.store.services();
  if (!found) return legacy_failure(found.error());
  return names_answer(call, *found, [](const std::string& name) { return shown_service(name); });
}

Response operation_names(const Call& call, std::string_view service) {
  auto found = call.store.operations(stored_service(service));
  if (!found) return legacy_failure(found.error());
  // One name may come with several kinds; beside each other, they are written once.
  std::stable_sort(found->begin(), found->end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  return names_answer(call, *found, [](const storage::Operation& operation) {
    return shown_operation(operation.name);
  });
}

Response operations(const Call& call) {
  const std::string_view service = call.parameters.first("service");
  if (service.empty()) return legacy_error(400, "parameter 'service' is required");
  const auto found = call.store.operations(stored_service(service));
  if (!found) return legacy_failure(found.error());
  const std::string_view wanted_kind = call.parameters.first("spanKind");
  std::string data;
  JsonWriter json(data);
  std::size_t total = 0;
  json.begin_array();
  for (const storage::Operation& operation : *found) {
    const std::string_view kind = shown_kind(operation.kind);
    if (!wanted_kind.empty() && kind != wanted_kind) continue;
    json.begin_object();
    text_field(json, "name", shown_operation(operation.name));
    text_field(json, "spanKind", kind);
    json.end_object();
    ++total;
  }
  json.end_array();
  return legacy_success(call, envelope(data, total, {}));
}

// Collects whole traces, up to the bound of an answer.
class TracesAnswer {
 public:
  TracesAnswer(const Call& call, Adjust adjust) : call_(call), adjust_(adjust), json_(data_) {
    json_.begin_array();
  }

  // Whether there is room for another one.
  bool has_room() const { return data_.size() < kAnswerBytesMax; }

  Status add(const TraceId& id) {
    if (is_asker_gone(call_)) return cancelled("whoever asked is gone");
    auto batch = call_.store.get_trace(id);
    if (!batch) return std::move(batch).error();
    const DecodedTraces& traces = batch->traces();
    for (const TracePlaces& trace : group_by_trace(traces)) {
      write_trace(json_, traces, trace, adjust_);
    }
    return Status::ok();
  }

  void add_error(EnvelopeError error) { errors_.push_back(std::move(error)); }

  void leave_out(std::size_t count) {
    add_error({413,
               std::to_string(count) + " more traces match; they are left out because the "
                                       "answer would be too large: ask with a smaller limit",
               {}});
  }

  Response finish() {
    json_.end_array();
    return legacy_success(call_, envelope(data_, 0, errors_));
  }

 private:
  const Call& call_;
  const Adjust adjust_;
  std::string data_;
  JsonWriter json_;
  std::vector<EnvelopeError> errors_;
};

Adjust adjust_of(const Parameters& parameters) {
  return parameters.flag("raw") ? Adjust::kNo : Adjust::kYes;
}

Response traces_by_ids(const Call& call, const std::vector<TraceId>& ids) {
  TracesAnswer answer(call, adjust_of(call.parameters));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (!answer.has_room()) {
      answer.leave_out(ids.size() - i);
      break;
    }
    const Status status = answer.add(ids[i]);
    if (status.code() == StatusCode::kNotFound) {
      answer.add_error({0, "trace not found", trace_id_text(ids[i])});
    } else if (!status.is_ok()) {
      return legacy_failure(status);
    }
  }
  return answer.finish();
}

Response traces_by_query(const Call& call, storage::TraceQuery query) {
  query.limits = limits_of(call);
  const auto page = call.store.search(query);
  if (!page) return legacy_failure(page.error());
  TracesAnswer answer(call, adjust_of(call.parameters));
  for (std::size_t i = 0; i < page->traces.size(); ++i) {
    if (!answer.has_room()) {
      answer.leave_out(page->traces.size() - i);
      break;
    }
    const Status status = answer.add(page->traces[i].trace_id);
    // Retention may take a trace between the two calls.
    if (!status.is_ok() && status.code() != StatusCode::kNotFound) return legacy_failure(status);
  }
  return answer.finish();
}

Response search(const Call& call) {
  const auto wanted = parse_legacy_search(call.parameters, call.clock.unix_nanos());
  if (!wanted) return legacy_failure(wanted.error());
  if (!wanted->trace_ids.empty()) return traces_by_ids(call, wanted->trace_ids);
  return traces_by_query(call, wanted->query);
}

Response one_trace(const Call& call, std::string_view id_text) {
  const auto id = parse_trace_id(id_text);
  if (!id) {
    return legacy_error(400, "\"" + std::string(id_text.substr(0, 80)) +
                                 "\" is no trace id: want up to 32 hexadecimal digits");
  }
  for (const std::string_view name : {"start", "end"}) {
    if (const auto time = call.parameters.integer(name, 0); !time)
      return legacy_failure(time.error());
  }
  TracesAnswer answer(call, adjust_of(call.parameters));
  const Status status = answer.add(*id);
  if (status.code() == StatusCode::kNotFound) return legacy_error(404, "trace not found");
  if (!status.is_ok()) return legacy_failure(status);
  return answer.finish();
}

Result<storage::TimeRange> dependency_range(const Call& call) {
  const auto now_millis = static_cast<std::int64_t>(call.clock.unix_nanos() / kNanosPerMilli);
  KOLBEN_TRY(const std::int64_t end, call.parameters.integer("endTs", now_millis));
  KOLBEN_TRY(const std::int64_t lookback,
             call.parameters.integer("lookback", kDependencyLookbackMillis));
  const std::uint64_t end_nanos = to_unix_nanos(end, kNanosPerMilli);
  const std::uint64_t back_nanos = to_unix_nanos(lookback, kNanosPerMilli);
  return storage::TimeRange{end_nanos > back_nanos ? end_nanos - back_nanos : 0, end_nanos};
}

Response dependencies(const Call& call) {
  const auto range = dependency_range(call);
  if (!range) return legacy_failure(range.error());
  const auto links = call.store.dependencies(*range);
  if (!links) return legacy_failure(links.error());
  const std::string_view service = call.parameters.first("service");
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> calls;
  for (const storage::ServiceLink& link : *links) {
    const std::string_view parent = shown_service(link.parent);
    const std::string_view child = shown_service(link.child);
    if (service.empty() || service == parent || service == child) {
      calls[{parent, child}] += link.calls;
    }
  }
  std::string data;
  JsonWriter json(data);
  json.begin_array();
  for (const auto& [link, count] : calls) {
    json.begin_object();
    text_field(json, "parent", link.first);
    text_field(json, "child", link.second);
    number_field(json, "callCount", count);
    json.end_object();
  }
  json.end_array();
  return legacy_success(call, envelope(data, 0, {}));
}

Response transform(const Call& call) {
  const auto body = net::http::decode_body(call.request, kTransformBytesMax);
  if (!body) return legacy_error(400, body.error().message());
  auto batch = otlp::decode_json(Signal::kTraces, body->view());
  if (!batch) return legacy_error(400, batch.error().message());
  if (const Status status = otlp::decode(*batch); !status.is_ok()) return legacy_failure(status);
  const DecodedTraces& traces = batch->traces();
  std::string data;
  JsonWriter json(data);
  json.begin_array();
  for (const TracePlaces& trace : group_by_trace(traces)) {
    write_trace(json, traces, trace, Adjust::kNo);
  }
  json.end_array();
  return legacy_success(call, envelope(data, 0, {}));
}

}  // namespace

Response answer_legacy(const Call& call) {
  const std::vector<std::string> path = segments_after("/api/", call.path);
  const std::string_view area = path.empty() ? std::string_view() : std::string_view(path[0]);
  if (path.size() == 1 && area == "transform") {
    return call.request.method == "POST" ? transform(call) : method_not_allowed("POST");
  }
  if (path.size() == 2 && area == "archive") {
    if (call.request.method != "POST") return method_not_allowed("POST");
    return legacy_error(500, "no archive storage: traces are kept until retention takes them");
  }
  if (!is_read(call.request)) return method_not_allowed("GET, HEAD");
  if (path.size() == 1 && area == "services") return services(call);
  if (path.size() == 1 && area == "operations") return operations(call);
  if (path.size() == 1 && area == "traces") return search(call);
  if (path.size() == 1 && area == "dependencies") return dependencies(call);
  if (path.size() == 2 && area == "traces") return one_trace(call, path[1]);
  if (path.size() == 2 && area == "metrics") return answer_metrics(call, path[1]);
  if (path.size() == 3 && area == "services" && path[2] == "operations") {
    return operation_names(call, path[1]);
  }
  return legacy_not_here(call);
}

}  // namespace kolben::query::jaeger
