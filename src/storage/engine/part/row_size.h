// RowSize: how much of a row group a row takes, whatever is in it. Row groups are cut where it
// would be more than a reader has memory for. Pure.
#pragma once

#include <cstdint>

#include "model/logs.h"
#include "model/metrics.h"
#include "model/traces.h"
#include "storage/engine/part/ints.h"

namespace kolben::storage::part {

// A row group of more than one row has at most so many bytes of texts and keys, as the rows had
// them, ...
inline constexpr std::uint64_t kGroupBytesMax = std::uint64_t{32} << 20;
// ... and so many attributes, events, links, buckets, ...: with 16 bytes each they take as much.
inline constexpr std::uint64_t kGroupItemsMax = std::uint64_t{2} << 20;
static_assert(kGroupItemsMax <= kIntsMax, "the sequences of a row group can be written");

struct RowSize {
  std::uint64_t bytes = 0;
  std::uint64_t items = 0;

  RowSize& operator+=(const RowSize& other) {
    bytes += other.bytes;
    items += other.items;
    return *this;
  }
  friend RowSize operator+(RowSize a, const RowSize& b) { return a += b; }
  bool fits() const { return bytes <= kGroupBytesMax && items <= kGroupItemsMax; }
};

RowSize size_of(const Span& span);
RowSize size_of(const LogRecord& record);
// Without the attributes, which are the series'.
RowSize size_of(const NumberPoint& point);
RowSize size_of(const HistogramPoint& point);
RowSize size_of(const ExponentialHistogramPoint& point);
RowSize size_of(const SummaryPoint& point);

}  // namespace kolben::storage::part
