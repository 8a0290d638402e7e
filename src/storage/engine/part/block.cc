#include "storage/engine/part/block.h"

#include <string>

#include "base/hash.h"

namespace kolben::storage::part {
namespace {

std::string name_of(std::uint64_t offset, std::uint64_t bytes) {
  return "block of " + std::to_string(bytes) + " bytes at offset " + std::to_string(offset);
}

}  // namespace

Status check_block(const BlockRef& block, std::string_view bytes) {
  if (bytes.size() != block.bytes) {
    return data_loss(name_of(block.offset, block.bytes) + ": " + std::to_string(bytes.size()) +
                     " bytes were read");
  }
  if (crc32c(bytes) != block.crc) {
    return data_loss(name_of(block.offset, block.bytes) + ": checksum mismatch");
  }
  return Status::ok();
}

Result<Bytes> MemorySource::read_raw(std::uint64_t offset, std::uint32_t bytes) const {
  if (offset > bytes_.size() || bytes > bytes_.size() - offset) {
    return data_loss("part in memory: " + name_of(offset, bytes) + ": outside of its " +
                     std::to_string(bytes_.size()) + " bytes");
  }
  return Bytes(bytes_.owner(), bytes_.view().substr(offset, bytes));
}

Result<Bytes> MemorySource::read(const BlockRef& block) const {
  if (!block.is_there()) return Bytes();
  KOLBEN_TRY(Bytes bytes, read_raw(block.offset, block.bytes));
  if (Status status = check_block(block, bytes.view()); !status.is_ok()) {
    return std::move(status).with_context("part in memory");
  }
  return bytes;
}

}  // namespace kolben::storage::part
