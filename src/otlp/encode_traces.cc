#include "otlp/encode_tree.h"

namespace kolben::otlp {
namespace {

void encode_event(const SpanEvent& event, ProtobufWriter& out) {
  const auto message = out.begin_message(11, kItemLengthBytes);
  out.fixed64_unless_zero(1, event.time_unix_nano);
  out.bytes_unless_empty(2, event.name);
  encode_attributes(3, event.attributes, out);
  out.varint_unless_zero(4, event.dropped_attributes_count);
  out.end_message(message);
}

void encode_link(const SpanLink& link, ProtobufWriter& out) {
  const auto message = out.begin_message(13);
  encode_id(1, link.trace_id, out);
  encode_id(2, link.span_id, out);
  out.bytes_unless_empty(3, link.trace_state);
  encode_attributes(4, link.attributes, out);
  out.varint_unless_zero(5, link.dropped_attributes_count);
  out.fixed32_unless_zero(6, link.flags);
  out.end_message(message);
}

void encode_status(const Span& span, ProtobufWriter& out) {
  if (span.status_code == SpanStatusCode::kUnset && span.status_message.empty()) return;
  const auto message = out.begin_message(15);
  out.bytes_unless_empty(2, span.status_message);
  out.int64_unless_zero(3, static_cast<std::int32_t>(span.status_code));
  out.end_message(message);
}

void encode_span(const Span& span, ProtobufWriter& out) {
  const auto message = out.begin_message(2, kItemLengthBytes);
  encode_id(1, span.trace_id, out);
  encode_id(2, span.span_id, out);
  out.bytes_unless_empty(3, span.trace_state);
  encode_id(4, span.parent_span_id, out);
  out.bytes_unless_empty(5, span.name);
  out.int64_unless_zero(6, static_cast<std::int32_t>(span.kind));
  out.fixed64_unless_zero(7, span.start_time_unix_nano);
  out.fixed64_unless_zero(8, span.end_time_unix_nano);
  encode_attributes(9, span.attributes, out);
  out.varint_unless_zero(10, span.dropped_attributes_count);
  for (const SpanEvent& event : span.events) encode_event(event, out);
  out.varint_unless_zero(12, span.dropped_events_count);
  for (const SpanLink& link : span.links) encode_link(link, out);
  out.varint_unless_zero(14, span.dropped_links_count);
  encode_status(span, out);
  out.fixed32_unless_zero(16, span.flags);
  out.end_message(message);
}

}  // namespace

void encode_request(const DecodedTraces& traces, ProtobufWriter& out) {
  encode_tree<&ScopeSpans::spans, encode_span>(traces.resources, out);
}

}  // namespace kolben::otlp
