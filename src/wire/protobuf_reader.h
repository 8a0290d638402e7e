// ProtobufReader: a cursor over the fields of one protobuf message, which may come from anybody.
//
//   ProtobufReader in(message);
//   while (in.next()) {
//     switch (in.tag()) {
//       case bytes_field(1): name = in.bytes(); break;
//       case varint_field(2): count = in.varint(); break;
//       default: in.skip_unknown(known_fields(1, 2));
//     }
//   }
//   if (in.failed()) ...
//
// It never reads past the end. The first malformed byte ends the loop and sets failed(); values
// read after that are zero or empty. Groups, which proto3 does not have, are malformed. Views point
// into the message. No allocation, no exceptions; inline, because it is the innermost loop of all.
// Source: https://protobuf.dev/programming-guides/encoding/
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace kolben::wire {

static_assert(std::endian::native == std::endian::little, "fixed-width fields are read by memcpy");

// On the wire: never renumber.
enum class WireType : std::uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kBytes = 2,
  kStartGroup = 3,
  kEndGroup = 4,
  kFixed32 = 5,
};

constexpr std::uint32_t varint_field(std::uint32_t number) {
  return number << 3;
}
constexpr std::uint32_t fixed64_field(std::uint32_t number) {
  return number << 3 | 1;
}
constexpr std::uint32_t bytes_field(std::uint32_t number) {
  return number << 3 | 2;
}
constexpr std::uint32_t fixed32_field(std::uint32_t number) {
  return number << 3 | 5;
}

// The set of field numbers, each below 64, that a message defines.
template <typename... Numbers>
constexpr std::uint64_t known_fields(Numbers... numbers) {
  return (0 | ... | (std::uint64_t{1} << numbers));
}
constexpr std::uint64_t known_fields_up_to(int last) {
  return ((std::uint64_t{2} << last) - 1) & ~std::uint64_t{1};
}

// The long way of read_varint.
const char* read_long_varint(const char* cursor, const char* end, std::uint64_t& value);

// Reads a varint of at most 10 bytes; returns where it ends, or null where it is cut off or longer.
inline const char* read_varint(const char* cursor, const char* end, std::uint64_t& value) {
  if (cursor < end && static_cast<signed char>(*cursor) >= 0) [[likely]] {
    value = static_cast<unsigned char>(*cursor);
    return cursor + 1;
  }
  return read_long_varint(cursor, end, value);
}

// Reads a tag: a varint of 32 bits whose field number is not 0.
inline const char* read_tag(const char* cursor, const char* end, std::uint32_t& tag) {
  std::uint64_t value = 0;
  cursor = read_varint(cursor, end, value);
  if (value < 8 || value > UINT32_MAX) [[unlikely]]
    return nullptr;
  tag = static_cast<std::uint32_t>(value);
  return cursor;
}

class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view message)
      : cursor_(message.data()), end_(message.data() + message.size()) {}

  // Steps to the next field, whose value must then be read or skipped. False at the end and after
  // a failure.
  bool next() {
    if (cursor_ == end_) return false;
    const char* after = read_tag(cursor_, end_, tag_);
    if (after == nullptr) [[unlikely]]
      return fail();
    cursor_ = after;
    return true;
  }
  // Number and wire type of the field, to compare with varint_field() and the like.
  std::uint32_t tag() const { return tag_; }

  // Whether nothing is left; a packed field's content is read value by value until then.
  bool at_end() const { return cursor_ == end_; }
  bool failed() const { return failed_; }
  // Ends the walk as malformed; false, for `return fail()`.
  bool fail() {
    failed_ = true;
    cursor_ = end_;
    return false;
  }
  // For the outcome of a reader of a nested message.
  void require(bool good) {
    if (!good) [[unlikely]]
      fail();
  }

  // The value; each only where the tag says so.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    const char* after = read_varint(cursor_, end_, value);
    if (after == nullptr) [[unlikely]] {
      fail();
      return 0;
    }
    cursor_ = after;
    return value;
  }
  std::uint32_t uint32() { return static_cast<std::uint32_t>(varint()); }
  std::int32_t int32() { return static_cast<std::int32_t>(varint()); }
  std::int64_t int64() { return static_cast<std::int64_t>(varint()); }
  std::int32_t sint32() {
    const std::uint32_t value = uint32();
    return static_cast<std::int32_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  bool boolean() { return varint() != 0; }
  std::uint64_t fixed64() { return fixed<std::uint64_t>(); }
  std::uint32_t fixed32() { return fixed<std::uint32_t>(); }
  double real() { return fixed<double>(); }
  std::string_view bytes() {
    std::uint64_t size = 0;
    const char* after = read_varint(cursor_, end_, size);
    if (after == nullptr || size > static_cast<std::uint64_t>(end_ - after)) [[unlikely]] {
      fail();
      return {};
    }
    cursor_ = after + size;
    return {after, static_cast<std::size_t>(size)};
  }

  // Skips a field that the message does not define. One whose number is among `known` has the
  // wrong wire type, if it comes here, and fails.
  void skip_unknown(std::uint64_t known);

  // How many fields of the present tag follow one another from here on, counting the present one,
  // whose value has not been read; bytes fields only. For reserving room.
  std::uint32_t count_run() const;

 private:
  template <typename T>
  T fixed() {
    T value{};
    if (static_cast<std::size_t>(end_ - cursor_) < sizeof(T)) [[unlikely]] {
      fail();
      return value;
    }
    std::memcpy(&value, cursor_, sizeof(T));
    cursor_ += sizeof(T);
    return value;
  }

  const char* cursor_;
  const char* end_;
  std::uint32_t tag_ = 0;
  bool failed_ = false;
};

}  // namespace kolben::wire
