#include "otlp/decode_common.h"

namespace kolben::otlp {
namespace {

bool decode_array(std::string_view message, Value& value, Arena& arena, int depth) {
  if (depth > kValueDepthMax) return false;
  List<Value> values;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() != bytes_field(1)) {
      in.skip_unknown(known_fields(1));
      continue;
    }
    Value& element = add_element(values, in, arena);
    in.require(decode_value(in.bytes(), element, arena, depth));
  }
  value = Value::array(values);
  return !in.failed();
}

bool decode_kvlist(std::string_view message, Value& value, Arena& arena, int depth) {
  if (depth > kValueDepthMax) return false;
  List<KeyValue> entries;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() != bytes_field(1)) {
      in.skip_unknown(known_fields(1));
      continue;
    }
    KeyValue& entry = add_element(entries, in, arena);
    in.require(decode_attribute(in.bytes(), entry, arena, depth));
  }
  value = Value::kvlist(entries);
  return !in.failed();
}

bool decode_entity_ref(std::string_view message, EntityRef& entity, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        entity.schema_url = in.bytes();
        break;
      case bytes_field(2):
        entity.type = in.bytes();
        break;
      case bytes_field(3):
        entity.id_keys.push_back(arena, in.bytes());
        break;
      case bytes_field(4):
        entity.description_keys.push_back(arena, in.bytes());
        break;
      default:
        in.skip_unknown(known_fields_up_to(4));
    }
  }
  return !in.failed();
}

}  // namespace

bool decode_value(std::string_view message, Value& value, Arena& arena, int depth) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        value = Value::string(in.bytes());
        break;
      case varint_field(2):
        value = Value::boolean(in.boolean());
        break;
      case varint_field(3):
        value = Value::integer(in.int64());
        break;
      case fixed64_field(4):
        value = Value::real(in.real());
        break;
      case bytes_field(5):
        in.require(decode_array(in.bytes(), value, arena, depth + 1));
        break;
      case bytes_field(6):
        in.require(decode_kvlist(in.bytes(), value, arena, depth + 1));
        break;
      case bytes_field(7):
        value = Value::bytes(in.bytes());
        break;
      default:
        in.skip_unknown(known_fields_up_to(7));
    }
  }
  return !in.failed();
}

bool decode_attribute(std::string_view message, KeyValue& attribute, Arena& arena, int depth) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        attribute.key = in.bytes();
        break;
      case bytes_field(2):
        in.require(decode_value(in.bytes(), attribute.value, arena, depth));
        break;
      default:
        in.skip_unknown(known_fields_up_to(2));
    }
  }
  return !in.failed();
}

bool decode_resource(std::string_view message, Resource& resource, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        read_attribute(in, resource.attributes, arena);
        break;
      case varint_field(2):
        resource.dropped_attributes_count = in.uint32();
        break;
      case bytes_field(3): {
        EntityRef& entity = add_element(resource.entity_refs, in, arena);
        in.require(decode_entity_ref(in.bytes(), entity, arena));
        break;
      }
      default:
        in.skip_unknown(known_fields_up_to(3));
    }
  }
  return !in.failed();
}

bool decode_scope(std::string_view message, Scope& scope, Arena& arena) {
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        scope.name = in.bytes();
        break;
      case bytes_field(2):
        scope.version = in.bytes();
        break;
      case bytes_field(3):
        read_attribute(in, scope.attributes, arena);
        break;
      case varint_field(4):
        scope.dropped_attributes_count = in.uint32();
        break;
      default:
        in.skip_unknown(known_fields_up_to(4));
    }
  }
  return !in.failed();
}

}  // namespace kolben::otlp
