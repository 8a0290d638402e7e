// Copies texts of a few bytes. A call of memcpy() takes longer than most of them need, and what the
// compiler makes of one whose size it knows to be small, "rep movs", much longer. Freestanding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace kolben::agent {

// All but the shortest in words, of which the last overlaps the one before.
inline void copy_small(void* to, const void* from, std::size_t size) {
  auto* const target = static_cast<std::uint8_t*>(to);
  const auto* const source = static_cast<const std::uint8_t*>(from);
  constexpr std::size_t kBlock = 16;
  const auto copy_ends = [&]<typename Word>(Word) {
    Word first;
    Word last;
    std::memcpy(&first, source, sizeof(Word));
    std::memcpy(&last, source + size - sizeof(Word), sizeof(Word));
    std::memcpy(target, &first, sizeof(Word));
    std::memcpy(target + size - sizeof(Word), &last, sizeof(Word));
  };
  if (size >= kBlock) {
    for (std::size_t i = 0; i + kBlock < size; i += kBlock) {
      std::memcpy(target + i, source + i, kBlock);
    }
    std::memcpy(target + size - kBlock, source + size - kBlock, kBlock);
  } else if (size >= sizeof(std::uint64_t)) {
    copy_ends(std::uint64_t{});
  } else if (size >= sizeof(std::uint32_t)) {
    copy_ends(std::uint32_t{});
  } else if (size >= sizeof(std::uint16_t)) {
    copy_ends(std::uint16_t{});
  } else if (size != 0) {
    *target = *source;
  }
}

}  // namespace kolben::agent
