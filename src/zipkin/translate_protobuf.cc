#include <cstdint>

#include "wire/protobuf_writer.h"
#include "zipkin/span_parts.h"
#include "zipkin/translate.h"

namespace kolben::zipkin {
namespace {

using wire::ProtobufWriter;

// Field numbers of zipkin.proto.
namespace list_field {
constexpr std::uint32_t kSpans = 1;
}
namespace span_field {
constexpr std::uint32_t kTraceId = 1;
constexpr std::uint32_t kParentId = 2;
constexpr std::uint32_t kId = 3;
constexpr std::uint32_t kKind = 4;
constexpr std::uint32_t kName = 5;
constexpr std::uint32_t kTimestamp = 6;
constexpr std::uint32_t kDuration = 7;
constexpr std::uint32_t kLocalEndpoint = 8;
constexpr std::uint32_t kRemoteEndpoint = 9;
constexpr std::uint32_t kAnnotations = 10;
constexpr std::uint32_t kTags = 11;
}  // namespace span_field
namespace endpoint_field {
constexpr std::uint32_t kServiceName = 1;
constexpr std::uint32_t kIpv4 = 2;
constexpr std::uint32_t kIpv6 = 3;
constexpr std::uint32_t kPort = 4;
}  // namespace endpoint_field
namespace annotation_field {
constexpr std::uint32_t kTimestamp = 1;
constexpr std::uint32_t kValue = 2;
}  // namespace annotation_field
namespace entry_field {
constexpr std::uint32_t kKey = 1;
constexpr std::uint32_t kValue = 2;
}  // namespace entry_field

// zipkin.proto3.Span.Kind; 0: none of them.
std::uint64_t kind_number(SpanKind kind) {
  switch (kind) {
    case SpanKind::kClient:
      return 1;
    case SpanKind::kServer:
      return 2;
    case SpanKind::kProducer:
      return 3;
    case SpanKind::kConsumer:
      return 4;
    default:
      return 0;
  }
}

void append_endpoint(ProtobufWriter& out, std::uint32_t number, const Endpoint& endpoint) {
  const ProtobufWriter::Nested nested = out.begin_message(number);
  out.bytes_unless_empty(endpoint_field::kServiceName, endpoint.service.value_or(""));
  const Address& address = endpoint.address;
  if (address.size != 0) {
    out.bytes(address.size == 4 ? endpoint_field::kIpv4 : endpoint_field::kIpv6,
              {address.bytes, address.size});
  }
  if (endpoint.port) out.int64(endpoint_field::kPort, *endpoint.port);
  out.end_message(nested);
}

void append_span(ProtobufWriter& out, const Span& span, const Resource& resource,
                 const Scope& scope, std::string_view service) {
  constexpr std::uint32_t kUsualLengthBytes = 2;  // of a span: below 16 KiB
  const ProtobufWriter::Nested nested = out.begin_message(list_field::kSpans, kUsualLengthBytes);
  out.bytes(span_field::kTraceId, span.trace_id.as_bytes());
  if (!span.parent_span_id.is_zero()) {
    out.bytes(span_field::kParentId, span.parent_span_id.as_bytes());
  }
  out.bytes(span_field::kId, span.span_id.as_bytes());
  out.varint_unless_zero(span_field::kKind, kind_number(span.kind));
  out.bytes_unless_empty(span_field::kName, span.name);
  out.fixed64_unless_zero(span_field::kTimestamp, span.start_time_unix_nano / 1000);
  out.varint_unless_zero(span_field::kDuration, duration_micros(span));
  append_endpoint(out, span_field::kLocalEndpoint, local_endpoint(span, service));
  if (const auto remote = remote_endpoint(span)) {
    append_endpoint(out, span_field::kRemoteEndpoint, *remote);
  }
  for (const SpanEvent& event : span.events) {
    const ProtobufWriter::Nested annotation = out.begin_message(span_field::kAnnotations);
    out.fixed64_unless_zero(annotation_field::kTimestamp, event.time_unix_nano / 1000);
    out.bytes_unless_empty(annotation_field::kValue, annotation_text(event));
    out.end_message(annotation);
  }
  for_each_tag(span, resource, scope, [&](std::string_view key, std::string_view value) {
    const ProtobufWriter::Nested entry = out.begin_message(span_field::kTags);
    out.bytes(entry_field::kKey, key);
    out.bytes(entry_field::kValue, value);
    out.end_message(entry);
  });
  out.end_message(nested);
}

}  // namespace

std::string translate_to_protobuf(const DecodedTraces& traces, std::string_view default_service) {
  std::string message;
  ProtobufWriter out(message);
  for_each_span(
      traces, default_service,
      [&](const Span& span, const Resource& resource, const Scope& scope,
          std::string_view service) { append_span(out, span, resource, scope, service); });
  out.finish();
  return message;
}

}  // namespace kolben::zipkin
