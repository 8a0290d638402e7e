// Cursor: reads the little numbers that parts are made of, out of bytes that a damaged disk may
// have changed: it never runs past the end; after the first failure everything reads as zero or
// empty. Writing is the functions put_*. Pure; inline, because footers hold many thousands of them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace kolben::storage::part {

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool failed() const { return failed_; }
  // Everything was read, and well.
  bool is_done() const { return !failed_ && at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ < end_; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }
  // A varint that counts things of at least `bytes_each` bytes that are still to come.
  std::size_t count(std::size_t bytes_each) {
    const std::uint64_t value = varint();
    if (value > left() / bytes_each) fail();
    return failed_ ? 0 : static_cast<std::size_t>(value);
  }
  std::uint8_t byte() { return fixed<std::uint8_t>(); }
  template <typename T>
  T fixed() {
    T value{};
    if (left() < sizeof(T)) {
      fail();
      return value;
    }
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::string_view bytes(std::uint64_t size) {
    if (size > left()) {
      fail();
      return {};
    }
    const std::string_view result(at_, static_cast<std::size_t>(size));
    at_ += size;
    return result;
  }
  // A varint and so many bytes.
  std::string_view text() { return bytes(varint()); }
  void fail() {
    failed_ = true;
    at_ = end_;
  }

 private:
  const char* at_;
  const char* end_;
  bool failed_ = false;
};

inline void put_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}
template <typename T>
void put_fixed(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}
inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}

constexpr std::uint64_t zigzag(std::uint64_t difference) {
  return difference << 1 ^ (0 - (difference >> 63));
}
constexpr std::uint64_t unzigzag(std::uint64_t coded) {
  return coded >> 1 ^ (0 - (coded & 1));
}

}  // namespace kolben::storage::part
