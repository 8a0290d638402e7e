#include <arpa/inet.h>

#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "receivers/zipkin/batch_builder.h"
#include "receivers/zipkin/translate.h"
#include "wire/protobuf_reader.h"

namespace kolben::receivers::zipkin {
namespace {

using wire::bytes_field;
using wire::fixed64_field;
using wire::known_fields_up_to;
using wire::ProtobufReader;
using wire::varint_field;

// Tags of zipkin.proto's fields.
namespace list_field {
constexpr std::uint32_t kSpans = bytes_field(1);
}
namespace span_field {
constexpr std::uint32_t kTraceId = bytes_field(1);
constexpr std::uint32_t kParentId = bytes_field(2);
constexpr std::uint32_t kId = bytes_field(3);
constexpr std::uint32_t kKind = varint_field(4);
constexpr std::uint32_t kName = bytes_field(5);
constexpr std::uint32_t kTimestamp = fixed64_field(6);
constexpr std::uint32_t kDuration = varint_field(7);
constexpr std::uint32_t kLocalEndpoint = bytes_field(8);
constexpr std::uint32_t kRemoteEndpoint = bytes_field(9);
constexpr std::uint32_t kAnnotations = bytes_field(10);
constexpr std::uint32_t kTags = bytes_field(11);
// debug (12) and shared (13) say nothing that the model holds.
constexpr std::uint64_t kKnown = known_fields_up_to(11);
}  // namespace span_field
namespace endpoint_field {
constexpr std::uint32_t kServiceName = bytes_field(1);
constexpr std::uint32_t kIpv4 = bytes_field(2);
constexpr std::uint32_t kIpv6 = bytes_field(3);
constexpr std::uint32_t kPort = varint_field(4);
constexpr std::uint64_t kKnown = known_fields_up_to(4);
}  // namespace endpoint_field
namespace annotation_field {
constexpr std::uint32_t kTimestamp = fixed64_field(1);
constexpr std::uint32_t kValue = bytes_field(2);
constexpr std::uint64_t kKnown = known_fields_up_to(2);
}  // namespace annotation_field
namespace entry_field {
constexpr std::uint32_t kKey = bytes_field(1);
constexpr std::uint32_t kValue = bytes_field(2);
constexpr std::uint64_t kKnown = known_fields_up_to(2);
}  // namespace entry_field

// zipkin.proto3.Span.Kind
SpanKind kind_of(std::uint64_t number) {
  constexpr SpanKind kKinds[] = {SpanKind::kInternal, SpanKind::kClient, SpanKind::kServer,
                                 SpanKind::kProducer, SpanKind::kConsumer};
  return number < std::size(kKinds) ? kKinds[number] : SpanKind::kInternal;
}

// As text; empty where it is no address, which Zipkin's own server leaves out as well.
std::string address_text(std::string_view bytes) {
  char text[INET6_ADDRSTRLEN] = {};
  if (bytes.size() != 4 && bytes.size() != 16) return {};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  return ::inet_ntop(family, bytes.data(), text, sizeof(text)) == nullptr ? "" : text;
}

// An endpoint whose parts live in the message, but for the address, which is written as text.
struct ReadEndpoint {
  std::string_view service;
  std::string_view ipv4;
  std::string_view ipv6;
  std::uint64_t port = 0;

  std::string address() const {
    std::string text = address_text(ipv4);
    return text.empty() ? address_text(ipv6) : text;
  }
};

// The readers return whether the bytes are well-formed. A field that comes twice: the last holds.
bool read_endpoint(std::string_view message, ReadEndpoint& endpoint) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case endpoint_field::kServiceName:
        endpoint.service = in.bytes();
        break;
      case endpoint_field::kIpv4:
        endpoint.ipv4 = in.bytes();
        break;
      case endpoint_field::kIpv6:
        endpoint.ipv6 = in.bytes();
        break;
      case endpoint_field::kPort:
        endpoint.port = in.varint();
        break;
      default:
        in.skip_unknown(endpoint_field::kKnown);
    }
  }
  return !in.failed();
}

bool read_annotation(std::string_view message, BatchBuilder& builder) {
  std::uint64_t micros = 0;
  std::string_view text;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case annotation_field::kTimestamp:
        micros = in.fixed64();
        break;
      case annotation_field::kValue:
        text = in.bytes();
        break;
      default:
        in.skip_unknown(annotation_field::kKnown);
    }
  }
  if (!in.failed()) builder.annotation(micros, text);
  return !in.failed();
}

bool read_tag_entry(std::string_view message, BatchBuilder& builder) {
  std::string_view key;
  std::string_view text;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case entry_field::kKey:
        key = in.bytes();
        break;
      case entry_field::kValue:
        text = in.bytes();
        break;
      default:
        in.skip_unknown(entry_field::kKnown);
    }
  }
  if (!in.failed()) builder.tag(key, text);
  return !in.failed();
}

struct Ids {
  std::string_view trace;
  std::string_view span;
  std::string_view parent;
};

// What a span has once.
bool read_head(std::string_view message, Ids& ids, SpanHead& head, ReadEndpoint& local,
               ReadEndpoint& remote) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case span_field::kTraceId:
        ids.trace = in.bytes();
        break;
      case span_field::kParentId:
        ids.parent = in.bytes();
        break;
      case span_field::kId:
        ids.span = in.bytes();
        break;
      case span_field::kKind:
        head.kind = kind_of(in.varint());
        break;
      case span_field::kName:
        head.name = in.bytes();
        break;
      case span_field::kTimestamp:
        head.start_micros = in.fixed64();
        break;
      case span_field::kDuration:
        head.duration_micros = in.varint();
        break;
      case span_field::kLocalEndpoint:
        in.require(read_endpoint(in.bytes(), local));
        break;
      case span_field::kRemoteEndpoint:
        in.require(read_endpoint(in.bytes(), remote));
        break;
      case span_field::kAnnotations:
      case span_field::kTags:
        in.bytes();
        break;
      default:
        in.skip_unknown(span_field::kKnown);
    }
  }
  return !in.failed();
}

// Tags or annotations, as `tag` says, of a span whose head was well-formed.
bool read_all(std::string_view message, std::uint32_t tag, BatchBuilder& builder,
              bool (*read)(std::string_view, BatchBuilder&)) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == tag) {
      in.require(read(in.bytes(), builder));
    } else {
      in.skip_unknown(0);
    }
  }
  return !in.failed();
}

std::optional<TraceId> trace_id_of(std::string_view bytes) {
  TraceId id;
  if (bytes.size() != 8 && bytes.size() != 16) return std::nullopt;
  // Of 64 bits: filled up with zeros.
  std::memcpy(id.bytes.data() + (id.bytes.size() - bytes.size()), bytes.data(), bytes.size());
  return id;
}

Status take_ids(std::size_t index, const Ids& ids, SpanHead& head) {
  const auto trace_id = trace_id_of(ids.trace);
  if (!trace_id) return mistake(index, "trace_id", "want 8 or 16 bytes");
  const auto span_id = SpanId::from_bytes(ids.span);
  if (ids.span.empty() || !span_id) return mistake(index, "id", "want 8 bytes");
  const auto parent_id = SpanId::from_bytes(ids.parent);
  if (!parent_id) return mistake(index, "parent_id", "want 8 bytes");
  head.trace_id = *trace_id;
  head.span_id = *span_id;
  head.parent_span_id = *parent_id;
  return Status::ok();
}

Status read_span(std::size_t index, std::string_view message, BatchBuilder& builder) {
  constexpr std::string_view kMalformed = "malformed protobuf";
  Ids ids;
  SpanHead head;
  ReadEndpoint local;
  ReadEndpoint remote;
  if (!read_head(message, ids, head, local, remote)) return mistake(index, "", kMalformed);
  KOLBEN_RETURN_IF_ERROR(take_ids(index, ids, head));
  builder.begin(head);
  const std::string local_address = local.address();
  const std::string remote_address = remote.address();
  builder.local({local.service, local_address, local.port});
  builder.remote({remote.service, remote_address, remote.port});
  if (!read_all(message, span_field::kTags, builder, &read_tag_entry)) {
    return mistake(index, "tags", kMalformed);
  }
  if (!read_all(message, span_field::kAnnotations, builder, &read_annotation)) {
    return mistake(index, "annotations", kMalformed);
  }
  builder.end();
  return Status::ok();
}

}  // namespace

Result<Batch> translate_protobuf(std::string_view message, const TranslateOptions& options) {
  BatchBuilder builder(options);
  std::size_t index = 0;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() != list_field::kSpans) {
      in.skip_unknown(wire::known_fields(1));
      continue;
    }
    const std::string_view span = in.bytes();
    if (in.failed()) break;
    KOLBEN_RETURN_IF_ERROR(read_span(index, span, builder));
    ++index;
  }
  if (in.failed()) return mistake(index, "", "malformed protobuf");
  return std::move(builder).finish();
}

}  // namespace kolben::receivers::zipkin
