#include "model/attributes.h"

#include <cmath>

namespace kolben {
namespace {

template <typename T>
bool equal_items(std::span<const T> a, std::span<const T> b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i])) return false;
  }
  return true;
}

}  // namespace

Value Value::array(const List<Value>& values) {
  Value value;
  value.values_ = values.begin();
  value.size_ = values.size();
  value.type_ = ValueType::kArray;
  return value;
}

Value Value::kvlist(const List<KeyValue>& entries) {
  Value value;
  value.entries_ = entries.begin();
  value.size_ = entries.size();
  value.type_ = ValueType::kKvlist;
  return value;
}

std::span<const Value> Value::as_array() const {
  KOLBEN_DCHECK(type_ == ValueType::kArray);
  return {values_, size_};
}

std::span<const KeyValue> Value::as_kvlist() const {
  KOLBEN_DCHECK(type_ == ValueType::kKvlist);
  return {entries_, size_};
}

const Value* find(const Attributes& attributes, std::string_view key) {
  for (const KeyValue& attribute : attributes) {
    if (attribute.key == key) return &attribute.value;
  }
  return nullptr;
}

void set(Attributes& attributes, Arena& arena, std::string_view key, const Value& value) {
  for (KeyValue& attribute : attributes) {
    if (attribute.key == key) {
      attribute.value = value;
      return;
    }
  }
  attributes.push_back(arena, {key, value});
}

Value clone(const Value& value, Arena& arena) {
  switch (value.type()) {
    case ValueType::kString:
      return Value::string(arena.copy(value.as_string()));
    case ValueType::kBytes:
      return Value::bytes(arena.copy(value.as_bytes()));
    case ValueType::kArray: {
      List<Value> values;
      values.reserve(arena, value.as_array().size());
      for (const Value& element : value.as_array()) values.push_back(arena, clone(element, arena));
      return Value::array(values);
    }
    case ValueType::kKvlist: {
      List<KeyValue> entries;
      entries.reserve(arena, value.as_kvlist().size());
      for (const KeyValue& entry : value.as_kvlist()) {
        entries.push_back(arena, {arena.copy(entry.key), clone(entry.value, arena)});
      }
      return Value::kvlist(entries);
    }
    default:
      return value;
  }
}

Attributes clone(const Attributes& attributes, Arena& arena) {
  Attributes copy;
  copy.reserve(arena, attributes.size());
  for (const KeyValue& attribute : attributes) {
    copy.push_back(arena, {arena.copy(attribute.key), clone(attribute.value, arena)});
  }
  return copy;
}

bool operator==(const Value& a, const Value& b) {
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case ValueType::kEmpty:
      return true;
    case ValueType::kString:
      return a.as_string() == b.as_string();
    case ValueType::kBool:
      return a.as_bool() == b.as_bool();
    case ValueType::kInt:
      return a.as_int() == b.as_int();
    case ValueType::kDouble:
      return a.as_double() == b.as_double() ||
             (std::isnan(a.as_double()) && std::isnan(b.as_double()));
    case ValueType::kArray:
      return equal_items(a.as_array(), b.as_array());
    case ValueType::kKvlist:
      return equal_items(a.as_kvlist(), b.as_kvlist());
    case ValueType::kBytes:
      return a.as_bytes() == b.as_bytes();
  }
  return false;
}

bool operator==(const KeyValue& a, const KeyValue& b) {
  return a.key == b.key && a.value == b.value;
}

bool operator==(const Attributes& a, const Attributes& b) {
  return equal_items(std::span<const KeyValue>(a.begin(), a.size()),
                     std::span<const KeyValue>(b.begin(), b.size()));
}

}  // namespace kolben
