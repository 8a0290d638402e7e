// What the tests of this folder share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "storage/engine/part/chunk.h"

namespace kolben::storage::part {

// Hexadecimal digits that a test groups as the fields of the format.
inline std::string digits(std::string_view grouped) {
  std::string joined;
  for (const char c : grouped) {
    if (c != ' ') joined.push_back(c);
  }
  return joined;
}

// A part that is nothing but blocks.
class BlockWriter {
 public:
  BlockSink sink() {
    return BlockSink([this](std::string_view bytes) {
      const BlockRef ref{bytes_.size(), static_cast<std::uint32_t>(bytes.size()), crc32c(bytes)};
      bytes_.append(bytes);
      return ref;
    });
  }
  MemorySource source() const { return MemorySource(Bytes::from_string(bytes_)); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace kolben::storage::part
