// Blocks: the runs of bytes that a part consists of, and the way to them. See docs/formats/part.md.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace kolben::storage::part {

// Where a block is, and the crc32c that its bytes must have. 0 bytes: there is none.
struct BlockRef {
  std::uint64_t offset = 0;
  std::uint32_t bytes = 0;
  std::uint32_t crc = 0;

  bool is_there() const { return bytes > 0; }
  friend bool operator==(const BlockRef&, const BlockRef&) = default;
};

// The bytes of one part, in memory or in a file. Any thread.
class BlockSource {
 public:
  virtual ~BlockSource() = default;
  // Size of the whole part.
  virtual std::uint64_t size() const = 0;
  // The bytes of a block after their checksum was found right. DATA_LOSS, naming the part and the
  // offset, where it is wrong or the block lies outside; UNAVAILABLE where the disk fails. Reading
  // a block of 0 bytes is an empty success.
  virtual Result<Bytes> read(const BlockRef& block) const = 0;
  // Unchecked bytes, for the trailer that leads to everything else.
  virtual Result<Bytes> read_raw(std::uint64_t offset, std::uint32_t bytes) const = 0;
  // Says that these bytes are read soon.
  virtual void expect(std::uint64_t /*offset*/, std::uint64_t /*bytes*/) const {}
};

// A part in memory.
class MemorySource final : public BlockSource {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Result<Bytes> read(const BlockRef& block) const override;
  Result<Bytes> read_raw(std::uint64_t offset, std::uint32_t bytes) const override;

 private:
  Bytes bytes_;
};

// Whether `bytes` are the block's; DATA_LOSS otherwise. For sources.
Status check_block(const BlockRef& block, std::string_view bytes);

}  // namespace kolben::storage::part
