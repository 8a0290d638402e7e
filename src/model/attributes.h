// Attribute values as OTLP has them: any type, any depth. All types here are plain data: they are
// views into memory that their batch owns (its arena, or the bytes that it arrived in), and are
// valid as long as that batch.
// Source: opentelemetry-proto, common/v1/common.proto (AnyValue, KeyValue).
#pragma once

#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

#include "base/arena.h"
#include "base/check.h"

namespace kolben {

// Arrays and maps inside one another: what arrives deeper is refused (otlp/check.h), so that every
// recursion over values ends. No SDK nests deeper than a few.
inline constexpr int kValueDepthMax = 64;

// An array in an arena. Copying copies the view, not the elements: a List belongs to one owner
// that appends, everybody else reads.
template <typename T>
class List {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  const T* begin() const { return items_; }
  const T* end() const { return items_ + size_; }
  T* begin() { return items_; }
  T* end() { return items_ + size_; }
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const T& operator[](std::size_t index) const {
    KOLBEN_DCHECK(index < size_);
    return items_[index];
  }
  T& operator[](std::size_t index) {
    KOLBEN_DCHECK(index < size_);
    return items_[index];
  }

  // Appends a default value and returns it.
  T& add(Arena& arena) {
    if (size_ == capacity_) grow(arena);
    return *new (&items_[size_++]) T();
  }
  void push_back(Arena& arena, const T& item) { add(arena) = item; }
  // Room for `capacity` elements in all, so that adding them moves nothing.
  void reserve(Arena& arena, std::size_t capacity) {
    KOLBEN_CHECK(capacity <= UINT32_MAX);
    if (capacity > capacity_) move_to(arena, static_cast<std::uint32_t>(capacity));
  }
  std::uint32_t capacity() const { return capacity_; }
  void truncate(std::uint32_t size) {
    KOLBEN_DCHECK(size <= size_);
    size_ = size;
  }
  void erase(std::size_t index) {
    KOLBEN_DCHECK(index < size_);
    for (std::size_t i = index + 1; i < size_; ++i) items_[i - 1] = items_[i];
    --size_;
  }

 private:
  void grow(Arena& arena) { move_to(arena, capacity_ == 0 ? 4 : capacity_ * 2); }
  void move_to(Arena& arena, std::uint32_t capacity) {
    T* items = arena.allocate_array<T>(capacity);
    if (size_ > 0) std::memcpy(static_cast<void*>(items), items_, size_ * sizeof(T));
    items_ = items;
    capacity_ = capacity;
  }

  T* items_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 0;
};

struct KeyValue;

enum class ValueType : std::uint8_t {
  kEmpty,  // an AnyValue with nothing set
  kString,
  kBool,
  kInt,
  kDouble,
  kArray,
  kKvlist,
  kBytes,
};

class Value {
 public:
  Value() = default;
  static Value string(std::string_view text) { return of_text(text, ValueType::kString); }
  static Value bytes(std::string_view bytes) { return of_text(bytes, ValueType::kBytes); }
  static Value boolean(bool boolean) {
    Value value;
    value.boolean_ = boolean;
    value.type_ = ValueType::kBool;
    return value;
  }
  static Value integer(std::int64_t integer) {
    Value value;
    value.integer_ = integer;
    value.type_ = ValueType::kInt;
    return value;
  }
  static Value real(double real) {
    Value value;
    value.real_ = real;
    value.type_ = ValueType::kDouble;
    return value;
  }
  static Value array(const List<Value>& values);
  static Value kvlist(const List<KeyValue>& entries);

  ValueType type() const { return type_; }

  // Each only for its own type; kept small, these sit in every hot loop.
  std::string_view as_string() const { return checked_text(ValueType::kString); }
  std::string_view as_bytes() const { return checked_text(ValueType::kBytes); }
  bool as_bool() const {
    KOLBEN_DCHECK(type_ == ValueType::kBool);
    return boolean_;
  }
  std::int64_t as_int() const {
    KOLBEN_DCHECK(type_ == ValueType::kInt);
    return integer_;
  }
  double as_double() const {
    KOLBEN_DCHECK(type_ == ValueType::kDouble);
    return real_;
  }
  std::span<const Value> as_array() const;
  std::span<const KeyValue> as_kvlist() const;

 private:
  static Value of_text(std::string_view text, ValueType type) {
    KOLBEN_CHECK(text.size() <= UINT32_MAX);
    Value value;
    value.text_ = text.data();
    value.size_ = static_cast<std::uint32_t>(text.size());
    value.type_ = type;
    return value;
  }
  std::string_view checked_text([[maybe_unused]] ValueType expected) const {
    KOLBEN_DCHECK(type_ == expected);
    return {text_, size_};
  }

  union {
    std::int64_t integer_ = 0;
    double real_;
    bool boolean_;
    const char* text_;
    const Value* values_;
    const KeyValue* entries_;
  };
  std::uint32_t size_ = 0;  // of text, bytes, array, kvlist; OTLP messages end below 4 GiB
  ValueType type_ = ValueType::kEmpty;
};

struct KeyValue {
  std::string_view key;
  Value value;
};

using Attributes = List<KeyValue>;

// The value under `key`, or null. OTLP forbids duplicates; where there are some, the first counts.
const Value* find(const Attributes& attributes, std::string_view key);

// Replaces the value under `key`, or appends it.
void set(Attributes& attributes, Arena& arena, std::string_view key, const Value& value);

// A deep copy whose strings, lists and maps live in `arena`.
Value clone(const Value& value, Arena& arena);
Attributes clone(const Attributes& attributes, Arena& arena);

// Structural equality; NaN equals NaN, so that copies compare equal.
bool operator==(const Value& a, const Value& b);
bool operator==(const KeyValue& a, const KeyValue& b);
bool operator==(const Attributes& a, const Attributes& b);

}  // namespace kolben
