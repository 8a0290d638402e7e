// ProtobufWriter: appends the fields of one protobuf message to a string. The length of a nested
// message is filled in when it ends; room for it is guessed beforehand, and the message moved where
// the guess was wrong, so that lengths always have their shortest form.
//
// The string has its right size only after finish() or the writer's end. One thread at a time.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/check.h"

namespace kolben::wire {

class ProtobufWriter {
 public:
  static constexpr std::size_t kVarintBytesMax = 10;

  // Appends to `out`, which must outlive the writer and be left alone meanwhile.
  explicit ProtobufWriter(std::string& out) : out_(out), size_(out.size()) {}
  ProtobufWriter(const ProtobufWriter&) = delete;
  ProtobufWriter& operator=(const ProtobufWriter&) = delete;
  ~ProtobufWriter() { finish(); }

  void finish() { out_.resize(size_); }

  // A field, whatever its value.
  void varint(std::uint32_t number, std::uint64_t value) {
    reserve(2 * kVarintBytesMax);
    put_varint(number << 3);
    put_varint(value);
  }
  void boolean(std::uint32_t number, bool value) { varint(number, value ? 1 : 0); }
  // Negative numbers take ten bytes, as protobuf has it for int32, int64 and enums.
  void int64(std::uint32_t number, std::int64_t value) {
    varint(number, static_cast<std::uint64_t>(value));
  }
  void sint32(std::uint32_t number, std::int32_t value) {
    const auto bits = static_cast<std::uint32_t>(value);
    varint(number, bits << 1 ^ static_cast<std::uint32_t>(value >> 31));
  }
  void fixed64(std::uint32_t number, std::uint64_t value) { fixed(number << 3 | 1, value); }
  void fixed32(std::uint32_t number, std::uint32_t value) { fixed(number << 3 | 5, value); }
  void real(std::uint32_t number, double value) { fixed(number << 3 | 1, value); }
  void bytes(std::uint32_t number, std::string_view value) {
    reserve(2 * kVarintBytesMax + value.size());
    put_varint(number << 3 | 2);
    put_varint(value.size());
    put(value);
  }

  // For who knows all lengths beforehand: room for `most` bytes, which are put one after another
  // from the place that this returns on, up to `end`.
  char* begin_raw(std::size_t most) {
    reserve(most);
    return out_.data() + size_;
  }
  void end_raw(const char* end) { size_ = static_cast<std::size_t>(end - out_.data()); }
  // These return the place behind what they have put.
  static char* put_varint(char* to, std::uint64_t value) {
    while (value >= 0x80) {
      *to++ = static_cast<char>(value | 0x80);
      value >>= 7;
    }
    *to++ = static_cast<char>(value);
    return to;
  }
  static char* put_length(char* to, std::uint32_t number, std::size_t length) {
    return put_varint(put_varint(to, number << 3 | 2), length);
  }
  static char* put_bytes(char* to, std::uint32_t number, std::string_view value) {
    to = put_length(to, number, value.size());
    if (!value.empty()) std::memcpy(to, value.data(), value.size());
    return to + value.size();
  }
  // What put_bytes() takes for so many bytes, with a number below 16.
  static std::size_t bytes_size(std::size_t length) { return 1 + varint_size(length) + length; }

  // The same, but nothing for proto3's default value.
  void varint_unless_zero(std::uint32_t number, std::uint64_t value) {
    if (value != 0) varint(number, value);
  }
  void int64_unless_zero(std::uint32_t number, std::int64_t value) {
    if (value != 0) int64(number, value);
  }
  void sint32_unless_zero(std::uint32_t number, std::int32_t value) {
    if (value != 0) sint32(number, value);
  }
  void fixed64_unless_zero(std::uint32_t number, std::uint64_t value) {
    if (value != 0) fixed64(number, value);
  }
  void fixed32_unless_zero(std::uint32_t number, std::uint32_t value) {
    if (value != 0) fixed32(number, value);
  }
  // Minus zero is not the default.
  void real_unless_zero(std::uint32_t number, double value) {
    if (std::bit_cast<std::uint64_t>(value) != 0) real(number, value);
  }
  void bytes_unless_empty(std::uint32_t number, std::string_view value) {
    if (!value.empty()) bytes(number, value);
  }

  // A nested message: its fields are written between begin and end. `length_bytes` is the guess:
  // 1 for up to 127 bytes of content, 2 up to 16 KiB, 3 up to 2 MiB.
  struct Nested {
    std::size_t start;  // of the content
    std::uint32_t length_bytes;
  };
  Nested begin_message(std::uint32_t number, std::uint32_t length_bytes = 1) {
    reserve(2 * kVarintBytesMax);
    put_varint(number << 3 | 2);
    size_ += length_bytes;
    return {size_, length_bytes};
  }
  void end_message(Nested nested) {
    const std::size_t content = size_ - nested.start;
    const std::uint32_t length_bytes = varint_size(content);
    if (length_bytes != nested.length_bytes) [[unlikely]] {
      reserve(kVarintBytesMax);
      std::memmove(out_.data() + nested.start - nested.length_bytes + length_bytes,
                   out_.data() + nested.start, content);
    }
    size_ = nested.start - nested.length_bytes;
    put_varint(content);
    size_ += content;
  }

  // Inside a packed field, which is begun and ended like a message: elements without tags.
  void packed_varint(std::uint64_t value) {
    reserve(kVarintBytesMax);
    put_varint(value);
  }
  void packed_bytes(const void* elements, std::size_t size) {
    reserve(size);
    put({static_cast<const char*>(elements), size});
  }

 private:
  static constexpr std::size_t kFirstBytes = 256;

  static std::uint32_t varint_size(std::uint64_t value) {
    return static_cast<std::uint32_t>((std::bit_width(value | 1) + 6) / 7);
  }

  // Makes room for `bytes` more behind size_.
  [[gnu::always_inline]] void reserve(std::size_t bytes) {
    if (out_.size() - size_ < bytes) [[unlikely]]
      grow(bytes);
  }
  void grow(std::size_t bytes) {
    const std::size_t doubled = out_.size() < kFirstBytes ? kFirstBytes : 2 * out_.size();
    out_.resize(doubled > size_ + bytes ? doubled : size_ + bytes);
  }

  // These three need room that was reserved.
  void put_varint(std::uint64_t value) {
    KOLBEN_DCHECK(out_.size() - size_ >= varint_size(value));
    end_raw(put_varint(out_.data() + size_, value));
  }
  void put(std::string_view bytes) {
    KOLBEN_DCHECK(out_.size() - size_ >= bytes.size());
    if (!bytes.empty()) std::memcpy(out_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  template <typename T>
  void fixed(std::uint32_t tag, T value) {
    reserve(kVarintBytesMax + sizeof(T));
    put_varint(tag);
    std::memcpy(out_.data() + size_, &value, sizeof(T));
    size_ += sizeof(T);
  }

  std::string& out_;
  std::size_t size_;  // written so far; out_ is longer
};

}  // namespace kolben::wire
