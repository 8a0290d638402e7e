#include "query/page/search_json.h"

#include "query/conditions.h"

namespace kolben::query::page {
namespace {

void write_services(JsonWriter& json, const storage::TraceSummary& summary) {
  json.key("services");
  json.begin_array();
  for (const storage::ServiceCount& service : summary.services) {
    json.begin_object();
    text_field(json, "name", shown_service(service.name));
    number_field(json, "spans", service.spans);
    number_field(json, "errors", service.errors);
    json.end_object();
  }
  json.end_array();
}

// Where there is no root, what is known in its place.
void write_first(JsonWriter& json, const storage::TraceSummary& summary) {
  if (!summary.root_service.empty() || !summary.root_name.empty()) return;
  json.key("first");
  json.begin_object();
  text_field(json, "service", shown_service(summary.first_service));
  text_field(json, "name", shown_operation(summary.first_name));
  json.end_object();
}

void write_match(JsonWriter& json, const storage::TraceMatch& match) {
  json.key("match");
  json.begin_object();
  number_field(json, "spans", match.spans);
  text_field(json, "spanId", match.span_id.to_hex());
  text_field(json, "service", shown_service(match.service));
  text_field(json, "name", shown_operation(match.name));
  json.key("durationMicros");
  write_micros(json, match.duration);
  text_field(json, "detail", match.detail);
  json.end_object();
}

void write_summary(JsonWriter& json, const storage::TraceSummary& summary) {
  const bool is_forward = summary.end_unix_nano > summary.start_unix_nano;
  json.begin_object();
  text_field(json, "traceId", summary.trace_id.to_hex());
  text_field(json, "rootService", summary.root_service);
  text_field(json, "rootName", summary.root_name);
  write_first(json, summary);
  decimal_field(json, "start", summary.start_unix_nano);
  json.key("durationMicros");
  write_micros(json, is_forward ? summary.end_unix_nano - summary.start_unix_nano : 0);
  number_field(json, "spans", summary.spans);
  number_field(json, "errors", summary.errors);
  write_services(json, summary);
  if (summary.match) write_match(json, *summary.match);
  json.end_object();
}

}  // namespace

void write_search(JsonWriter& json, const storage::TracePage& page) {
  json.key("traces");
  json.begin_array();
  for (const storage::TraceSummary& summary : page.traces) write_summary(json, summary);
  json.end_array();
  text_field(json, "nextCursor", page.next_cursor);
  number_field(json, "spansScanned", page.spans_scanned);
}

}  // namespace kolben::query::page
