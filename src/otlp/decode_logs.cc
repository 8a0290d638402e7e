#include "otlp/decode_tree.h"

namespace kolben::otlp {
namespace {

bool decode_record(std::string_view message, LogRecord& record, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case fixed64_field(1):
        record.time_unix_nano = in.fixed64();
        break;
      case varint_field(2):
        record.severity_number = in.int32();
        break;
      case bytes_field(3):
        record.severity_text = in.bytes();
        break;
      case bytes_field(5):
        in.require(decode_value(in.bytes(), record.body, arena, 0));
        break;
      case bytes_field(6):
        read_attribute(in, record.attributes, arena);
        break;
      case varint_field(7):
        record.dropped_attributes_count = in.uint32();
        break;
      case fixed32_field(8):
        record.flags = in.fixed32();
        break;
      case bytes_field(9):
        read_id(in, record.trace_id);
        break;
      case bytes_field(10):
        read_id(in, record.span_id);
        break;
      case fixed64_field(11):
        record.observed_time_unix_nano = in.fixed64();
        break;
      case bytes_field(12):
        record.event_name = in.bytes();
        break;
      default:
        in.skip_unknown(known_fields(1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12));
    }
  }
  return !in.failed();
}

}  // namespace

bool decode_request(std::string_view message, DecodedLogs& logs, Arena& arena) {
  return decode_tree<&ScopeLogs::records, decode_record>(message, logs.resources, arena);
}

}  // namespace kolben::otlp
