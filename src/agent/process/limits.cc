#include "agent/process/limits.h"

#include "agent/process/utf8.h"
#include "agent/ring/attribute_codec.h"

namespace kolben::agent {
namespace {

// Records are bounded by the ring.
constexpr std::uint32_t kNoLimit = 0xffffffff;

std::string_view view_of(const kolben_text& text) {
  return {text.data, text.size};
}

Value list_of(std::string_view items, std::uint32_t bytes_max, Arena& arena);

Value value_of(const kolben_attribute& attribute, std::uint32_t bytes_max, Arena& arena) {
  switch (attribute.type) {
    case KOLBEN_STRING:
      return Value::string(owned_text(view_of(attribute.value.string), bytes_max, arena));
    case KOLBEN_BOOL:
      return Value::boolean(attribute.value.boolean != 0);
    case KOLBEN_INT:
      return Value::integer(attribute.value.integer);
    case KOLBEN_LIST:
      return list_of(view_of(attribute.value.string), bytes_max, arena);
    default:
      return Value::real(attribute.value.real);
  }
}

Value list_of(std::string_view items, std::uint32_t bytes_max, Arena& arena) {
  List<Value> values;
  AttributeDecoder decoder(reinterpret_cast<const std::uint8_t*>(items.data()), items.size());
  kolben_attribute item{};
  while (decoder.next_item(&item)) {
    // Not a list within a list, which OpenTelemetry's attributes have not.
    if (item.type != KOLBEN_LIST) values.push_back(arena, value_of(item, bytes_max, arena));
  }
  return Value::array(values);
}

// A string, or the strings of an array.
Value limited(const Value& value, std::uint32_t bytes_max, Arena& arena) {
  if (value.type() == ValueType::kArray) {
    List<Value> items;
    for (const Value& item : value.as_array()) {
      items.push_back(arena,
                      item.type() == ValueType::kArray ? item : limited(item, bytes_max, arena));
    }
    return Value::array(items);
  }
  if (value.type() != ValueType::kString) return value;
  const std::string_view text = value.as_string();
  if (text.size() <= bytes_max && is_utf8(text)) return value;
  return Value::string(owned_text(text, bytes_max, arena));
}

}  // namespace

std::string_view owned_text(std::string_view text, std::uint32_t bytes_max, Arena& arena) {
  const std::string_view cut = cut_utf8(text, bytes_max);
  if (is_utf8(cut)) return arena.copy(cut);
  return arena.copy(cut_utf8(repair_utf8(cut), bytes_max));
}

std::uint32_t add_encoded_attributes(std::string_view encoded, AttributeLimits limits,
                                     Attributes& attributes, Arena& arena) {
  std::uint32_t dropped = 0;
  AttributeDecoder decoder(reinterpret_cast<const std::uint8_t*>(encoded.data()), encoded.size());
  kolben_attribute attribute{};
  while (decoder.next(&attribute)) {
    const std::string_view key = view_of(attribute.key);
    if (key.empty()) continue;
    if (attributes.size() >= limits.count_max && find(attributes, key) == nullptr) {
      ++dropped;
      continue;
    }
    set(attributes, arena, owned_text(key, kNoLimit, arena),
        value_of(attribute, limits.value_bytes_max, arena));
  }
  return dropped;
}

std::uint32_t limit_attributes(AttributeLimits limits, Attributes& attributes, Arena& arena) {
  std::uint32_t dropped = 0;
  if (attributes.size() > limits.count_max) {
    dropped = attributes.size() - limits.count_max;
    attributes.truncate(limits.count_max);
  }
  for (KeyValue& attribute : attributes) {
    attribute.value = limited(attribute.value, limits.value_bytes_max, arena);
  }
  return dropped;
}

void limit_links(std::uint32_t links_max, AttributeLimits limits, Span& span, Arena& arena) {
  if (span.links.size() > links_max) {
    span.dropped_links_count += span.links.size() - links_max;
    span.links.truncate(links_max);
  }
  for (SpanLink& link : span.links) {
    link.dropped_attributes_count += limit_attributes(limits, link.attributes, arena);
  }
}

}  // namespace kolben::agent
