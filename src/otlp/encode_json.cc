#include "otlp/decode.h"
#include "otlp/encode.h"
#include "otlp/json.h"
#include "otlp/schema.h"
#include "wire/json_writer.h"
#include "wire/protobuf_reader.h"

namespace kolben::otlp {
namespace {

using wire::JsonWriter;
using wire::ProtobufReader;

// Writes protobuf that our own encoder made, which has all elements of a repeated field in a row
// and its numbers packed, as JSON: the table knows every name, so that this is written once.
class Transcoder {
 public:
  explicit Transcoder(std::string& out) : json_(out) {}

  void message(const MessageType& type, std::string_view bytes) {
    json_.begin_object();
    ProtobufReader in(bytes);
    bool has_field = in.next();
    while (has_field) {
      const Field* field = type.field(in.tag() >> 3);
      if (field == nullptr) {
        in.skip_unknown(0);
        has_field = in.next();
        continue;
      }
      json_.key(field->name);
      has_field = field->is_repeated ? elements(*field, in) : single(*field, in);
    }
    json_.end_object();
  }

 private:
  bool single(const Field& field, ProtobufReader& in) {
    value(field, in);
    return in.next();
  }

  // All that follow with the same tag. Whether there is a field after them.
  bool elements(const Field& field, ProtobufReader& in) {
    const std::uint32_t tag = in.tag();
    json_.begin_array();
    bool has_field = true;
    do {
      if (is_packed(field)) {
        packed(field, in.bytes());
      } else {
        value(field, in);
      }
      has_field = in.next();
    } while (has_field && in.tag() == tag);
    json_.end_array();
    return has_field;
  }

  static bool is_packed(const Field& field) {
    return field.kind != FieldKind::kMessage && field.kind != FieldKind::kString;
  }

  void packed(const Field& field, std::string_view bytes) {
    ProtobufReader values(bytes);
    while (!values.at_end()) {
      switch (field.kind) {
        case FieldKind::kDouble:
          json_.real(values.real());
          break;
        case FieldKind::kFixed64:
          json_.quoted_unsigned_integer(values.fixed64());
          break;
        default:
          json_.quoted_unsigned_integer(values.varint());
      }
    }
  }

  void value(const Field& field, ProtobufReader& in) {
    switch (field.kind) {
      case FieldKind::kBool:
        json_.boolean(in.boolean());
        return;
      case FieldKind::kInt64:
        json_.quoted_integer(in.int64());
        return;
      case FieldKind::kUint32:
        json_.unsigned_integer(in.uint32());
        return;
      case FieldKind::kUint64:
        json_.quoted_unsigned_integer(in.varint());
        return;
      case FieldKind::kSint32:
        json_.integer(in.sint32());
        return;
      case FieldKind::kEnum:
        json_.integer(in.int32());
        return;
      case FieldKind::kFixed32:
        json_.unsigned_integer(in.fixed32());
        return;
      case FieldKind::kFixed64:
        json_.quoted_unsigned_integer(in.fixed64());
        return;
      case FieldKind::kSfixed64:
        json_.quoted_integer(static_cast<std::int64_t>(in.fixed64()));
        return;
      case FieldKind::kDouble:
        json_.real(in.real());
        return;
      case FieldKind::kString:
        json_.string(in.bytes());
        return;
      case FieldKind::kBytes:
        json_.base64(in.bytes());
        return;
      case FieldKind::kTraceId:
      case FieldKind::kSpanId:
        json_.hex(in.bytes());
        return;
      case FieldKind::kMessage:
        message(*field.message, in.bytes());
        return;
    }
  }

  JsonWriter json_;
};

}  // namespace

void encode_json(const Batch& batch, std::string& out) {
  std::string message;
  if (batch.is_wire()) {
    // Others' bytes may have their fields in any order, which a writer in one go cannot use.
    Batch decoded = batch.clone();
    const Status status = decode(decoded);
    KOLBEN_DCHECK(status.is_ok());  // what did not pass check() is in no batch
    if (status.is_ok()) encode(decoded, message);
  } else {
    encode(batch, message);
  }
  Transcoder(out).message(request_type(batch.signal()), message);
}

}  // namespace kolben::otlp
