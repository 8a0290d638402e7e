// TraceFinder: the rows of a trace over all segments, and what they add up to. One query, one
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "storage/engine/segment_set.h"
#include "storage/store.h"

namespace kolben::storage::engine {

struct RowRef {
  const SegmentView* view = nullptr;
  std::uint32_t row = 0;
};

class TraceFinder {
 public:
  explicit TraceFinder(const Views& views) : views_(views) {}

  std::vector<RowRef> rows(const TraceId& id) const;
  // The start of the earliest span.
  std::optional<std::uint64_t> earliest(const TraceId& id) const;
  std::uint64_t duration(const TraceId& id) const;
  // Of a trace that is there.
  TraceSummary summary(const TraceId& id) const;

 private:
  const Views& views_;
};

}  // namespace kolben::storage::engine
