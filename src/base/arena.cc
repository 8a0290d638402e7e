#include "base/arena.h"

#include <utility>

namespace kolben {

Arena::Arena(Arena&& other) noexcept {
  *this = std::move(other);
}

Arena& Arena::operator=(Arena&& other) noexcept {
  cursor_ = std::exchange(other.cursor_, 0);
  limit_ = std::exchange(other.limit_, 0);
  next_block_bytes_ = std::exchange(other.next_block_bytes_, kFirstBlockBytes);
  reserved_bytes_ = std::exchange(other.reserved_bytes_, 0);
  blocks_ = std::exchange(other.blocks_, {});
  return *this;
}

void* Arena::allocate_in_new_block(std::size_t size) {
  const std::size_t block_bytes = std::max(size, next_block_bytes_);
  next_block_bytes_ = std::min(next_block_bytes_ * 2, kLastBlockBytes);
  // new[] aligns for every fundamental type, which is all that allocate() promises.
  blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(block_bytes));
  reserved_bytes_ += block_bytes;
  const auto start = reinterpret_cast<std::uintptr_t>(blocks_.back().get());
  // An oversized request leaves the current block in use: its rest is still good.
  if (block_bytes > size || limit_ == 0) {
    cursor_ = start + size;
    limit_ = start + block_bytes;
  }
  return reinterpret_cast<void*>(start);
}

}  // namespace kolben
