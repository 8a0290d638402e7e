// A ring in a temporary file, and functions that write what the preloaded library writes. For
// tests.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "agent/ring/attribute_codec.h"
#include "agent/ring/record.h"
#include "agent/ring/ring.h"

namespace kolben::agent::testing {

inline constexpr std::uint64_t kTime = 1'730'121'633'123'456'789;  // 2024-10-28T13:20:33Z

inline Context context(std::uint8_t trace, std::uint8_t span) {
  Context context;
  std::memset(context.trace_id, trace, sizeof context.trace_id);
  std::memset(context.span_id, span, sizeof context.span_id);
  context.flags = 1;
  return context;
}

// Bytes of a record: fixed part, then texts.
class RecordBytes {
 public:
  explicit RecordBytes(RecordType type, std::uint32_t pid = 1) {
    header_.type = type;
    header_.pid = pid;
    header_.tid = pid;
  }
  template <typename Fixed>
  RecordBytes& fixed(const Fixed& value) {
    payload_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  RecordBytes& text(std::string_view text) {
    payload_ += text;
    return *this;
  }
  std::string bytes() const {
    RecordHeader header = header_;
    header.size = static_cast<std::uint32_t>(sizeof header + payload_.size());
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + payload_;
  }
  void write(RingHeader* ring) const {
    RecordWriter writer(ring, header_.type, static_cast<std::uint32_t>(payload_.size()),
                        header_.pid, header_.tid);
    if (writer.ok()) {
      writer.append(payload_.data(), static_cast<std::uint32_t>(payload_.size()));
    }
  }

 private:
  RecordHeader header_;
  std::string payload_;
};

inline kolben_text text_of(std::string_view text) {
  return {text.data(), text.size()};
}

class EncodedAttributes {
 public:
  EncodedAttributes& add(std::string_view key, std::string_view value) {
    kolben_attribute attribute{text_of(key), KOLBEN_STRING, {}};
    attribute.value.string = text_of(value);
    return put(attribute);
  }
  EncodedAttributes& add(std::string_view key, std::int64_t value) {
    kolben_attribute attribute{text_of(key), KOLBEN_INT, {}};
    attribute.value.integer = value;
    return put(attribute);
  }
  EncodedAttributes& add(std::string_view key, double value) {
    kolben_attribute attribute{text_of(key), KOLBEN_DOUBLE, {}};
    attribute.value.real = value;
    return put(attribute);
  }
  EncodedAttributes& add_bool(std::string_view key, bool value) {
    kolben_attribute attribute{text_of(key), KOLBEN_BOOL, {}};
    attribute.value.boolean = value ? 1 : 0;
    return put(attribute);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  EncodedAttributes& put(const kolben_attribute& attribute) {
    std::uint8_t buffer[4096];
    AttributeEncoder encoder(buffer, sizeof buffer);
    encoder.add(attribute);
    bytes_.append(reinterpret_cast<const char*>(buffer), encoder.size());
    return *this;
  }
  std::string bytes_;
};

struct TestExchange {
  std::string request = "GET / HTTP/1.1\r\nHost: 127.0.0.1:5000\r\nUser-Agent: curl/7.88.1\r\n\r\n";
  std::uint16_t status = 200;  // 0: no response
  EndReason end_reason = EndReason::kComplete;
  std::string route;
  std::string attributes;
  std::string response_head;
  std::uint64_t start = kTime;
  std::uint64_t nanos = 5'250'000;
  Context self = context(0xab, 0xcd);
  std::uint8_t parent = 0;      // each byte of the parent's id; 0: a root
  std::string linked_trace_id;  // not empty: the parent is only linked
  bool parent_is_remote = false;
  bool is_excluded = false;
  std::string local_address = "127.0.0.1";
  std::string peer_address = "127.0.0.1";
  std::uint16_t local_port = 5000;
  std::uint16_t peer_port = 41234;
  bool is_encrypted = false;
  std::uint64_t request_bytes = 0, response_bytes = 0;  // of the bodies
  bool has_no_sizes = false;
};

inline RecordBytes exchange_record(const TestExchange& exchange,
                                   RecordType type = RecordType::kServerExchange,
                                   std::uint32_t pid = 1) {
  Exchange fixed;
  fixed.start_time = exchange.start;
  fixed.end_time = exchange.start + exchange.nanos;
  fixed.self = exchange.self;
  std::memset(fixed.parent_span_id, exchange.parent, sizeof fixed.parent_span_id);
  fixed.parent_is_remote = exchange.parent_is_remote ? 1 : 0;
  fixed.is_encrypted = exchange.is_encrypted ? 1 : 0;
  fixed.is_excluded = exchange.is_excluded ? 1 : 0;
  fixed.request_body_bytes = exchange.request_bytes;
  fixed.response_body_bytes = exchange.response_bytes;
  fixed.has_no_sizes = exchange.has_no_sizes ? 1 : 0;
  fixed.local_port = exchange.local_port;
  fixed.peer_port = exchange.peer_port;
  fixed.local_address_size = static_cast<std::uint8_t>(exchange.local_address.size());
  fixed.peer_address_size = static_cast<std::uint8_t>(exchange.peer_address.size());
  fixed.response_status = exchange.status;
  fixed.end_reason = exchange.end_reason;
  fixed.response_minor_version = 1;
  fixed.request_head_size = static_cast<std::uint16_t>(exchange.request.size());
  fixed.route_size = static_cast<std::uint16_t>(exchange.route.size());
  fixed.attributes_size = static_cast<std::uint16_t>(exchange.attributes.size());
  fixed.linked_size = static_cast<std::uint16_t>(exchange.linked_trace_id.size());
  fixed.response_head_size = static_cast<std::uint16_t>(exchange.response_head.size());
  RecordBytes record(type, pid);
  record.fixed(fixed).text(exchange.local_address).text(exchange.peer_address);
  record.text(exchange.request);
  return record.text(exchange.route)
      .text(exchange.attributes)
      .text(exchange.linked_trace_id)
      .text(exchange.response_head);
}

struct TestPiece {
  std::string bytes;
  std::uint8_t direction = 0;
  std::uint64_t position = 0;
  std::uint32_t unseen = 0;  // behind the bytes
  std::uint64_t time = kTime;
  std::uint8_t protocol = 2;  // Redis
  std::uint32_t stream = 1;
  std::uint32_t pid = 1;
  Context self = context(0xab, 0xef);
  std::uint8_t parent = 0xcd;
  std::uint8_t linked_trace = 0;
  std::string peer_address = "127.0.0.1";
  std::uint16_t peer_port = 6379;
  std::string local_address;  // not empty: the program is the server
  std::uint16_t local_port = 0;
  std::vector<StreamRequest> requests;
};

inline RecordBytes piece_record(const TestPiece& piece) {
  StreamPiece fixed;
  fixed.time = piece.time;
  fixed.position = piece.position;
  fixed.self = piece.self;
  std::memset(fixed.parent_span_id, piece.parent, sizeof fixed.parent_span_id);
  std::memset(fixed.linked_trace_id, piece.linked_trace, sizeof fixed.linked_trace_id);
  fixed.stream = piece.stream;
  fixed.protocol = piece.protocol;
  fixed.direction = piece.direction;
  fixed.peer_address_size = static_cast<std::uint8_t>(piece.peer_address.size());
  fixed.peer_port = piece.peer_port;
  fixed.is_served = piece.local_address.empty() ? 0 : 1;
  fixed.local_address_size = static_cast<std::uint8_t>(piece.local_address.size());
  fixed.local_port = piece.local_port;
  fixed.request_count = static_cast<std::uint8_t>(piece.requests.size());
  fixed.segment_count = 1;
  fixed.bytes_size = static_cast<std::uint32_t>(piece.bytes.size());
  const StreamSegment segment{fixed.bytes_size, piece.unseen};
  RecordBytes record(RecordType::kStreamPiece, piece.pid);
  record.fixed(fixed).text(piece.peer_address).text(piece.local_address);
  for (const StreamRequest& request : piece.requests) record.fixed(request);
  return record.fixed(segment).text(piece.bytes);
}

inline RecordBytes stream_end_record(EndReason reason, std::uint32_t stream = 1,
                                     std::uint32_t pid = 1) {
  StreamEnd fixed;
  fixed.time = kTime + 9'000'000;
  fixed.stream = stream;
  fixed.end_reason = reason;
  return RecordBytes(RecordType::kStreamEnd, pid).fixed(fixed);
}

inline RecordBytes statement_record(std::string_view text, std::int32_t error_code = 0) {
  constexpr std::string_view kDatabase = "shop.db";
  Statement fixed;
  fixed.start_time = kTime;
  fixed.end_time = kTime + 1'000'000;
  fixed.self = context(0xab, 0xef);
  std::memset(fixed.parent_span_id, 0xcd, sizeof fixed.parent_span_id);
  fixed.error_code = error_code;
  fixed.database_size = static_cast<std::uint32_t>(kDatabase.size());
  fixed.text_size = static_cast<std::uint32_t>(text.size());
  return RecordBytes(RecordType::kStatement).fixed(fixed).text(kDatabase).text(text);
}

inline RecordBytes output_record(std::string_view bytes, std::uint32_t file_descriptor = 1,
                                 std::uint32_t pid = 1, Context context = {}, bool is_told = false,
                                 std::string_view path = {}) {
  Output fixed;
  fixed.time = kTime;
  fixed.is_told = is_told ? 1 : 0;
  fixed.context = context;
  fixed.file_descriptor = file_descriptor;
  fixed.path_size = static_cast<std::uint16_t>(path.size());
  fixed.bytes_size = static_cast<std::uint32_t>(bytes.size());
  return RecordBytes(RecordType::kOutput, pid).fixed(fixed).text(path).text(bytes);
}

inline RecordBytes command_record(Context self, std::uint64_t end_time = 0,
                                  bool is_only_if_known = false) {
  Command fixed;
  fixed.start_time = kTime;
  fixed.end_time = end_time;
  fixed.self = self;
  fixed.pid = 1;
  fixed.is_only_if_known = is_only_if_known ? 1 : 0;
  return RecordBytes(RecordType::kCommand).fixed(fixed);
}

inline RecordBytes measurement_record(int kind, std::string_view name, double value,
                                      std::string_view attributes = {}, std::string_view unit = {},
                                      std::string_view description = {}) {
  Measurement fixed;
  fixed.time = kTime;
  fixed.value = value;
  fixed.kind = static_cast<std::uint8_t>(kind);
  fixed.name_size = static_cast<std::uint32_t>(name.size());
  fixed.unit_size = static_cast<std::uint32_t>(unit.size());
  fixed.description_size = static_cast<std::uint32_t>(description.size());
  fixed.attributes_size = static_cast<std::uint32_t>(attributes.size());
  RecordBytes record(RecordType::kMeasurement);
  return record.fixed(fixed).text(name).text(unit).text(description).text(attributes);
}

struct TestSpan {
  std::string name = "querying_tasks";
  std::string attributes;
  std::string events;
  std::string links;
  std::string scope;
  std::uint8_t kind = 1;
  std::uint8_t status = 0;
  std::string status_message;
  Context self = context(0xab, 0xef);
  std::uint8_t parent = 0xcd;
  std::uint32_t dropped_events = 0;
};

inline RecordBytes span_record(const TestSpan& span) {
  SpanRecord fixed;
  fixed.start_time = kTime;
  fixed.end_time = kTime + 1'000'000;
  fixed.self = span.self;
  std::memset(fixed.parent_span_id, span.parent, sizeof fixed.parent_span_id);
  fixed.kind = span.kind;
  fixed.status_code = span.status;
  fixed.name_size = static_cast<std::uint32_t>(span.name.size());
  fixed.status_message_size = static_cast<std::uint32_t>(span.status_message.size());
  fixed.attributes_size = static_cast<std::uint32_t>(span.attributes.size());
  fixed.events_size = static_cast<std::uint32_t>(span.events.size());
  fixed.scope_name_size = static_cast<std::uint32_t>(span.scope.size());
  fixed.links_size = static_cast<std::uint32_t>(span.links.size());
  fixed.dropped_events_count = span.dropped_events;
  RecordBytes record(RecordType::kSpan);
  record.fixed(fixed).text(span.name).text(span.status_message).text(span.scope);
  return record.text(span.attributes).text(span.events).text(span.links);
}

inline std::string event_bytes(std::string_view name, std::string_view attributes) {
  const std::uint64_t time = kTime + 500'000;
  const auto name_size = static_cast<std::uint32_t>(name.size());
  const auto attributes_size = static_cast<std::uint32_t>(attributes.size());
  std::string bytes(reinterpret_cast<const char*>(&time), sizeof time);
  bytes.append(reinterpret_cast<const char*>(&name_size), sizeof name_size);
  bytes.append(reinterpret_cast<const char*>(&attributes_size), sizeof attributes_size);
  return bytes.append(name).append(attributes);
}

inline RecordBytes log_record(std::int32_t severity, std::string_view body,
                              std::string_view attributes = {}, Context context = {},
                              std::string_view severity_text = {}, std::string_view scope = {}) {
  LogRecordHeader fixed;
  fixed.time = kTime;
  fixed.context = context;
  fixed.severity = severity;
  fixed.body_size = static_cast<std::uint32_t>(body.size());
  fixed.attributes_size = static_cast<std::uint32_t>(attributes.size());
  fixed.severity_text_size = static_cast<std::uint32_t>(severity_text.size());
  fixed.scope_name_size = static_cast<std::uint32_t>(scope.size());
  RecordBytes record(RecordType::kLog);
  return record.fixed(fixed).text(severity_text).text(scope).text(body).text(attributes);
}

class TestRing {
 public:
  explicit TestRing(std::uint32_t slots = 1024) {
    char path[] = "/tmp/kolben-ring-test-XXXXXX";
    const int file = ::mkstemp(path);
    if (file >= 0) ::close(file);
    ::unlink(path);
    path_ = path;
    ring_ = create_ring(path, slots);
  }
  ~TestRing() {
    unmap_ring(ring_);
    ::unlink(path_.c_str());
  }
  TestRing(const TestRing&) = delete;
  TestRing& operator=(const TestRing&) = delete;

  RingHeader* ring() const { return ring_; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  RingHeader* ring_ = nullptr;
};

}  // namespace kolben::agent::testing
