#include "storage/engine/segment_set.h"

#include <algorithm>

namespace kolben::storage::engine {

void SegmentSet::add(Segment segment) {
  MutexLock lock(mutex_);
  KOLBEN_CHECK(segments_.empty() || segments_.back().number < segment.number);
  segments_.push_back(std::move(segment));
}

void SegmentSet::replace(Segment segment) {
  MutexLock lock(mutex_);
  for (Segment& known : segments_) {
    if (known.number == segment.number) known = std::move(segment);
  }
}

void SegmentSet::remove(std::uint64_t number) {
  MutexLock lock(mutex_);
  std::erase_if(segments_, [number](const Segment& known) { return known.number == number; });
}

void SegmentSet::mark_full(std::uint64_t number) {
  MutexLock lock(mutex_);
  for (Segment& known : segments_) {
    if (known.number == number) known.is_full = true;
  }
}

std::vector<Segment> SegmentSet::all() const {
  MutexLock lock(mutex_);
  return segments_;
}

Views SegmentSet::views() const {
  const std::vector<Segment> segments = all();
  Views views;
  views.reserve(segments.size());
  for (const Segment& segment : segments) {
    views.push_back(segment.active ? segment.active->view() : segment.sealed);
  }
  return views;
}

}  // namespace kolben::storage::engine
