// Buckets: slices of equal length of a range of time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "storage/engine/scan/context.h"

namespace kolben::storage::scan {

struct Buckets {
  std::uint64_t begin = 0;
  std::uint64_t nanos = 1;  // of each
  std::uint32_t count = 1;

  // A range without an end is the time that the parts have rows of.
  static Buckets of(TimeRange range, std::uint32_t buckets, std::span<const LivePart> parts) {
    std::uint64_t first = UINT64_MAX;
    std::uint64_t last = 0;
    for (const LivePart& live : parts) {
      if (live.part->facts().rows == 0) continue;
      first = std::min(first, live.part->facts().first_time);
      last = std::max(last, live.part->facts().last_time);
    }
    if (first > last) first = last = 0;
    if (range.begin == 0) range.begin = std::min(first, range.end);
    if (range.end == UINT64_MAX) {
      range.end = std::max(last == UINT64_MAX ? last : last + 1, range.begin);
    }
    Buckets result;
    result.count = std::clamp(buckets, 1U, kBucketsMax);
    result.begin = range.begin;
    const std::uint64_t width = range.end > range.begin ? range.end - range.begin : 1;
    result.nanos =
        std::max<std::uint64_t>(1, width / result.count + (width % result.count == 0 ? 0 : 1));
    return result;
  }

  // The bucket that the time is in; `count` where it is in none.
  std::uint32_t index_of(std::uint64_t time) const {
    if (time < begin) return count;
    const std::uint64_t index = (time - begin) / nanos;
    return index < count ? static_cast<std::uint32_t>(index) : count;
  }
};

// Buckets of times that come nearly in order, as those of rows do: while they stay in one bucket
// nothing is divided.
class BucketCursor {
 public:
  explicit BucketCursor(const Buckets& buckets) : buckets_(buckets) {}

  std::uint32_t index_of(std::uint64_t time) {
    if (time - begin_ < nanos_) return index_;
    const std::uint32_t index = buckets_.index_of(time);
    if (index == buckets_.count) return index;
    index_ = index;
    begin_ = buckets_.begin + index * buckets_.nanos;
    nanos_ = buckets_.nanos;
    return index_;
  }

 private:
  const Buckets& buckets_;
  // The bucket that was last.
  std::uint64_t begin_ = 0, nanos_ = 0;
  std::uint32_t index_ = 0;
};

}  // namespace kolben::storage::scan
