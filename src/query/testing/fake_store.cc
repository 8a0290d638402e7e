#include "query/testing/fake_store.h"

#include <algorithm>
#include <set>
#include <utility>

#include "otlp/decode.h"
#include "otlp/json.h"

namespace kolben::query::testing {

using storage::TraceSummary;

namespace {

// The batch with the spans of one trace only.
Batch only(const Batch& all, const TraceId& id) {
  Batch one = all.clone();
  for (ResourceSpans& resource : one.traces().resources) {
    for (ScopeSpans& scope : resource.scopes) {
      for (std::size_t i = scope.spans.size(); i-- > 0;) {
        if (scope.spans[i].trace_id != id) scope.spans.erase(i);
      }
    }
  }
  one.recount();
  return one;
}

template <typename Visit>
void each_span(const DecodedTraces& traces, Visit visit) {
  for (const ResourceSpans& resource : traces.resources) {
    for (const ScopeSpans& scope : resource.scopes) {
      for (const Span& span : scope.spans) visit(resource.resource, span);
    }
  }
}

void count_service(TraceSummary& summary, std::string_view name, bool is_error) {
  auto place = std::find_if(summary.services.begin(), summary.services.end(),
                            [name](const auto& service) { return service.name == name; });
  if (place == summary.services.end()) {
    summary.services.push_back({std::string(name), 0, 0});
    place = summary.services.end() - 1;
  }
  ++place->spans;
  if (is_error) ++place->errors;
}

TraceSummary summarize(const TraceId& id, const Batch& batch) {
  TraceSummary summary;
  summary.trace_id = id;
  summary.start_unix_nano = UINT64_MAX;
  std::set<SpanId> ids;
  each_span(batch.traces(),
            [&ids](const Resource&, const Span& span) { ids.insert(span.span_id); });
  std::uint64_t root_start = UINT64_MAX;
  each_span(batch.traces(), [&](const Resource& resource, const Span& span) {
    const bool is_error = span.status_code == SpanStatusCode::kError;
    const bool is_root = span.parent_span_id.is_zero();
    ++summary.spans;
    if (is_error) ++summary.errors;
    if (span.start_time_unix_nano < summary.start_unix_nano) {
      summary.first_service = service_name(resource);
      summary.first_name = span.name;
    }
    if (!is_root && !ids.contains(span.parent_span_id)) ++summary.orphans;
    summary.start_unix_nano = std::min(summary.start_unix_nano, span.start_time_unix_nano);
    summary.end_unix_nano = std::max(summary.end_unix_nano, span.end_time_unix_nano);
    count_service(summary, service_name(resource), is_error);
    if (is_root && span.start_time_unix_nano < root_start) {
      root_start = span.start_time_unix_nano;
      summary.root_service = service_name(resource);
      summary.root_name = span.name;
    }
  });
  std::sort(summary.services.begin(), summary.services.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return summary;
}

}  // namespace

void FakeStore::add_traces(std::string_view otlp_json) {
  auto batch = otlp::decode_json(Signal::kTraces, otlp_json);
  KOLBEN_CHECK(batch.has_value() && otlp::decode(*batch).is_ok());
  std::vector<TraceId> ids;
  each_span(batch->traces(), [&ids](const Resource&, const Span& span) {
    if (std::find(ids.begin(), ids.end(), span.trace_id) == ids.end()) ids.push_back(span.trace_id);
  });
  for (const TraceId& id : ids) add_trace(only(*batch, id), id);
}

void FakeStore::add_trace(Batch batch, const TraceId& id) {
  const MutexLock lock(mutex_);
  traces_.emplace_back(id, std::move(batch));
}

void FakeStore::add_logs(std::string_view otlp_json) {
  auto batch = otlp::decode_json(Signal::kLogs, otlp_json);
  KOLBEN_CHECK(batch.has_value() && otlp::decode(*batch).is_ok());
  const MutexLock lock(mutex_);
  logs_ = *std::move(batch);
}

void FakeStore::fail_with(Status status) {
  const MutexLock lock(mutex_);
  failure_ = std::move(status);
}

Status FakeStore::write(Batch&&, OnDurable&&) {
  return unimplemented("FakeStore::write");
}

Result<storage::TracePage> FakeStore::search(const storage::TraceQuery& query) {
  const MutexLock lock(mutex_);
  last_search_ = query;
  if (!failure_.is_ok()) return failure_;
  storage::TracePage page;
  for (const auto& [id, batch] : traces_) {
    if (page.traces.size() < query.limit) {
      page.traces.push_back(summarize(id, batch));
      if (query.with_match) page.traces.back().match = match_answer;
    }
    page.spans_scanned += batch.items();
  }
  page.next_cursor = next_cursor;
  return page;
}

Result<Batch> FakeStore::get_trace(const TraceId& id) {
  const MutexLock lock(mutex_);
  if (!failure_.is_ok()) return failure_;
  for (const auto& [trace_id, batch] : traces_) {
    if (trace_id == id) return batch.clone();
  }
  return not_found("there is no trace " + id.to_hex());
}

Result<storage::Histogram> FakeStore::histogram(const storage::HistogramQuery& query) {
  const MutexLock lock(mutex_);
  last_histogram_ = query;
  if (!failure_.is_ok()) return failure_;
  return histogram_answer;
}

Result<storage::Aggregate> FakeStore::aggregate(const storage::AggregateQuery& query) {
  const MutexLock lock(mutex_);
  aggregates_.push_back(query);
  if (!failure_.is_ok()) return failure_;
  const std::size_t turn = aggregates_.size() - 1;
  return turn < aggregate_answers.size() ? aggregate_answers[turn] : storage::Aggregate();
}

Result<Batch> FakeStore::logs(const storage::LogQuery& query) {
  const MutexLock lock(mutex_);
  last_logs_ = query;
  if (!failure_.is_ok()) return failure_;
  return logs_ ? logs_->clone() : Batch(Signal::kLogs);
}

Result<storage::LogHistogram> FakeStore::log_histogram(const storage::LogHistogramQuery& query) {
  const MutexLock lock(mutex_);
  last_log_histogram_ = query;
  if (!failure_.is_ok()) return failure_;
  return log_histogram_answer;
}

Result<std::vector<std::string>> FakeStore::log_services() {
  const MutexLock lock(mutex_);
  if (!failure_.is_ok()) return failure_;
  return log_service_names;
}

Result<std::vector<storage::KeyCount>> FakeStore::log_keys(std::string_view, std::uint32_t) {
  const MutexLock lock(mutex_);
  if (!failure_.is_ok()) return failure_;
  return log_key_list;
}

Result<std::vector<std::string>> FakeStore::services() {
  const MutexLock lock(mutex_);
  if (!failure_.is_ok()) return failure_;
  return service_names;
}

Result<std::vector<storage::Operation>> FakeStore::operations(std::string_view) {
  const MutexLock lock(mutex_);
  if (!failure_.is_ok()) return failure_;
  return operation_list;
}

Result<std::vector<storage::KeyCount>> FakeStore::keys(std::string_view, std::uint32_t) {
  const MutexLock lock(mutex_);
  if (!failure_.is_ok()) return failure_;
  return key_list;
}

Result<std::vector<std::string>> FakeStore::values(const storage::Field& field, std::string_view,
                                                   std::uint32_t) {
  const MutexLock lock(mutex_);
  last_values_field_ = field;
  if (!failure_.is_ok()) return failure_;
  return value_list;
}

Result<std::vector<storage::ServiceLink>> FakeStore::dependencies(storage::TimeRange range) {
  const MutexLock lock(mutex_);
  last_dependencies_ = range;
  if (!failure_.is_ok()) return failure_;
  return links;
}

}  // namespace kolben::query::testing
