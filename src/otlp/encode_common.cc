#include "otlp/encode_common.h"

namespace kolben::otlp {
namespace {

// Most attributes are texts.
void encode_text_attribute(std::uint32_t number, std::string_view key, std::string_view text,
                           ProtobufWriter& out) {
  const std::size_t value_size = ProtobufWriter::bytes_size(text.size());
  const std::size_t key_size = key.empty() ? 0 : ProtobufWriter::bytes_size(key.size());
  const std::size_t size = key_size + ProtobufWriter::bytes_size(value_size);
  char* to = out.begin_raw(2 * ProtobufWriter::kVarintBytesMax + size);
  to = ProtobufWriter::put_length(to, number, size);
  if (!key.empty()) to = ProtobufWriter::put_bytes(to, 1, key);
  to = ProtobufWriter::put_length(to, 2, value_size);
  out.end_raw(ProtobufWriter::put_bytes(to, 1, text));
}

void encode_attribute(std::uint32_t number, const KeyValue& attribute, ProtobufWriter& out) {
  if (attribute.value.type() == ValueType::kString) {
    return encode_text_attribute(number, attribute.key, attribute.value.as_string(), out);
  }
  const auto message = out.begin_message(number);
  encode_fields(attribute, out);
  out.end_message(message);
}

void encode_entity_ref(const EntityRef& entity, ProtobufWriter& out) {
  const auto message = out.begin_message(3);
  out.bytes_unless_empty(1, entity.schema_url);
  out.bytes_unless_empty(2, entity.type);
  for (const std::string_view key : entity.id_keys) out.bytes(3, key);
  for (const std::string_view key : entity.description_keys) out.bytes(4, key);
  out.end_message(message);
}

}  // namespace

void encode_fields(const KeyValue& attribute, ProtobufWriter& out) {
  out.bytes_unless_empty(1, attribute.key);
  // Always there, even if empty: many a reader takes it for granted.
  const auto value = out.begin_message(2);
  encode_value(attribute.value, out);
  out.end_message(value);
}

void encode_fields(const Resource& resource, ProtobufWriter& out) {
  encode_attributes(1, resource.attributes, out);
  out.varint_unless_zero(2, resource.dropped_attributes_count);
  for (const EntityRef& entity : resource.entity_refs) encode_entity_ref(entity, out);
}

void encode_fields(const Scope& scope, ProtobufWriter& out) {
  out.bytes_unless_empty(1, scope.name);
  out.bytes_unless_empty(2, scope.version);
  encode_attributes(3, scope.attributes, out);
  out.varint_unless_zero(4, scope.dropped_attributes_count);
}

// Recursion: as deep as the value, which decode bounds by kValueDepthMax.
void encode_value(const Value& value, ProtobufWriter& out) {
  switch (value.type()) {
    case ValueType::kEmpty:
      return;
    case ValueType::kString:
      out.bytes(1, value.as_string());
      return;
    case ValueType::kBool:
      out.boolean(2, value.as_bool());
      return;
    case ValueType::kInt:
      out.int64(3, value.as_int());
      return;
    case ValueType::kDouble:
      out.real(4, value.as_double());
      return;
    case ValueType::kArray: {
      const auto array = out.begin_message(5);
      for (const Value& element : value.as_array()) {
        const auto message = out.begin_message(1);
        encode_value(element, out);
        out.end_message(message);
      }
      out.end_message(array);
      return;
    }
    case ValueType::kKvlist: {
      const auto kvlist = out.begin_message(6);
      for (const KeyValue& entry : value.as_kvlist()) encode_attribute(1, entry, out);
      out.end_message(kvlist);
      return;
    }
    case ValueType::kBytes:
      out.bytes(7, value.as_bytes());
      return;
  }
}

void encode_attributes(std::uint32_t number, const Attributes& attributes, ProtobufWriter& out) {
  for (const KeyValue& attribute : attributes) encode_attribute(number, attribute, out);
}

void encode_resource(std::uint32_t number, const Resource& resource, ProtobufWriter& out) {
  if (resource.attributes.empty() && resource.dropped_attributes_count == 0 &&
      resource.entity_refs.empty()) {
    return;
  }
  const auto message = out.begin_message(number, kItemLengthBytes);
  encode_fields(resource, out);
  out.end_message(message);
}

void encode_scope(std::uint32_t number, const Scope& scope, ProtobufWriter& out) {
  if (scope.name.empty() && scope.version.empty() && scope.attributes.empty() &&
      scope.dropped_attributes_count == 0) {
    return;
  }
  const auto message = out.begin_message(number);
  encode_fields(scope, out);
  out.end_message(message);
}

}  // namespace kolben::otlp
