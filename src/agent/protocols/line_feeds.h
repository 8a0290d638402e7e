// Where the lines of some bytes end. Looks at many bytes at a time where the processor can: lines
// are short, and a call of memchr() for each takes longer than they do. Freestanding.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>

namespace kolben::agent {

inline constexpr std::size_t kFeedsBlockBytes = 16;

// A bit for each line feed in less than a block, byte by byte.
[[gnu::noinline]] inline std::uint32_t feeds_in_few(const std::uint8_t* bytes, std::size_t size) {
  std::uint32_t feeds = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (bytes[i] == '\n') feeds |= std::uint32_t{1} << i;
  }
  return feeds;
}

#if defined(__SSE2__)
inline std::uint32_t feeds_in_block(const std::uint8_t* block) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));
  const __m128i feeds = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
  return static_cast<std::uint32_t>(_mm_movemask_epi8(feeds));
}
#else
inline std::uint32_t feeds_in_block(const std::uint8_t* block) {
  return feeds_in_few(block, kFeedsBlockBytes);
}
#endif

// Calls `take(end)` with the place behind each line feed, one after another, until it returns
// false.
template <typename Take>
void each_line(const std::uint8_t* bytes, std::size_t size, Take take) {
  for (std::size_t begin = 0; begin < size; begin += kFeedsBlockBytes) {
    const std::size_t left = size - begin;
    std::uint32_t feeds = 0;
    if (left >= kFeedsBlockBytes) {
      feeds = feeds_in_block(bytes + begin);
    } else if (size >= kFeedsBlockBytes) {  // together with what was looked at already
      feeds = feeds_in_block(bytes + size - kFeedsBlockBytes) >> (kFeedsBlockBytes - left);
    } else [[unlikely]] {
      feeds = feeds_in_few(bytes, size);
    }
    for (; feeds != 0; feeds &= feeds - 1) {
      if (!take(begin + static_cast<unsigned>(std::countr_zero(feeds)) + 1)) return;
    }
  }
}

}  // namespace kolben::agent
