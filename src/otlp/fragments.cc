#include "otlp/fragments.h"

#include "otlp/decode_common.h"
#include "otlp/encode_common.h"

namespace kolben::otlp {

void encode_fragment(const Resource& resource, std::string& out) {
  ProtobufWriter writer(out);
  encode_fields(resource, writer);
}

void encode_fragment(const Scope& scope, std::string& out) {
  ProtobufWriter writer(out);
  encode_fields(scope, writer);
}

void encode_fragment(const Value& value, std::string& out) {
  ProtobufWriter writer(out);
  encode_value(value, writer);
}

void encode_fragment(const KeyValue& attribute, std::string& out) {
  ProtobufWriter writer(out);
  encode_fields(attribute, writer);
}

bool decode_fragment(std::string_view message, Resource& resource, Arena& arena) {
  return decode_resource(message, resource, arena);
}

bool decode_fragment(std::string_view message, Scope& scope, Arena& arena) {
  return decode_scope(message, scope, arena);
}

bool decode_fragment(std::string_view message, Value& value, Arena& arena) {
  return decode_value(message, value, arena, 0);
}

bool decode_fragment(std::string_view message, KeyValue& attribute, Arena& arena) {
  return decode_attribute(message, attribute, arena);
}

}  // namespace kolben::otlp
