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

// A bit for each line feed of a block: of the next kLongBlockBytes, if there are so many, or of
// the next kBlockBytes, or of what there is.
class LineFeeds {
 public:
  LineFeeds(const std::uint8_t* bytes, std::size_t size) : bytes_(bytes), size_(size) {}

  // False: all of it was looked at.
  bool next() {
    begin_ = end_;
    const std::size_t left = size_ - begin_;
    if (left == 0) return false;
#if defined(__SSE2__)
    if (left >= kLongBlockBytes) {
      end_ += kLongBlockBytes;
      feeds_ = feeds_in_long(bytes_ + begin_);
      return true;
    }
    if (size_ >= kBlockBytes) [[likely]] {
      // The last one begins in the one before.
      const std::size_t again = left < kBlockBytes ? kBlockBytes - left : 0;
      end_ += kBlockBytes - again;
      feeds_ = feeds_in(bytes_ + begin_ - again) >> again;
      return true;
    }
#endif
    look_at_each();
    return true;
  }

  // Where the block begins.
  std::size_t begin() const { return begin_; }
  std::uint64_t feeds() const { return feeds_; }

 private:
  static constexpr std::size_t kBlockBytes = 16;
  static constexpr std::size_t kLongBlockBytes = 64;

  [[gnu::noinline]] void look_at_each() {
    feeds_ = 0;
    for (; end_ < size_ && end_ - begin_ < kLongBlockBytes; ++end_) {
      if (bytes_[end_] == '\n') feeds_ |= std::uint64_t{1} << (end_ - begin_);
    }
  }
#if defined(__SSE2__)
  static std::uint64_t feeds_in(const std::uint8_t* block) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block));
    const __m128i feeds = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n'));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(feeds));
  }
  static std::uint64_t feeds_in_long(const std::uint8_t* block) {
    return feeds_in(block) | feeds_in(block + kBlockBytes) << kBlockBytes |
           feeds_in(block + 2 * kBlockBytes) << (2 * kBlockBytes) |
           feeds_in(block + 3 * kBlockBytes) << (3 * kBlockBytes);
  }
#endif

  const std::uint8_t* bytes_;
  std::size_t size_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t feeds_ = 0;
};

// Calls `take(end)` with the place behind each line feed, one after another, until it returns
// false.
template <typename Take>
void each_line(const std::uint8_t* bytes, std::size_t size, Take take) {
  LineFeeds block(bytes, size);
  while (block.next()) {
    for (std::uint64_t feeds = block.feeds(); feeds != 0; feeds &= feeds - 1) {
      if (!take(block.begin() + static_cast<unsigned>(std::countr_zero(feeds)) + 1)) return;
    }
  }
}

}  // namespace kolben::agent
