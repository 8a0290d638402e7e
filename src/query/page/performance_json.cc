#include "query/page/performance_json.h"

#include "query/conditions.h"
#include "query/json.h"

namespace kolben::query::page {
namespace {

void real_field(JsonWriter& json, std::string_view key, double value) {
  json.key(key);
  json.real(value);
}

// Latencies as microseconds; null where nothing happened, so that nobody reads it as fast.
void write_latency(JsonWriter& json, std::uint64_t count, double nanos) {
  if (count == 0) {
    json.null();
  } else {
    json.real(nanos / 1000.0);
  }
}
void latency_field(JsonWriter& json, std::string_view key, std::uint64_t count, double nanos) {
  json.key(key);
  write_latency(json, count, nanos);
}

void write_series(JsonWriter& json, const PerformanceRow& row, bool has_series) {
  json.key("series");
  if (!has_series) return json.null();
  json.begin_object();
  json.key("count");
  json.begin_array();
  for (const std::uint64_t count : row.counts) json.unsigned_integer(count);
  json.end_array();
  json.key("p95");
  json.begin_array();
  for (std::size_t i = 0; i < row.p95s.size(); ++i) write_latency(json, row.counts[i], row.p95s[i]);
  json.end_array();
  json.end_object();
}

void write_row(JsonWriter& json, const Performance& performance, const PerformanceRow& row) {
  json.begin_object();
  text_field(json, "service", shown_service(row.service));
  if (performance.is_by_statement) {
    text_field(json, "statement", row.name);
    text_field(json, "key", row.key);
    text_field(json, "system", row.system);
  } else {
    text_field(json, "name", shown_operation(row.name));
  }
  number_field(json, "count", row.now.count);
  real_field(json, "rate", performance.now.rate(row.now.count));
  number_field(json, "errors", row.now.errors);
  real_field(json, "errorShare", row.now.error_share());
  latency_field(json, "p50", row.now.count, row.now.p50);
  latency_field(json, "p95", row.now.count, row.now.p95);
  latency_field(json, "p99", row.now.count, row.now.p99);
  real_field(json, "timeMicros", row.now.time / 1000.0);
  write_series(json, row, performance.bucket_nanos > 0);
  json.key("before");
  json.begin_object();
  number_field(json, "count", row.before.count);
  real_field(json, "rate", performance.before.rate(row.before.count));
  number_field(json, "errors", row.before.errors);
  latency_field(json, "p95", row.before.count, row.before.p95);
  json.end_object();
  json.end_object();
}

void write_window(JsonWriter& json, const Window& window) {
  decimal_field(json, "start", window.range.begin);
  decimal_field(json, "end", window.range.end);
  real_field(json, "seconds", window.seconds);
}

void write_sum(JsonWriter& json, const Figures& figures) {
  number_field(json, "count", figures.count);
  number_field(json, "errors", figures.errors);
  real_field(json, "timeMicros", figures.time / 1000.0);
}

}  // namespace

std::string performance_json(const Performance& performance) {
  std::string text;
  JsonWriter json(text);
  json.begin_object();
  write_window(json, performance.now);
  number_field(json, "bucketNanos", performance.bucket_nanos);
  json.key("rows");
  json.begin_array();
  for (const PerformanceRow& row : performance.rows) write_row(json, performance, row);
  json.end_array();
  json.key("others");
  json.begin_object();
  number_field(json, "rows", performance.other_rows);
  write_sum(json, performance.others);
  json.end_object();
  json.key("total");
  json.begin_object();
  real_field(json, "rate", performance.now.rate(performance.total.count));
  write_sum(json, performance.total);
  json.end_object();
  json.key("before");
  json.begin_object();
  write_window(json, performance.before);
  number_field(json, "count", performance.before_count);
  real_field(json, "rate", performance.before.rate(performance.before_count));
  json.end_object();
  number_field(json, "spansScanned", performance.spans_scanned);
  json.key("tookMicros");
  write_micros(json, performance.took_nanos);
  json.end_object();
  return text;
}

}  // namespace kolben::query::page
