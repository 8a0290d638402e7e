// Bodies of records, read back. BodyCache keeps the newest ones for all queries, bounded in bytes;
// BodyReader is one query's way to it. A body that cannot be read (a damaged disk) is DATA_LOSS.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"
#include "base/result.h"
#include "storage/engine/segment_view.h"

namespace kolben::storage::engine {

using Body = std::shared_ptr<const std::string>;

// Any thread.
class BodyCache {
 public:
  explicit BodyCache(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // The uncompressed body of a record.
  Result<Body> get(const SegmentView& view, std::uint32_t record) KOLBEN_EXCLUDES(mutex_);

 private:
  struct Entry {
    std::uint64_t key;
    Body body;
  };

  Body find(std::uint64_t key) KOLBEN_EXCLUDES(mutex_);
  void keep(std::uint64_t key, const Body& body) KOLBEN_EXCLUDES(mutex_);

  const std::uint64_t bytes_max_;
  Mutex mutex_;
  std::list<Entry> newest_first_ KOLBEN_GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, std::list<Entry>::iterator> by_key_ KOLBEN_GUARDED_BY(mutex_);
  std::uint64_t bytes_ KOLBEN_GUARDED_BY(mutex_) = 0;
};

// One thread. Views that it returns are valid until its next call for another record.
class BodyReader {
 public:
  explicit BodyReader(BodyCache& cache) : cache_(cache) {}

  // The whole body: for scans, which look at many rows of a record one after the other.
  Result<std::string_view> body(const SegmentView& view, std::uint32_t record);
  // A part of it, appended to `out`: for single rows. Reads no more than it needs.
  Status append(const SegmentView& view, std::uint32_t record, Slice slice, std::string& out);

 private:
  BodyCache& cache_;
  const SegmentView* view_ = nullptr;
  std::uint32_t record_ = 0;
  Body body_;
};

// The part of a body; empty where the index is damaged and says nonsense.
inline std::string_view part_of(std::string_view body, Slice slice) {
  if (slice.offset > body.size() || slice.bytes > body.size() - slice.offset) return {};
  return body.substr(slice.offset, slice.bytes);
}

}  // namespace kolben::storage::engine
