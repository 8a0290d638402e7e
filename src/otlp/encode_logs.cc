#include "otlp/encode_tree.h"

namespace kolben::otlp {
namespace {

void encode_record(const LogRecord& record, ProtobufWriter& out) {
  const auto message = out.begin_message(2, kItemLengthBytes);
  out.fixed64_unless_zero(1, record.time_unix_nano);
  out.int64_unless_zero(2, record.severity_number);
  out.bytes_unless_empty(3, record.severity_text);
  if (record.body.type() != ValueType::kEmpty) {
    const auto body = out.begin_message(5);
    encode_value(record.body, out);
    out.end_message(body);
  }
  encode_attributes(6, record.attributes, out);
  out.varint_unless_zero(7, record.dropped_attributes_count);
  out.fixed32_unless_zero(8, record.flags);
  encode_id(9, record.trace_id, out);
  encode_id(10, record.span_id, out);
  out.fixed64_unless_zero(11, record.observed_time_unix_nano);
  out.bytes_unless_empty(12, record.event_name);
  out.end_message(message);
}

}  // namespace

void encode_request(const DecodedLogs& logs, ProtobufWriter& out) {
  encode_tree<&ScopeLogs::records, encode_record>(logs.resources, out);
}

}  // namespace kolben::otlp
