// LineFeeds: where the lines of some bytes end, one after another. Looks at many bytes at a time
// where the processor can: lines are short, and a call of memchr() for each takes longer than they
// do. Freestanding.
#pragma once

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <cstddef>
#include <cstdint>

namespace kolben::agent {

class LineFeeds {
 public:
  // The bytes outlive this.
  LineFeeds(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), size_(size) {}

  // The place behind the next line feed; 0: there is none any more.
  std::size_t next() {
    while (found_ == 0) {
      if (looked_ == size_) return 0;
      block_ = looked_;
      found_ = look();
    }
    const std::size_t end = block_ + static_cast<unsigned>(std::countr_zero(found_)) + 1;
    found_ &= found_ - 1;
    return end;
  }

 private:
  static constexpr std::size_t kBlockBytes = 16;
  static constexpr std::size_t kLongBlockBytes = 64;

  // A bit for each line feed in what comes next.
  std::uint64_t look() {
    const std::size_t left = size_ - looked_;
#if defined(__SSE2__)
    if (left >= kLongBlockBytes) {
      looked_ += kLongBlockBytes;
      return look_at_long(bytes_ + block_);
    }
    if (left >= kBlockBytes) {
      looked_ += kBlockBytes;
      return look_at(bytes_ + block_);
    }
    if (size_ >= kBlockBytes) {  // together with what was looked at already
      looked_ = size_;
      return look_at(bytes_ + size_ - kBlockBytes) >> (kBlockBytes - left);
    }
#endif
    const std::size_t count = left < kLongBlockBytes ? left : kLongBlockBytes;
    std::uint64_t found = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (bytes_[block_ + i] == '\n') found |= std::uint64_t{1} << i;
    }
    looked_ += count;
    return found;
  }
#if defined(__SSE2__)
  static std::uint64_t look_at(const std::uint8_t* block) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));
    const __m128i feeds = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(feeds));
  }
  static std::uint64_t look_at_long(const std::uint8_t* block) {
    return look_at(block) | look_at(block + kBlockBytes) << kBlockBytes |
           look_at(block + 2 * kBlockBytes) << (2 * kBlockBytes) |
           look_at(block + 3 * kBlockBytes) << (3 * kBlockBytes);
  }
#endif

  const std::uint8_t* bytes_;
  std::size_t size_;
  std::size_t looked_ = 0;   // so many of the bytes
  std::size_t block_ = 0;    // the last ones from here on
  std::uint64_t found_ = 0;  // in there, not returned yet
};

}  // namespace kolben::agent
