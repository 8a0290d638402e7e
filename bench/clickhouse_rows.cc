// clickhouse_rows SPANS: the reference data as JSONEachRow of the table otel_traces, as the
// ClickHouse exporter of the OpenTelemetry Collector fills it: ids in hex, every attribute as text.
// For bench/clickhouse_bench.py.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "bench/generator.h"
#include "otlp/check.h"
#include "otlp/decode.h"
#include "storage/evaluate.h"
#include "wire/json_writer.h"

namespace kolben::bench {
namespace {

void write_map(std::string_view key, const Attributes& attributes, wire::JsonWriter& json) {
  json.key(key);
  json.begin_object();
  for (const KeyValue& attribute : attributes) {
    json.key(attribute.key);
    json.string(value_text(attribute.value));
  }
  json.end_object();
}

std::string kind_name(SpanKind kind) {
  static constexpr const char* kNames[] = {"Unspecified", "Internal", "Server",
                                           "Client",      "Producer", "Consumer"};
  return kNames[static_cast<std::size_t>(kind) % std::size(kNames)];
}

std::string status_name(SpanStatusCode status) {
  if (status == SpanStatusCode::kError) return "Error";
  return status == SpanStatusCode::kOk ? "Ok" : "Unset";
}

void write_text(std::string_view key, std::string_view text, wire::JsonWriter& json) {
  json.key(key);
  json.string(text);
}

// Times are numbers of nanoseconds here; the table's insert makes DateTime64(9) of them.
void write_events(const Span& span, wire::JsonWriter& json) {
  json.key("Events.Timestamp");
  json.begin_array();
  for (const SpanEvent& event : span.events) json.unsigned_integer(event.time_unix_nano);
  json.end_array();
  json.key("Events.Name");
  json.begin_array();
  for (const SpanEvent& event : span.events) json.string(event.name);
  json.end_array();
  json.key("Events.Attributes");
  json.begin_array();
  for (const SpanEvent& event : span.events) {
    json.begin_object();
    for (const KeyValue& attribute : event.attributes) {
      json.key(attribute.key);
      json.string(value_text(attribute.value));
    }
    json.end_object();
  }
  json.end_array();
}

void write_span(const ResourceSpans& resource, const ScopeSpans& scope, const Span& span,
                std::string& out) {
  wire::JsonWriter json(out);
  json.begin_object();
  json.key("Timestamp");
  json.unsigned_integer(span.start_time_unix_nano);
  write_text("TraceId", span.trace_id.to_hex(), json);
  write_text("SpanId", span.span_id.to_hex(), json);
  write_text("ParentSpanId", span.parent_span_id.is_zero() ? "" : span.parent_span_id.to_hex(),
             json);
  write_text("TraceState", span.trace_state, json);
  write_text("SpanName", span.name, json);
  write_text("SpanKind", kind_name(span.kind), json);
  write_text("ServiceName", service_name(resource.resource), json);
  write_map("ResourceAttributes", resource.resource.attributes, json);
  write_text("ScopeName", scope.scope.name, json);
  write_text("ScopeVersion", scope.scope.version, json);
  write_map("SpanAttributes", span.attributes, json);
  json.key("Duration");
  json.unsigned_integer(span.duration_nanos());
  write_text("StatusCode", status_name(span.status_code), json);
  write_text("StatusMessage", span.status_message, json);
  write_events(span, json);
  json.end_object();
  out.push_back('\n');
}

void write_rows(std::uint64_t spans, SpanData data) {
  SpanGenerator generator(1, data);
  std::uint64_t written = 0;
  std::string out;
  while (written < spans) {
    std::string request = generator.next_request();
    const std::uint64_t items = *otlp::check(Signal::kTraces, request);
    std::vector<WirePiece> pieces(1);
    pieces[0].message = Bytes::from_string(std::move(request));
    Batch batch = Batch::from_wire(Signal::kTraces, std::move(pieces), items);
    if (!otlp::decode(batch).is_ok()) std::abort();
    out.clear();
    for (const ResourceSpans& resource : batch.traces().resources) {
      for (const ScopeSpans& scope : resource.scopes) {
        for (const Span& span : scope.spans) write_span(resource, scope, span, out);
      }
    }
    std::fwrite(out.data(), 1, out.size(), stdout);
    written += items;
  }
}

}  // namespace
}  // namespace kolben::bench

// clickhouse_rows [SPANS [narrow|wide]]
int main(int argc, char** argv) {
  using kolben::bench::SpanData;
  const bool is_wide = argc > 2 && std::strcmp(argv[2], "wide") == 0;
  kolben::bench::write_rows(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000,
                            is_wide ? SpanData::kWide : SpanData::kNarrow);
  return 0;
}
