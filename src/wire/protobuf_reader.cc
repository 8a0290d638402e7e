#include "wire/protobuf_reader.h"

namespace kolben::wire {

const char* read_long_varint(const char* cursor, const char* end, std::uint64_t& value) {
  constexpr int kBytesMax = 10;  // 64 bits in groups of 7
  std::uint64_t sum = 0;
  for (int i = 0; i < kBytesMax && cursor < end; ++i) {
    const auto byte = static_cast<unsigned char>(*cursor++);
    sum |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      value = sum;
      return cursor;
    }
  }
  value = 0;
  return nullptr;
}

void ProtobufReader::skip_unknown(std::uint64_t known) {
  const std::uint32_t number = tag_ >> 3;
  if (number < 64 && (known >> number & 1) != 0) {
    fail();
    return;
  }
  switch (static_cast<WireType>(tag_ & 7)) {
    case WireType::kVarint:
      varint();
      return;
    case WireType::kFixed64:
      fixed64();
      return;
    case WireType::kBytes:
      bytes();
      return;
    case WireType::kFixed32:
      fixed32();
      return;
    default:
      fail();
  }
}

std::uint32_t ProtobufReader::count_run() const {
  ProtobufReader ahead = *this;
  std::uint32_t count = 0;
  do {
    ahead.bytes();
    ++count;
  } while (ahead.next() && ahead.tag_ == tag_);
  return count;
}

}  // namespace kolben::wire
