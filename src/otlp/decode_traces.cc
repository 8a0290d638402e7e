#include "otlp/decode_tree.h"

namespace kolben::otlp {
namespace {

bool decode_event(std::string_view message, SpanEvent& event, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case fixed64_field(1):
        event.time_unix_nano = in.fixed64();
        break;
      case bytes_field(2):
        event.name = in.bytes();
        break;
      case bytes_field(3):
        read_attribute(in, event.attributes, arena);
        break;
      case varint_field(4):
        event.dropped_attributes_count = in.uint32();
        break;
      default:
        in.skip_unknown(known_fields_up_to(4));
    }
  }
  return !in.failed();
}

bool decode_link(std::string_view message, SpanLink& link, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        read_id(in, link.trace_id);
        break;
      case bytes_field(2):
        read_id(in, link.span_id);
        break;
      case bytes_field(3):
        link.trace_state = in.bytes();
        break;
      case bytes_field(4):
        read_attribute(in, link.attributes, arena);
        break;
      case varint_field(5):
        link.dropped_attributes_count = in.uint32();
        break;
      case fixed32_field(6):
        link.flags = in.fixed32();
        break;
      default:
        in.skip_unknown(known_fields_up_to(6));
    }
  }
  return !in.failed();
}

bool decode_status(std::string_view message, Span& span) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(2):
        span.status_message = in.bytes();
        break;
      case varint_field(3):
        span.status_code = static_cast<SpanStatusCode>(in.int32());
        break;
      default:
        in.skip_unknown(known_fields(2, 3));
    }
  }
  return !in.failed();
}

bool decode_span(std::string_view message, Span& span, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        read_id(in, span.trace_id);
        break;
      case bytes_field(2):
        read_id(in, span.span_id);
        break;
      case bytes_field(3):
        span.trace_state = in.bytes();
        break;
      case bytes_field(4):
        read_id(in, span.parent_span_id);
        break;
      case bytes_field(5):
        span.name = in.bytes();
        break;
      case varint_field(6):
        span.kind = static_cast<SpanKind>(in.int32());
        break;
      case fixed64_field(7):
        span.start_time_unix_nano = in.fixed64();
        break;
      case fixed64_field(8):
        span.end_time_unix_nano = in.fixed64();
        break;
      case bytes_field(9):
        read_attribute(in, span.attributes, arena);
        break;
      case varint_field(10):
        span.dropped_attributes_count = in.uint32();
        break;
      case bytes_field(11): {
        SpanEvent& event = add_element(span.events, in, arena);
        in.require(decode_event(in.bytes(), event, arena));
        break;
      }
      case varint_field(12):
        span.dropped_events_count = in.uint32();
        break;
      case bytes_field(13): {
        SpanLink& link = add_element(span.links, in, arena);
        in.require(decode_link(in.bytes(), link, arena));
        break;
      }
      case varint_field(14):
        span.dropped_links_count = in.uint32();
        break;
      case bytes_field(15):
        in.require(decode_status(in.bytes(), span));
        break;
      case fixed32_field(16):
        span.flags = in.fixed32();
        break;
      default:
        in.skip_unknown(known_fields_up_to(16));
    }
  }
  return !in.failed();
}

}  // namespace

bool decode_request(std::string_view message, DecodedTraces& traces, Arena& arena) {
  return decode_tree<&ScopeSpans::spans, decode_span>(message, traces.resources, arena);
}

}  // namespace kolben::otlp
