#include "storage/engine/raw_item.h"

#include "base/arena.h"
#include "wire/protobuf_reader.h"

namespace kolben::storage::engine {
namespace {

using wire::bytes_field;
using wire::fixed64_field;
using wire::ProtobufReader;
using wire::varint_field;

// As deep as otlp::check() lets values be.
constexpr int kDepthMax = 64;

Value read_value(std::string_view any_value, Arena& arena, int depth);

Value read_array(std::string_view message, Arena& arena, int depth) {
  List<Value> values;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == bytes_field(1)) {
      values.push_back(arena, read_value(in.bytes(), arena, depth));
    } else {
      in.skip_unknown(0);
    }
  }
  return Value::array(values);
}

KeyValue read_entry(std::string_view message, Arena& arena, int depth) {
  KeyValue entry;
  ProtobufReader in(message);
  while (in.next()) {
    switch (in.tag()) {
      case bytes_field(1):
        entry.key = in.bytes();
        break;
      case bytes_field(2):
        entry.value = read_value(in.bytes(), arena, depth);
        break;
      default:
        in.skip_unknown(0);
    }
  }
  return entry;
}

Value read_kvlist(std::string_view message, Arena& arena, int depth) {
  List<KeyValue> entries;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == bytes_field(1)) {
      entries.push_back(arena, read_entry(in.bytes(), arena, depth));
    } else {
      in.skip_unknown(0);
    }
  }
  return Value::kvlist(entries);
}

Value read_value(std::string_view any_value, Arena& arena, int depth) {
  Value value;
  ProtobufReader in(any_value);
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
        if (depth > 0) value = read_array(in.bytes(), arena, depth - 1);
        break;
      case bytes_field(6):
        if (depth > 0) value = read_kvlist(in.bytes(), arena, depth - 1);
        break;
      case bytes_field(7):
        value = Value::bytes(in.bytes());
        break;
      default:
        in.skip_unknown(0);
    }
  }
  return value;
}

// The first value under `key` among the attributes, which are field `number` of the message.
template <typename Visit>
void visit_attribute(std::string_view message, std::uint32_t number, std::string_view key,
                     Arena& arena, Visit& visit) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() != bytes_field(number)) {
      in.skip_unknown(0);
      continue;
    }
    ProtobufReader entry(in.bytes());
    std::string_view entry_key;
    std::string_view any_value;
    bool has_value = false;
    while (entry.next()) {
      if (entry.tag() == bytes_field(1)) {
        entry_key = entry.bytes();
        if (entry_key != key && !has_value) break;
      } else if (entry.tag() == bytes_field(2)) {
        any_value = entry.bytes();
        has_value = true;
      } else {
        entry.skip_unknown(0);
      }
    }
    if (entry_key != key) continue;
    visit(read_value(any_value, arena, kDepthMax));
    return;
  }
}

// The attributes (field `inner`) of each message that is field `outer`: events and links.
template <typename Visit>
void visit_nested(std::string_view message, std::uint32_t outer, std::uint32_t inner,
                  std::string_view key, Arena& arena, Visit& visit) {
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == bytes_field(outer)) {
      visit_attribute(in.bytes(), inner, key, arena, visit);
    } else {
      in.skip_unknown(0);
    }
  }
}

bool covers(AttributeScope asked, AttributeScope place) {
  return asked == AttributeScope::kAny || asked == place;
}

template <typename Visit>
void visit_span_attribute(const RawItem& span, const Attribute& attribute, Arena& arena,
                          Visit visit) {
  const std::string_view key = attribute.key;
  if (covers(attribute.scope, AttributeScope::kSpan)) {
    visit_attribute(span.item, 9, key, arena, visit);
  }
  if (covers(attribute.scope, AttributeScope::kResource)) {
    visit_attribute(span.resource, 1, key, arena, visit);
  }
  if (covers(attribute.scope, AttributeScope::kScope)) {
    visit_attribute(span.scope, 3, key, arena, visit);
  }
  if (covers(attribute.scope, AttributeScope::kEvent)) {
    visit_nested(span.item, 11, 3, key, arena, visit);
  }
  if (covers(attribute.scope, AttributeScope::kLink)) {
    visit_nested(span.item, 13, 4, key, arena, visit);
  }
}

// The last bytes field `number` of the message, as protobuf has it; empty where there is none.
std::string_view text_field(std::string_view message, std::uint32_t number) {
  std::string_view text;
  ProtobufReader in(message);
  while (in.next()) {
    if (in.tag() == bytes_field(number)) {
      text = in.bytes();
    } else {
      in.skip_unknown(0);
    }
  }
  return text;
}

Value span_intrinsic(const RawItem& span, Intrinsic field) {
  switch (field) {
    case Intrinsic::kStatusMessage:
      return Value::string(text_field(text_field(span.item, 15), 2));
    case Intrinsic::kScopeName:
      return Value::string(text_field(span.scope, 1));
    case Intrinsic::kScopeVersion:
      return Value::string(text_field(span.scope, 2));
    case Intrinsic::kTraceState:
      return Value::string(text_field(span.item, 3));
    default:
      return Value();
  }
}

Value log_intrinsic(const RawItem& log, std::string_view service, Intrinsic field, Arena& arena) {
  switch (field) {
    case Intrinsic::kServiceName:
      return Value::string(service);
    case Intrinsic::kName:
      return Value::string(text_field(log.item, 12));
    case Intrinsic::kScopeName:
      return Value::string(text_field(log.scope, 1));
    case Intrinsic::kScopeVersion:
      return Value::string(text_field(log.scope, 2));
    case Intrinsic::kBody:
      return read_value(text_field(log.item, 5), arena, kDepthMax);
    case Intrinsic::kSeverity: {
      std::int64_t severity = 0;
      ProtobufReader in(log.item);
      while (in.next()) {
        if (in.tag() == varint_field(2)) {
          severity = in.int32();
        } else {
          in.skip_unknown(0);
        }
      }
      return Value::integer(severity);
    }
    default:
      return Value();
  }
}

}  // namespace

bool decide_span(const RawItem& span, const Condition& condition) {
  if (const auto* attribute = std::get_if<Attribute>(&condition.field())) {
    Arena arena;
    Condition::Seen seen;
    visit_span_attribute(span, *attribute, arena,
                         [&](const Value& value) { condition.see(value, seen); });
    return condition.holds(seen);
  }
  const Value value = span_intrinsic(span, std::get<Intrinsic>(condition.field()));
  return value.type() != ValueType::kEmpty && condition.holds_for(value);
}

bool decide_log(const RawItem& log, std::string_view service, const Condition& condition) {
  Arena arena;
  if (const auto* attribute = std::get_if<Attribute>(&condition.field())) {
    Condition::Seen seen;
    auto see = [&](const Value& value) { condition.see(value, seen); };
    if (covers(attribute->scope, AttributeScope::kSpan)) {
      visit_attribute(log.item, 6, attribute->key, arena, see);
    }
    if (covers(attribute->scope, AttributeScope::kResource)) {
      visit_attribute(log.resource, 1, attribute->key, arena, see);
    }
    if (covers(attribute->scope, AttributeScope::kScope)) {
      visit_attribute(log.scope, 3, attribute->key, arena, see);
    }
    return condition.holds(seen);
  }
  const Value value = log_intrinsic(log, service, std::get<Intrinsic>(condition.field()), arena);
  return value.type() != ValueType::kEmpty && condition.holds_for(value);
}

void collect_values(const RawItem& span, const Field& field,
                    UniqueFunction<void(const Value&)>& visit) {
  if (const auto* attribute = std::get_if<Attribute>(&field)) {
    Arena arena;
    visit_span_attribute(span, *attribute, arena, [&](const Value& value) { visit(value); });
    return;
  }
  const Value value = span_intrinsic(span, std::get<Intrinsic>(field));
  if (value.type() != ValueType::kEmpty) visit(value);
}

}  // namespace kolben::storage::engine
