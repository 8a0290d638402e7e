// SegmentSet: all segments of an open store, by number. Any thread. Queries take views, which stay
// valid whatever happens to the segments.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.h"
#include "base/mutex.h"
#include "storage/engine/active_segment.h"
#include "storage/engine/segment_view.h"

namespace kolben::storage::engine {

using Views = std::vector<std::shared_ptr<const SegmentView>>;

// Either `active` is set, or `sealed` and `index`.
struct Segment {
  std::uint64_t number = 0;
  std::shared_ptr<File> log;
  std::shared_ptr<ActiveSegment> active;
  std::shared_ptr<const SegmentView> sealed;
  Bytes index;
  std::uint64_t disk_bytes = 0;  // of a sealed one
  bool is_full = false;          // of an active one: nothing comes any more

  SegmentFacts facts() const { return active ? active->facts() : sealed->facts; }
};

class SegmentSet {
 public:
  // Segments come in the order of their numbers.
  void add(Segment segment);
  // Puts the sealed form in the place of the same number; nothing where it is gone meanwhile.
  void replace(Segment segment);
  void remove(std::uint64_t number);
  void mark_full(std::uint64_t number);

  // Oldest first.
  std::vector<Segment> all() const;
  Views views() const;

 private:
  mutable Mutex mutex_;
  std::vector<Segment> segments_ KOLBEN_GUARDED_BY(mutex_);
};

}  // namespace kolben::storage::engine
