// RandomTelemetry: batches for tests, of every signal, that use every field.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "base/random.h"
#include "model/batch.h"

namespace kolben::storage::part {

// Spans of a few services and many shapes; hostile values among them. The same seed makes the same
// spans.
class RandomTelemetry {
 public:
  explicit RandomTelemetry(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t end) { return random_.below(end); }
  bool one_in(std::uint64_t times) { return below(times) == 0; }

  std::string text() {
    static const std::string kTexts[] = {
        "",  "GET", "POST", "/cart", "/cart/checkout", "10.0.0.1", "\xff\xfe broken",
        "0", "17",  "-3",   "true",  "a\nb\tc"};
    if (one_in(3)) return "value " + std::to_string(below(5000));
    if (one_in(40)) return std::string(below(3000), 'x');
    return kTexts[below(std::size(kTexts))];
  }
  std::uint64_t time() {
    if (one_in(200)) return one_in(2) ? 0 : std::numeric_limits<std::uint64_t>::max();
    return 1'700'000'000'000'000'000 + below(60'000'000'000);
  }
  TraceId trace_id(std::uint64_t traces) {
    TraceId id;
    const std::uint64_t number = below(traces) * 0x9e3779b97f4a7c15;
    std::memcpy(id.bytes.data() + 8, &number, 8);
    return id;
  }
  SpanId span_id(std::uint64_t spans) {
    SpanId id;
    const std::uint64_t number = below(spans) + 1;
    std::memcpy(id.bytes.data(), &number, 8);
    return id;
  }

  Value value(Arena& arena, int depth = 0) {
    switch (below(depth < 3 ? 12 : 8)) {
      case 0:
        return Value();
      case 1:
        return Value::boolean(one_in(2));
      case 2:
        return Value::integer(static_cast<std::int64_t>(below(600)) - 3);
      case 3:
        return Value::integer(one_in(2) ? std::numeric_limits<std::int64_t>::min()
                                        : std::numeric_limits<std::int64_t>::max());
      case 4:
        return Value::real(static_cast<double>(below(1000)) / 8);
      case 5:
        return Value::real(one_in(2) ? -0.0 : std::numeric_limits<double>::quiet_NaN());
      case 8: {
        List<Value> values;
        for (std::uint64_t i = below(4); i > 0; --i)
          values.push_back(arena, value(arena, depth + 1));
        return Value::array(values);
      }
      case 9: {
        List<KeyValue> entries;
        for (std::uint64_t i = below(4); i > 0; --i) {
          entries.push_back(arena, {arena.copy(text()), value(arena, depth + 1)});
        }
        return Value::kvlist(entries);
      }
      case 10:
        return Value::bytes(arena.copy(text()));
      default:
        return Value::string(arena.copy(text()));
    }
  }
  void attributes(Arena& arena, std::uint64_t most, Attributes& out) {
    static const std::string kKeys[] = {
        "http.method", "http.status_code", "url.path", "user.id", "a", "b", "",
        "error",       "db.statement"};
    for (std::uint64_t i = below(most + 1); i > 0; --i) {
      const std::string key =
          one_in(30) ? "rare." + std::to_string(below(3000)) : kKeys[below(std::size(kKeys))];
      out.push_back(arena, {arena.copy(key), value(arena)});
    }
  }
  void span(Arena& arena, std::uint64_t traces, Span& span) {
    span.trace_id = trace_id(traces);
    span.span_id = span_id(40);
    if (!one_in(4)) span.parent_span_id = span_id(40);
    span.name = arena.copy(text());
    span.kind = static_cast<SpanKind>(one_in(50) ? 77 : below(6));
    span.status_code = static_cast<SpanStatusCode>(below(3));
    if (one_in(5)) span.status_message = arena.copy(text());
    if (one_in(9)) span.trace_state = "vendor=1";
    span.flags = one_in(3) ? 0x301 : 0;
    span.start_time_unix_nano = time();
    span.end_time_unix_nano =
        one_in(30) ? time() : span.start_time_unix_nano + below(1'000'000'000);
    attributes(arena, 9, span.attributes);
    span.dropped_attributes_count = one_in(50) ? 3 : 0;
    for (std::uint64_t i = one_in(4) ? below(4) : 0; i > 0; --i) {
      SpanEvent& event = span.events.add(arena);
      event.time_unix_nano = time();
      event.name = arena.copy(text());
      attributes(arena, 3, event.attributes);
      event.dropped_attributes_count = one_in(5) ? 1 : 0;
    }
    for (std::uint64_t i = one_in(6) ? below(3) : 0; i > 0; --i) {
      SpanLink& link = span.links.add(arena);
      link.trace_id = trace_id(traces);
      link.span_id = span_id(40);
      link.trace_state = one_in(2) ? "x=y" : "";
      attributes(arena, 2, link.attributes);
      link.flags = one_in(2) ? 1 : 0;
      link.dropped_attributes_count = one_in(5) ? 9 : 0;
    }
    span.dropped_events_count = one_in(50) ? 2 : 0;
    span.dropped_links_count = one_in(50) ? 4 : 0;
  }
  void resource(Arena& arena, Resource& resource) {
    static const std::string kServices[] = {"shop", "cart", "payment"};
    if (!one_in(8)) {
      set(resource.attributes, arena, "service.name",
          Value::string(arena.copy(kServices[below(std::size(kServices))])));
    }
    attributes(arena, 3, resource.attributes);
    resource.dropped_attributes_count = one_in(9) ? 1 : 0;
  }
  void scope(Arena& arena, Scope& scope) {
    scope.name = one_in(4) ? "" : arena.copy("library " + std::to_string(below(3)));
    scope.version = one_in(2) ? "" : "1.0";
    attributes(arena, 2, scope.attributes);
  }
  Batch spans(std::size_t count, std::uint64_t traces) {
    Batch batch(Signal::kTraces);
    Arena& arena = batch.arena();
    while (count > 0) {
      ResourceSpans& resource_spans = batch.traces().resources.add(arena);
      resource(arena, resource_spans.resource);
      resource_spans.schema_url = one_in(4) ? "https://example.org/1.2" : "";
      for (std::uint64_t scopes = 1 + below(2); scopes > 0; --scopes) {
        ScopeSpans& scope_spans = resource_spans.scopes.add(arena);
        scope(arena, scope_spans.scope);
        for (std::uint64_t i = std::min<std::uint64_t>(count, below(200)); i > 0; --i, --count) {
          span(arena, traces, scope_spans.spans.add(arena));
        }
      }
    }
    batch.recount();
    return batch;
  }
  void log_record(Arena& arena, LogRecord& record) {
    record.time_unix_nano = one_in(20) ? 0 : time();
    record.observed_time_unix_nano = one_in(3) ? 0 : time();
    record.severity_number = one_in(9) ? static_cast<std::int32_t>(below(2000)) - 1000
                                       : static_cast<std::int32_t>(below(25));
    record.severity_text = one_in(2) ? "" : arena.copy(text());
    if (one_in(3)) {
      record.body = value(arena);
    } else {
      record.body = Value::string(arena.copy("Fetched " + std::to_string(below(100)) + " rows of " +
                                             text() + " in " + std::to_string(below(9)) + " ms"));
    }
    attributes(arena, 4, record.attributes);
    record.dropped_attributes_count = one_in(20) ? 2 : 0;
    record.flags = one_in(2) ? 1 : 0;
    if (one_in(2)) record.trace_id = trace_id(500);
    if (one_in(2)) record.span_id = span_id(40);
    record.event_name = one_in(9) ? arena.copy(text()) : "";
  }
  Batch logs(std::size_t count) {
    Batch batch(Signal::kLogs);
    Arena& arena = batch.arena();
    while (count > 0) {
      ResourceLogs& resource_logs = batch.logs().resources.add(arena);
      resource(arena, resource_logs.resource);
      ScopeLogs& scope_logs = resource_logs.scopes.add(arena);
      scope(arena, scope_logs.scope);
      for (std::uint64_t i = std::min<std::uint64_t>(count, 1 + below(300)); i > 0; --i, --count) {
        log_record(arena, scope_logs.records.add(arena));
      }
    }
    batch.recount();
    return batch;
  }
  double real() {
    if (one_in(20)) return one_in(2) ? -0.0 : std::numeric_limits<double>::quiet_NaN();
    return one_in(2) ? static_cast<double>(below(1000)) / 100
                     : static_cast<double>(below(1000)) / 7;
  }
  Number number() {
    Number value;
    value.type = static_cast<NumberType>(one_in(10) ? 0 : 1 + below(2));
    if (value.type == NumberType::kInt) value.integer = static_cast<std::int64_t>(below(1000)) - 5;
    if (value.type == NumberType::kDouble) value.real = real();
    return value;
  }
  void counts(Arena& arena, std::size_t size, List<std::uint64_t>& out) {
    for (std::size_t i = 0; i < size; ++i) out.push_back(arena, below(500));
  }
  template <typename Point>
  void point(Arena& arena, Point& point) {
    attributes(arena, one_in(2) ? 0 : 2, point.attributes);
    point.start_time_unix_nano = one_in(2) ? 1'700'000'000'000'000'000 : time();
    point.time_unix_nano = time();
    point.flags = one_in(9) ? 1 : 0;
    if constexpr (requires { point.exemplars; }) {
      for (std::uint64_t i = one_in(6) ? below(3) : 0; i > 0; --i) {
        Exemplar& exemplar = point.exemplars.add(arena);
        exemplar.time_unix_nano = time();
        exemplar.value = number();
        exemplar.trace_id = trace_id(50);
        exemplar.span_id = span_id(50);
        attributes(arena, 2, exemplar.filtered_attributes);
      }
    }
    if constexpr (requires { point.value; }) point.value = number();
    if constexpr (requires { point.count; }) point.count = below(10'000);
    if constexpr (requires { point.has_sum; }) {
      if ((point.has_sum = one_in(2))) point.sum = real();
      if ((point.has_min = one_in(2))) point.min = real();
      if ((point.has_max = one_in(2))) point.max = real();
    }
    if constexpr (requires { point.explicit_bounds; }) {
      const std::size_t bounds = one_in(9) ? below(9) : 5;
      for (std::size_t i = 0; i < bounds; ++i) {
        point.explicit_bounds.push_back(arena, static_cast<double>(i) * 2.5);
      }
      if (!one_in(9)) counts(arena, bounds + 1, point.bucket_counts);
    }
    if constexpr (requires { point.zero_count; }) {
      point.scale = static_cast<std::int32_t>(below(30)) - 10;
      point.zero_count = below(9);
      point.zero_threshold = one_in(2) ? 0 : 1e-9;
      if ((point.has_positive = one_in(2))) {
        point.positive.offset = static_cast<std::int32_t>(below(300)) - 150;
        counts(arena, below(20), point.positive.bucket_counts);
      }
      if ((point.has_negative = one_in(2))) {
        point.negative.offset = static_cast<std::int32_t>(below(300)) - 150;
        counts(arena, below(20), point.negative.bucket_counts);
      }
    }
    if constexpr (requires { point.quantile_values; }) {
      point.sum = real();
      for (std::uint64_t i = below(4); i > 0; --i) {
        point.quantile_values.add(arena) = {static_cast<double>(i) / 4, real()};
      }
    }
  }
  void metric(Arena& arena, std::size_t points, Metric& metric) {
    metric.name = arena.copy("metric." + std::to_string(below(6)));
    metric.unit = one_in(2) ? "s" : "";
    metric.description = one_in(2) ? "what it is" : "";
    if (one_in(9)) attributes(arena, 2, metric.metadata);
    metric.kind = static_cast<MetricKind>(1 + below(5));
    const bool has_temporality =
        metric.kind != MetricKind::kGauge && metric.kind != MetricKind::kSummary;
    if (has_temporality) metric.temporality = static_cast<Temporality>(below(3));
    if (metric.kind == MetricKind::kSum) metric.is_monotonic = one_in(2);
    for (std::size_t i = 0; i < points; ++i) {
      switch (metric.kind) {
        case MetricKind::kHistogram:
          point(arena, metric.histogram_points.add(arena));
          break;
        case MetricKind::kExponentialHistogram:
          point(arena, metric.exponential_histogram_points.add(arena));
          break;
        case MetricKind::kSummary:
          point(arena, metric.summary_points.add(arena));
          break;
        default:
          point(arena, metric.number_points.add(arena));
      }
    }
  }
  Batch metrics(std::size_t points) {
    Batch batch(Signal::kMetrics);
    Arena& arena = batch.arena();
    while (points > 0) {
      ResourceMetrics& resource_metrics = batch.metrics().resources.add(arena);
      resource(arena, resource_metrics.resource);
      ScopeMetrics& scope_metrics = resource_metrics.scopes.add(arena);
      scope(arena, scope_metrics.scope);
      const std::size_t count = std::min<std::size_t>(points, 1 + below(100));
      metric(arena, count, scope_metrics.metrics.add(arena));
      points -= count;
    }
    batch.recount();
    return batch;
  }

 private:
  Random random_;
};

}  // namespace kolben::storage::part
