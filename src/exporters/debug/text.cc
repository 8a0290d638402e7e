#include "exporters/debug/text.h"

#include <fmt/format.h>

#include "exporters/debug/format.h"
#include "exporters/debug/metrics_text.h"

namespace kolben::exporters::debug {
namespace {

std::string_view kind_name(SpanKind kind) {
  switch (kind) {
    case SpanKind::kUnspecified:
      return "Unspecified";
    case SpanKind::kInternal:
      return "Internal";
    case SpanKind::kServer:
      return "Server";
    case SpanKind::kClient:
      return "Client";
    case SpanKind::kProducer:
      return "Producer";
    case SpanKind::kConsumer:
      return "Consumer";
  }
  return "Unspecified";
}

std::string_view status_name(SpanStatusCode code) {
  switch (code) {
    case SpanStatusCode::kUnset:
      return "Unset";
    case SpanStatusCode::kOk:
      return "Ok";
    case SpanStatusCode::kError:
      return "Error";
  }
  return "Unset";
}

template <std::size_t N>
std::string id_text(const Id<N>& id) {
  return id.is_zero() ? std::string() : id.to_hex();
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  fmt::format_to(std::back_inserter(out), "    {:<15}: ", name);
  append_printable(out, value);
  out += '\n';
}

void append_events(std::string& out, const List<SpanEvent>& events) {
  if (events.empty()) return;
  out += "Events:\n";
  for (std::size_t i = 0; i < events.size(); ++i) {
    fmt::format_to(std::back_inserter(out), "SpanEvent #{}\n     -> Name: ", i);
    append_printable(out, events[i].name);
    fmt::format_to(std::back_inserter(out),
                   "\n     -> Timestamp: {}\n     -> DroppedAttributesCount: {}\n",
                   format_time(events[i].time_unix_nano), events[i].dropped_attributes_count);
    append_attributes(out, "     -> Attributes::", events[i].attributes);
  }
}

void append_links(std::string& out, const List<SpanLink>& links) {
  if (links.empty()) return;
  out += "Links:\n";
  for (std::size_t i = 0; i < links.size(); ++i) {
    fmt::format_to(std::back_inserter(out),
                   "SpanLink #{}\n     -> Trace ID: {}\n     -> ID: {}\n     -> TraceState: ", i,
                   id_text(links[i].trace_id), id_text(links[i].span_id));
    append_printable(out, links[i].trace_state);
    fmt::format_to(std::back_inserter(out), "\n     -> DroppedAttributesCount: {}\n",
                   links[i].dropped_attributes_count);
    append_attributes(out, "     -> Attributes::", links[i].attributes);
  }
}

void append_span(std::string& out, std::size_t index, const Span& span) {
  fmt::format_to(std::back_inserter(out), "Span #{}\n", index);
  append_field(out, "Trace ID", id_text(span.trace_id));
  append_field(out, "Parent ID", id_text(span.parent_span_id));
  append_field(out, "ID", id_text(span.span_id));
  append_field(out, "Name", span.name);
  append_field(out, "Kind", kind_name(span.kind));
  if (!span.trace_state.empty()) append_field(out, "TraceState", span.trace_state);
  append_field(out, "Start time", format_time(span.start_time_unix_nano));
  append_field(out, "End time", format_time(span.end_time_unix_nano));
  append_field(out, "Status code", status_name(span.status_code));
  append_field(out, "Status message", span.status_message);
  append_attributes(out, "Attributes:", span.attributes);
  append_events(out, span.events);
  append_links(out, span.links);
}

void append_log(std::string& out, std::size_t index, const LogRecord& record) {
  fmt::format_to(std::back_inserter(out), "LogRecord #{}\nObservedTimestamp: {}\nTimestamp: {}\n",
                 index, format_time(record.observed_time_unix_nano),
                 format_time(record.time_unix_nano));
  out += "SeverityText: ";
  append_printable(out, record.severity_text);
  fmt::format_to(std::back_inserter(out), "\nSeverityNumber: {}\n", record.severity_number);
  if (!record.event_name.empty()) {
    out += "EventName: ";
    append_printable(out, record.event_name);
    out += '\n';
  }
  out += "Body: ";
  append_typed(out, record.body);
  out += '\n';
  append_attributes(out, "Attributes:", record.attributes);
  fmt::format_to(std::back_inserter(out), "Trace ID: {}\nSpan ID: {}\nFlags: {}\n",
                 id_text(record.trace_id), id_text(record.span_id), record.flags);
}

void append_span_line(std::string& out, const Span& span) {
  append_printable(out, span.name);
  fmt::format_to(std::back_inserter(out), " {} {}", id_text(span.trace_id), id_text(span.span_id));
  append_pairs(out, span.attributes);
  out += '\n';
}

void append_log_line(std::string& out, const LogRecord& record) {
  append_plain(out, record.body);
  append_pairs(out, record.attributes);
  out += '\n';
}

std::string traces_text(const DecodedTraces& traces, Layout wanted) {
  std::string out;
  append_tree<&ScopeSpans::spans>(
      out, wanted, {"ResourceSpans", "ScopeSpans"}, traces.resources,
      [](std::string& text, Layout layout, std::size_t index, const Span& span) {
        if (layout == Layout::kNormal) return append_span_line(text, span);
        append_span(text, index, span);
      });
  return out;
}

std::string logs_text(const DecodedLogs& logs, Layout wanted) {
  std::string out;
  append_tree<&ScopeLogs::records>(
      out, wanted, {"ResourceLog", "ScopeLogs"}, logs.resources,
      [](std::string& text, Layout layout, std::size_t index, const LogRecord& record) {
        if (layout == Layout::kNormal) return append_log_line(text, record);
        append_log(text, index, record);
      });
  return out;
}

std::string text_of(const Batch& batch, Layout layout) {
  switch (batch.signal()) {
    case Signal::kTraces:
      return traces_text(batch.traces(), layout);
    case Signal::kMetrics:
      return metrics_text(batch.metrics(), layout);
    case Signal::kLogs:
      return logs_text(batch.logs(), layout);
  }
  return {};
}

}  // namespace

std::string summary_line(const Batch& batch) {
  switch (batch.signal()) {
    case Signal::kTraces:
      return fmt::format("Traces {{\"resource spans\": {}, \"spans\": {}}}",
                         batch.traces().resources.size(), batch.items());
    case Signal::kMetrics: {
      std::size_t metrics = 0;
      for (const ResourceMetrics& resource : batch.metrics().resources) {
        for (const ScopeMetrics& scope : resource.scopes) metrics += scope.metrics.size();
      }
      return fmt::format(
          "Metrics {{\"resource metrics\": {}, \"metrics\": {}, \"data points\": {}}}",
          batch.metrics().resources.size(), metrics, batch.items());
    }
    case Signal::kLogs:
      return fmt::format("Logs {{\"resource logs\": {}, \"log records\": {}}}",
                         batch.logs().resources.size(), batch.items());
  }
  return {};
}

std::string normal_text(const Batch& batch) {
  return text_of(batch, Layout::kNormal);
}
std::string detailed_text(const Batch& batch) {
  return text_of(batch, Layout::kDetailed);
}

}  // namespace kolben::exporters::debug
