// ActiveSegment: the columns of the segment that is being written, in memory: the writer adds
// records that are durable, readers take views. When the segment is full it stays here until its
// index file is written.
//
// apply() by one thread; view() and write_index() by any. Held by shared_ptr, because views keep
// it alive.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/file_system.h"
#include "base/mutex.h"
#include "storage/engine/duplicate_window.h"
#include "storage/engine/format.h"
#include "storage/engine/paged.h"
#include "storage/engine/segment_view.h"
#include "storage/engine/text_table.h"
#include "storage/engine/walk.h"

namespace kolben::storage::engine {

// Attribute keys that the catalogue of one segment holds: far above what people use; a program that
// puts ids into keys must not fill the memory.
inline constexpr std::size_t kKeysMax = 20'000;
inline constexpr std::size_t kKeyBytesMax = 256;

class ActiveSegment : public std::enable_shared_from_this<ActiveSegment> {
 public:
  ActiveSegment(std::uint64_t number, std::shared_ptr<const File> log);

  std::uint64_t number() const { return number_; }

  // Adds a record that is in the log. Spans that `window` knows are left out and counted.
  void apply(RecordEntry record, const Walked& walked, DuplicateWindow& window);
  void note_damage(std::uint64_t records);

  std::shared_ptr<const SegmentView> view() KOLBEN_EXCLUDES(mutex_);
  SegmentFacts facts() const KOLBEN_EXCLUDES(mutex_);

  // Writes the index file; nothing is applied any more.
  Status write_index(FileSystem& files, const std::string& path) KOLBEN_EXCLUDES(mutex_);

 private:
  friend class ActiveTraceIndex;

  struct Spans {
    PagedBuffer<TraceId> trace_id;
    PagedBuffer<SpanId> span_id, parent_span_id;
    PagedBuffer<std::uint64_t> start, duration;
    PagedBuffer<std::uint32_t> service, name, context, offset, bytes;
    PagedBuffer<std::uint8_t> facts;
    PagedBuffer<std::uint64_t> fingerprint;
    PagedBuffer<std::uint32_t> previous;  // the row before of the same trace, + 1
    std::vector<TimeSpan> pages;

    void append_view(SpanColumns& columns) const;
  };
  struct Logs {
    PagedBuffer<TraceId> trace_id;
    PagedBuffer<SpanId> span_id;
    PagedBuffer<std::uint64_t> time;
    PagedBuffer<std::uint32_t> service;
    PagedBuffer<std::uint8_t> severity;
    PagedBuffer<std::uint32_t> context, offset, bytes;
    std::vector<TimeSpan> pages;

    void append_view(LogColumns& columns) const;
  };

  void add_span(const WalkedSpan& span, std::uint32_t context, std::uint32_t service)
      KOLBEN_REQUIRES(mutex_);
  void add_log(const WalkedLog& log, std::uint32_t context, std::uint32_t service)
      KOLBEN_REQUIRES(mutex_);
  void add_keys(const KeyCounts& keys) KOLBEN_REQUIRES(mutex_);
  // The slot of the trace: its last row + 1, or 0.
  std::uint32_t& trace_slot(const TraceId& id) KOLBEN_REQUIRES(mutex_);
  void grow_traces() KOLBEN_REQUIRES(mutex_);
  // Its last row + 1, or 0.
  std::uint32_t last_row(const TraceId& id) const KOLBEN_REQUIRES(mutex_);
  std::vector<TraceEntry> sorted_traces(std::vector<std::uint32_t>* rows) const
      KOLBEN_REQUIRES(mutex_);

  const std::uint64_t number_;
  const std::shared_ptr<const File> log_;

  mutable Mutex mutex_;
  SegmentFacts facts_ KOLBEN_GUARDED_BY(mutex_);
  PagedBuffer<RecordEntry> records_ KOLBEN_GUARDED_BY(mutex_);
  PagedBuffer<ContextEntry> contexts_ KOLBEN_GUARDED_BY(mutex_);
  Spans spans_ KOLBEN_GUARDED_BY(mutex_);
  Logs logs_ KOLBEN_GUARDED_BY(mutex_);
  TextTable services_ KOLBEN_GUARDED_BY(mutex_);
  TextTable names_ KOLBEN_GUARDED_BY(mutex_);
  TextTable keys_ KOLBEN_GUARDED_BY(mutex_);
  // By scope and number of the key.
  std::unordered_map<std::uint64_t, std::uint64_t> key_counts_ KOLBEN_GUARDED_BY(mutex_);
  // By service and name; five kinds and the unknown one each.
  std::unordered_map<std::uint64_t, std::array<std::uint32_t, 8>> operations_
      KOLBEN_GUARDED_BY(mutex_);
  std::vector<std::uint32_t> trace_slots_ KOLBEN_GUARDED_BY(mutex_);  // last row + 1; 0: free
  std::size_t traces_ KOLBEN_GUARDED_BY(mutex_) = 0;
  // Whoever reads keeps it alive; it keeps this segment alive, so it is not held here.
  std::weak_ptr<const SegmentView> view_ KOLBEN_GUARDED_BY(mutex_);
};

}  // namespace kolben::storage::engine
