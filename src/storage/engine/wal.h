// Wal: the segments of the write-ahead log (docs/formats/wal.md): groups of records go to the
// segment that is open, segments whose records are all in parts become the spare or go.
//
// append() by one thread; release() and the rest by any. After a failed sync nothing is known of
// what the file holds, so its segment ends at what was durable before; a sync is never repeated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/options.h"

namespace kolben::storage::engine {

class Wal {
 public:
  // Both outlive it.
  Wal(const Options& options, const DataDirectory& directory);

  // A segment that a start has read: it only waits for its release.
  void adopt(std::uint64_t number, std::uint64_t last_sequence, std::uint64_t bytes)
      KOLBEN_EXCLUDES(mutex_);

  // Makes sure that there is an open segment, so that a full disk shows at the start. After
  // RESOURCE_EXHAUSTED the log is in order and append() tries again.
  Status open() KOLBEN_EXCLUDES(mutex_);
  // Whether append() has a chance: after it was refused.
  Status make_ready() KOLBEN_EXCLUDES(mutex_);
  // Writes a group of `bytes` bytes, its last record being `last_sequence`, and syncs it where
  // durability asks for that. On error nothing of it counts.
  Status append(std::span<const std::string_view> slices, std::uint64_t bytes,
                std::uint64_t last_sequence) KOLBEN_EXCLUDES(mutex_);

  // Records up to `covered` are in parts that the manifest on disk lists.
  void release(std::uint64_t covered) KOLBEN_EXCLUDES(mutex_);
  // Nothing is appended any more: removes what release() did not need to keep, the open segment and
  // the spare included, as far as they are covered.
  void close(std::uint64_t covered) KOLBEN_EXCLUDES(mutex_);

  // Of all files.
  std::uint64_t disk_bytes() const KOLBEN_EXCLUDES(mutex_);
  std::size_t segments() const KOLBEN_EXCLUDES(mutex_);

 private:
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t last_sequence = 0;
    std::uint64_t bytes = 0;    // of the file
    bool can_be_spare = false;  // of full size, and its disk never failed
  };
  struct Open {
    Segment segment;
    std::unique_ptr<File> file;
    std::uint64_t end = 0;
  };

  Status open_segment(std::uint64_t bytes) KOLBEN_REQUIRES(mutex_);
  Status reserve(Open& open, std::uint64_t bytes, std::uint64_t room) KOLBEN_REQUIRES(mutex_);
  std::uint64_t room_of_segment(std::uint64_t bytes) KOLBEN_REQUIRES(mutex_);
  std::uint64_t bytes_held() const KOLBEN_REQUIRES(mutex_);
  void drop_spare() KOLBEN_REQUIRES(mutex_);
  void end_segment() KOLBEN_REQUIRES(mutex_);
  void retire(const Segment& segment) KOLBEN_REQUIRES(mutex_);
  std::uint64_t segment_bytes() const;
  // Of a segment that takes a group of `bytes`, on a disk that is nearly full.
  std::uint64_t least_bytes(std::uint64_t bytes) const;

  const Options& options_;
  const DataDirectory& directory_;
  mutable Mutex mutex_;
  std::uint64_t next_number_ KOLBEN_GUARDED_BY(mutex_) = 1;
  std::unique_ptr<Open> open_ KOLBEN_GUARDED_BY(mutex_);
  std::vector<Segment> ended_ KOLBEN_GUARDED_BY(mutex_);
  // Of the group for which no segment could be begun last; 0 where one could.
  std::uint64_t refused_bytes_ KOLBEN_GUARDED_BY(mutex_) = 0;
  // The last write into the open segment found no room: its file system cannot reserve any.
  bool had_no_room_ KOLBEN_GUARDED_BY(mutex_) = false;
  std::uint64_t spare_bytes_ KOLBEN_GUARDED_BY(mutex_) = 0;  // 0: there is none
};

}  // namespace kolben::storage::engine
