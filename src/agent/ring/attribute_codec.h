// Attributes inside a record: one after another, each
//   u8 type (KOLBEN_STRING ...), u32 key size, key, value
// where the value is u32 size and bytes (string), u8 (bool), i64 or double in the machine's order,
// or u32 size and items, each u8 type and value (list).
//
// Freestanding, see record.h. The encoder writes whole attributes into a buffer of the caller, or
// nothing; the decoder takes bytes from strangers and never reads beyond them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kolben/abi.h"

namespace kolben::agent {

class AttributeEncoder {
 public:
  // Behind `used` bytes of the buffer; more than it has: it is full.
  AttributeEncoder(std::uint8_t* buffer, std::uint32_t capacity, std::uint32_t used = 0)
      : buffer_(buffer), capacity_(capacity), used_(used < capacity ? used : capacity) {}

  // False: it did not fit (or is no attribute), and nothing was written.
  bool add(const kolben_attribute& attribute) {
    const std::size_t value_size = encoded_value_size(attribute);
    if (value_size == 0 || attribute.key.size > capacity_) return false;
    const std::size_t size = 1 + sizeof(std::uint32_t) + attribute.key.size + value_size;
    if (size > capacity_ - used_) return false;
    put_byte(static_cast<std::uint8_t>(attribute.type));
    put_text(attribute.key);
    switch (attribute.type) {
      case KOLBEN_STRING:
        put_text(attribute.value.string);
        break;
      case KOLBEN_BOOL:
        put_byte(attribute.value.boolean != 0 ? 1 : 0);
        break;
      case KOLBEN_INT:
        put(&attribute.value.integer, sizeof(attribute.value.integer));
        break;
      default:
        put(&attribute.value.real, sizeof(attribute.value.real));
        break;
    }
    return true;
  }

  std::uint32_t size() const { return used_; }

 private:
  // 0: not an attribute, or one that is longer than the buffer.
  std::size_t encoded_value_size(const kolben_attribute& attribute) const {
    switch (attribute.type) {
      case KOLBEN_STRING:
        if (attribute.value.string.size > capacity_) return 0;
        return sizeof(std::uint32_t) + attribute.value.string.size;
      case KOLBEN_BOOL:
        return 1;
      case KOLBEN_INT:
        return sizeof(attribute.value.integer);
      case KOLBEN_DOUBLE:
        return sizeof(attribute.value.real);
      default:
        return 0;
    }
  }
  void put(const void* bytes, std::size_t size) {
    if (size != 0) std::memcpy(buffer_ + used_, bytes, size);
    used_ += static_cast<std::uint32_t>(size);
  }
  void put_byte(std::uint8_t value) { put(&value, 1); }
  void put_text(kolben_text text) {
    const auto size = static_cast<std::uint32_t>(text.size);
    put(&size, sizeof(size));
    put(text.data, text.size);
  }

  std::uint8_t* buffer_;
  std::uint32_t capacity_;
  std::uint32_t used_;
};

class AttributeDecoder {
 public:
  AttributeDecoder(const std::uint8_t* bytes, std::size_t size) : next_(bytes), left_(size) {}

  // False: there are no more, or the rest is broken. The texts point into the decoder's bytes; a
  // list is the text of its items.
  bool next(kolben_attribute* attribute) {
    std::uint8_t type = 0;
    if (!take(&type, 1) || !take_text(&attribute->key)) return false;
    return take_value(type, attribute);
  }
  // The same for the items of a list, which have no keys.
  bool next_item(kolben_attribute* item) {
    std::uint8_t type = 0;
    if (!take(&type, 1)) return false;
    item->key = {};
    return take_value(type, item);
  }

 private:
  bool take_value(std::uint8_t type, kolben_attribute* attribute) {
    attribute->type = type;
    switch (type) {
      case KOLBEN_STRING:
      case KOLBEN_LIST:
        return take_text(&attribute->value.string);
      case KOLBEN_BOOL: {
        std::uint8_t value = 0;
        if (!take(&value, 1)) return false;
        attribute->value.boolean = value != 0 ? 1 : 0;
        return true;
      }
      case KOLBEN_INT:
        return take(&attribute->value.integer, sizeof(attribute->value.integer));
      case KOLBEN_DOUBLE:
        return take(&attribute->value.real, sizeof(attribute->value.real));
      default:
        left_ = 0;
        return false;
    }
  }
  bool take(void* to, std::size_t size) {
    if (left_ < size) {
      left_ = 0;
      return false;
    }
    std::memcpy(to, next_, size);
    next_ += size;
    left_ -= size;
    return true;
  }
  bool take_text(kolben_text* text) {
    std::uint32_t size = 0;
    if (!take(&size, sizeof(size)) || left_ < size) {
      left_ = 0;
      return false;
    }
    text->data = reinterpret_cast<const char*>(next_);
    text->size = size;
    next_ += size;
    left_ -= size;
    return true;
  }

  const std::uint8_t* next_;
  std::size_t left_;
};

}  // namespace kolben::agent
