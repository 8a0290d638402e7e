// Arena: hands out memory that lives as long as the arena. Bump allocation in blocks that grow;
// nothing is freed one by one, no destructor runs: only trivially destructible types go in.
// One thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace kolben {

class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) noexcept;
  Arena& operator=(Arena&&) noexcept;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() = default;

  // Uninitialised memory; `alignment` is a power of two up to alignof(max_align_t).
  void* allocate(std::size_t size, std::size_t alignment) {
    const std::uintptr_t start = (cursor_ + alignment - 1) & ~(alignment - 1);
    if (start + size <= limit_ && start >= cursor_) [[likely]] {
      cursor_ = start + size;
      return reinterpret_cast<void*>(start);
    }
    return allocate_in_new_block(size);
  }

  template <typename T>
  T* allocate_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(count * sizeof(T), alignof(T)));
  }

  // A copy of the text that lives in the arena.
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* bytes = allocate_array<char>(text.size());
    std::memcpy(bytes, text.data(), text.size());
    return {bytes, text.size()};
  }

  // Bytes held from the heap, used or not.
  std::size_t reserved_bytes() const { return reserved_bytes_; }

 private:
  // Blocks double from the first size to the last: small batches stay small, large ones need few.
  static constexpr std::size_t kFirstBlockBytes = 4096;
  static constexpr std::size_t kLastBlockBytes = 1 << 20;

  void* allocate_in_new_block(std::size_t size);

  std::uintptr_t cursor_ = 0;
  std::uintptr_t limit_ = 0;
  std::size_t next_block_bytes_ = kFirstBlockBytes;
  std::size_t reserved_bytes_ = 0;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

}  // namespace kolben
