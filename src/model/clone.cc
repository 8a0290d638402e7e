#include "model/clone.h"

namespace kolben {
namespace {

template <typename T>
  requires std::is_arithmetic_v<T>
T clone(T number, Arena&) {
  return number;
}

std::string_view clone(std::string_view text, Arena& arena) {
  return arena.copy(text);
}

// A list whose elements clone() knows.
template <typename T>
List<T> clone_list(const List<T>& list, Arena& arena) {
  List<T> copy;
  copy.reserve(arena, list.size());
  for (const T& item : list) copy.push_back(arena, clone(item, arena));
  return copy;
}

}  // namespace

EntityRef clone(const EntityRef& entity, Arena& arena) {
  return {arena.copy(entity.schema_url), arena.copy(entity.type), clone_list(entity.id_keys, arena),
          clone_list(entity.description_keys, arena)};
}

SpanEvent clone(const SpanEvent& event, Arena& arena) {
  SpanEvent copy = event;
  copy.name = arena.copy(event.name);
  copy.attributes = clone(event.attributes, arena);
  return copy;
}

SpanLink clone(const SpanLink& link, Arena& arena) {
  SpanLink copy = link;
  copy.trace_state = arena.copy(link.trace_state);
  copy.attributes = clone(link.attributes, arena);
  return copy;
}

Exemplar clone(const Exemplar& exemplar, Arena& arena) {
  Exemplar copy = exemplar;
  copy.filtered_attributes = clone(exemplar.filtered_attributes, arena);
  return copy;
}

NumberPoint clone(const NumberPoint& point, Arena& arena) {
  NumberPoint copy = point;
  copy.attributes = clone(point.attributes, arena);
  copy.exemplars = clone_list(point.exemplars, arena);
  return copy;
}

HistogramPoint clone(const HistogramPoint& point, Arena& arena) {
  HistogramPoint copy = point;
  copy.attributes = clone(point.attributes, arena);
  copy.bucket_counts = clone_list(point.bucket_counts, arena);
  copy.explicit_bounds = clone_list(point.explicit_bounds, arena);
  copy.exemplars = clone_list(point.exemplars, arena);
  return copy;
}

ExponentialHistogramPoint clone(const ExponentialHistogramPoint& point, Arena& arena) {
  ExponentialHistogramPoint copy = point;
  copy.attributes = clone(point.attributes, arena);
  copy.positive.bucket_counts = clone_list(point.positive.bucket_counts, arena);
  copy.negative.bucket_counts = clone_list(point.negative.bucket_counts, arena);
  copy.exemplars = clone_list(point.exemplars, arena);
  return copy;
}

QuantileValue clone(const QuantileValue& value, Arena&) {
  return value;
}

SummaryPoint clone(const SummaryPoint& point, Arena& arena) {
  SummaryPoint copy = point;
  copy.attributes = clone(point.attributes, arena);
  copy.quantile_values = clone_list(point.quantile_values, arena);
  return copy;
}

ScopeSpans clone(const ScopeSpans& scope, Arena& arena) {
  return {clone(scope.scope, arena), clone_list(scope.spans, arena), arena.copy(scope.schema_url)};
}

ScopeMetrics clone(const ScopeMetrics& scope, Arena& arena) {
  return {clone(scope.scope, arena), clone_list(scope.metrics, arena),
          arena.copy(scope.schema_url)};
}

ScopeLogs clone(const ScopeLogs& scope, Arena& arena) {
  return {clone(scope.scope, arena), clone_list(scope.records, arena),
          arena.copy(scope.schema_url)};
}

Resource clone(const Resource& resource, Arena& arena) {
  return {clone(resource.attributes, arena), resource.dropped_attributes_count,
          clone_list(resource.entity_refs, arena)};
}

Scope clone(const Scope& scope, Arena& arena) {
  return {arena.copy(scope.name), arena.copy(scope.version), clone(scope.attributes, arena),
          scope.dropped_attributes_count};
}

Span clone(const Span& span, Arena& arena) {
  Span copy = span;
  copy.trace_state = arena.copy(span.trace_state);
  copy.name = arena.copy(span.name);
  copy.attributes = clone(span.attributes, arena);
  copy.events = clone_list(span.events, arena);
  copy.links = clone_list(span.links, arena);
  copy.status_message = arena.copy(span.status_message);
  return copy;
}

Metric clone(const Metric& metric, Arena& arena) {
  Metric copy = metric;
  copy.name = arena.copy(metric.name);
  copy.description = arena.copy(metric.description);
  copy.unit = arena.copy(metric.unit);
  copy.metadata = clone(metric.metadata, arena);
  copy.number_points = clone_list(metric.number_points, arena);
  copy.histogram_points = clone_list(metric.histogram_points, arena);
  copy.exponential_histogram_points = clone_list(metric.exponential_histogram_points, arena);
  copy.summary_points = clone_list(metric.summary_points, arena);
  return copy;
}

LogRecord clone(const LogRecord& record, Arena& arena) {
  LogRecord copy = record;
  copy.severity_text = arena.copy(record.severity_text);
  copy.body = clone(record.body, arena);
  copy.attributes = clone(record.attributes, arena);
  copy.event_name = arena.copy(record.event_name);
  return copy;
}

ResourceSpans clone(const ResourceSpans& spans, Arena& arena) {
  return {clone(spans.resource, arena), clone_list(spans.scopes, arena),
          arena.copy(spans.schema_url)};
}

ResourceMetrics clone(const ResourceMetrics& metrics, Arena& arena) {
  return {clone(metrics.resource, arena), clone_list(metrics.scopes, arena),
          arena.copy(metrics.schema_url)};
}

ResourceLogs clone(const ResourceLogs& logs, Arena& arena) {
  return {clone(logs.resource, arena), clone_list(logs.scopes, arena), arena.copy(logs.schema_url)};
}

}  // namespace kolben
