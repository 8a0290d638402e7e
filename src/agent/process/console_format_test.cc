// The golden files were written by the real SDK: tests/data/agent/make_goldens.py.
#include "agent/process/console_format.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "agent/process/json_writer.h"

namespace kolben::agent {
namespace {

constexpr std::uint64_t kTime = 1'730'121'633'123'456'789;

std::string golden(const std::string& name) {
  std::string text;
  std::FILE* file = std::fopen((KOLBEN_TEST_DATA "/agent/" + name).c_str(), "r");
  if (file == nullptr) return text;
  char buffer[4096];
  for (std::size_t size = 0; (size = std::fread(buffer, 1, sizeof buffer, file)) > 0;) {
    text.append(buffer, size);
  }
  std::fclose(file);
  return text;
}

void add(Attributes& attributes, Arena& arena, std::string_view key, const Value& value) {
  attributes.push_back(arena, {key, value});
}

void fill(Resource& resource, Arena& arena) {
  add(resource.attributes, arena, "telemetry.sdk.language", Value::string("cpp"));
  add(resource.attributes, arena, "service.name", Value::string("todo"));
}

std::string printed(Batch& batch, ConsoleFormat format = ConsoleFormat::k1_27) {
  batch.recount();
  std::string text;
  format_console(batch, format, text);
  return text;
}

TEST(ConsoleFormat, SpansAreThoseOfThePythonSdk) {
  Batch batch(Signal::kTraces);
  Arena& arena = batch.arena();
  ResourceSpans& owner = batch.traces().resources.add(arena);
  fill(owner.resource, arena);
  List<Span>& spans = owner.scopes.add(arena).spans;

  Span& plain = spans.add(arena);
  plain.name = "GET /";
  plain.trace_id.bytes[0] = 0xab;
  plain.span_id.bytes[7] = 0xcd;
  plain.kind = SpanKind::kServer;
  plain.start_time_unix_nano = kTime;
  plain.end_time_unix_nano = kTime + 5'250'000;
  add(plain.attributes, arena, "http.method", Value::string("GET"));
  add(plain.attributes, arena, "net.host.port", Value::integer(5000));
  add(plain.attributes, arena, "ok", Value::boolean(true));
  add(plain.attributes, arena, "half", Value::real(0.5));

  Span& full = spans.add(arena);
  full.name = "quote \" back \\ tab \t caf\u00e9 \U0001f600 \x7f";
  full.trace_id.bytes[15] = 1;
  full.span_id.bytes[7] = 2;
  full.parent_span_id.bytes[7] = 3;
  full.trace_state = "key=k,z=1";
  full.kind = SpanKind::kClient;
  full.start_time_unix_nano = kTime;
  full.end_time_unix_nano = 1'700'000'000'999'999'999;
  full.status_code = SpanStatusCode::kError;
  full.status_message = "boom";
  SpanEvent& event = full.events.add(arena);
  event.name = "exception";
  event.time_unix_nano = kTime + 1;
  add(event.attributes, arena, "exception.type", Value::string("ValueError"));
  SpanLink& link = full.links.add(arena);
  link.trace_id.bytes[15] = 5;
  link.span_id.bytes[7] = 6;
  add(link.attributes, arena, "why", Value::string("ambiguous"));

  EXPECT_EQ(printed(batch), golden("console_spans.txt"));
  EXPECT_EQ(printed(batch, ConsoleFormat::kNewest), golden("console_spans_newest.txt"));
}

TEST(ConsoleFormat, LogRecordsAreThoseOfThePythonSdk) {
  Batch batch(Signal::kLogs);
  Arena& arena = batch.arena();
  ResourceLogs& owner = batch.logs().resources.add(arena);
  fill(owner.resource, arena);
  List<LogRecord>& records = owner.scopes.add(arena).records;
  const auto record = [&](std::int32_t severity, std::string_view text, std::string_view body) {
    LogRecord& added = records.add(arena);
    added.time_unix_nano = kTime;
    added.observed_time_unix_nano = kTime + 1000;
    added.severity_number = severity;
    added.severity_text = text;
    added.body = Value::string(body);
    return &added;
  };
  LogRecord* careful = record(13, "WARN", "careful");
  careful->trace_id.bytes[15] = 0xab;
  careful->span_id.bytes[7] = 0xab;
  careful->flags = 1;
  add(careful->attributes, arena, "log.iostream", Value::string("stderr"));
  record(0, "", " * Debug mode: off");
  record(10, "INFO2", "");
  EXPECT_EQ(printed(batch), golden("console_logs.txt"));
  EXPECT_EQ(printed(batch, ConsoleFormat::kNewest), golden("console_logs_newest.txt"));
}

TEST(ConsoleFormat, MetricsAreThoseOfThePythonSdk) {
  Batch batch(Signal::kMetrics);
  Arena& arena = batch.arena();
  ResourceMetrics& owner = batch.metrics().resources.add(arena);
  fill(owner.resource, arena);
  ScopeMetrics& scope = owner.scopes.add(arena);
  scope.scope.name = "scope";
  scope.scope.version = "0.1.0";

  Metric& requests = scope.metrics.add(arena);
  requests.name = "requests";
  requests.kind = MetricKind::kSum;
  requests.temporality = Temporality::kCumulative;
  requests.is_monotonic = true;
  NumberPoint& count = requests.number_points.add(arena);
  count.start_time_unix_nano = kTime;
  count.time_unix_nano = kTime + 1;
  count.value = {NumberType::kInt, 3, 0};
  Exemplar& example = count.exemplars.add(arena);
  example.time_unix_nano = kTime;
  example.value = {NumberType::kInt, 2, 0};
  example.span_id.bytes[0] = 0xcd;
  example.trace_id.bytes[0] = 0xab;
  add(count.attributes, arena, "endpoint", Value::string("home"));

  Metric& temperature = scope.metrics.add(arena);
  temperature.name = "temperature";
  temperature.description = "how hot";
  temperature.unit = "Cel";
  temperature.kind = MetricKind::kGauge;
  NumberPoint& degrees = temperature.number_points.add(arena);
  degrees.start_time_unix_nano = kTime;
  degrees.time_unix_nano = kTime + 1;
  Exemplar& of_nobody = degrees.exemplars.add(arena);
  of_nobody.time_unix_nano = kTime;
  of_nobody.value = {NumberType::kDouble, 0, 1e-05};
  degrees.value = {NumberType::kDouble, 0, 1e-05};

  Metric& duration = scope.metrics.add(arena);
  duration.name = "duration";
  duration.description = "d";
  duration.unit = "ms";
  duration.kind = MetricKind::kHistogram;
  duration.temporality = Temporality::kDelta;
  HistogramPoint& point = duration.histogram_points.add(arena);
  point.start_time_unix_nano = kTime;
  point.time_unix_nano = kTime + 1;
  point.count = 2;
  point.sum = 7.5;
  for (const std::uint64_t bucket : {1u, 0u, 1u}) point.bucket_counts.push_back(arena, bucket);
  for (const double bound : {0.005, 5.0}) point.explicit_bounds.push_back(arena, bound);
  point.min = 0.001;
  point.max = 7.499;

  EXPECT_EQ(printed(batch), golden("console_metrics.txt"));
  EXPECT_EQ(printed(batch, ConsoleFormat::kNewest), golden("console_metrics_newest.txt"));
}

TEST(ConsoleFormat, AllKindsOfMetricsAndAttributesAreThoseOfThePythonSdk) {
  Batch batch(Signal::kMetrics);
  Arena& arena = batch.arena();
  ResourceMetrics& owner = batch.metrics().resources.add(arena);
  fill(owner.resource, arena);
  ScopeMetrics& scope = owner.scopes.add(arena);
  scope.scope.name = "scope";
  scope.scope.version = "0.1.0";

  Metric& queue = scope.metrics.add(arena);
  queue.name = "queue";
  queue.unit = "{item}";
  queue.kind = MetricKind::kSum;
  queue.temporality = Temporality::kDelta;
  NumberPoint& falling = queue.number_points.add(arena);
  falling.start_time_unix_nano = kTime;
  falling.time_unix_nano = kTime + 1;
  falling.value = {NumberType::kDouble, 0, -2.5};
  List<Value> list;
  for (const char* item : {"a", "b"}) list.push_back(arena, Value::string(item));
  add(falling.attributes, arena, "list", Value::array(list));
  add(falling.attributes, arena, "ok", Value::boolean(true));
  add(falling.attributes, arena, "ratio", Value::real(0.25));
  add(falling.attributes, arena, "count", Value::integer(7));

  Metric& duration = scope.metrics.add(arena);
  duration.name = "duration";
  duration.description = "d";
  duration.unit = "s";
  duration.kind = MetricKind::kExponentialHistogram;
  duration.temporality = Temporality::kCumulative;
  ExponentialHistogramPoint& point = duration.exponential_histogram_points.add(arena);
  point.start_time_unix_nano = kTime;
  point.time_unix_nano = kTime + 1;
  point.count = 4;
  point.sum = 7.5;
  point.scale = 3;
  point.zero_count = 1;
  point.positive.offset = -2;
  for (const std::uint64_t one : {1u, 0u, 1u}) point.positive.bucket_counts.push_back(arena, one);
  point.negative.bucket_counts.push_back(arena, 1);
  point.min = -1.5;
  point.max = 7.499;

  EXPECT_EQ(printed(batch), golden("console_metrics_more.txt"));
  EXPECT_EQ(printed(batch, ConsoleFormat::kNewest), golden("console_metrics_more_newest.txt"));
}

TEST(ConsoleFormat, NothingRecordedPrintsNothing) {
  Batch batch(Signal::kMetrics);
  EXPECT_EQ(printed(batch), "");
}

TEST(JsonWriter, FloatsAreThoseOfRepr) {
  std::string text;
  for (const double value : {0.0, 5.0, 1e-5, 1e16, 1.5e-7, 123456789.125, 1e15, 0.1, 1.0 / 3, 1e22,
                             -2.5, 123456789012345680.0, 0.0001, 9007199254740993.0, 1e100}) {
    append_python_float(text, value);
    text += '\n';
  }
  EXPECT_EQ(text, golden("floats.txt"));
}

TEST(JsonWriter, InvalidUtf8IsReplaced) {
  std::string text;
  append_python_string(text, "a\xff\xc3(\xed\xa0\x80z");
  EXPECT_EQ(text, "\"a\\ufffd\\ufffd(\\ufffd\\ufffd\\ufffdz\"");
}

}  // namespace
}  // namespace kolben::agent
