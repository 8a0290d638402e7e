// What the tests of this folder share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "storage/engine/part/chunk.h"

namespace kolben::storage::part {

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
