// SegmentView: what a query sees of one segment: columns, dictionaries and the way to the bytes. A
// snapshot: it does not change, and keeps alive whatever it points into. The segment that is being
// written makes a new view when something was added; a sealed one has one view for ever.
//
// The numbers in a mapped file may be anything, if the disk is damaged: accessors check them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "storage/engine/format.h"
#include "storage/engine/paged.h"

namespace kolben::storage::engine {

// A dictionary: texts by number.
class Texts {
 public:
  Texts() = default;
  explicit Texts(Paged<std::string_view> texts) : texts_(std::move(texts)), size_(texts_.size()) {}
  // `offsets` are the ends of the texts in `bytes`.
  Texts(std::span<const std::uint32_t> ends, std::string_view bytes)
      : ends_(ends), bytes_(bytes), size_(ends.size()) {}

  std::size_t size() const { return size_; }
  // Empty where there is no such number.
  std::string_view operator[](std::size_t number) const;

 private:
  Paged<std::string_view> texts_;
  std::span<const std::uint32_t> ends_;
  std::string_view bytes_;
  std::size_t size_ = 0;
};

struct SpanColumns {
  Paged<TraceId> trace_id;
  Paged<SpanId> span_id;
  Paged<SpanId> parent_span_id;
  Paged<std::uint64_t> start;
  Paged<std::uint64_t> duration;
  Paged<std::uint32_t> service;
  Paged<std::uint32_t> name;
  Paged<std::uint32_t> context;
  Paged<std::uint32_t> offset;  // of the span in its record's body
  Paged<std::uint32_t> bytes;
  Paged<std::uint8_t> facts;
  Paged<std::uint64_t> fingerprint;
  std::vector<TimeSpan> pages;  // of the starts

  std::size_t size() const { return trace_id.size(); }
};

struct LogColumns {
  Paged<TraceId> trace_id;
  Paged<SpanId> span_id;
  Paged<std::uint64_t> time;
  Paged<std::uint32_t> service;
  Paged<std::uint8_t> severity;
  Paged<std::uint32_t> context;
  Paged<std::uint32_t> offset;
  Paged<std::uint32_t> bytes;
  std::vector<TimeSpan> pages;

  std::size_t size() const { return trace_id.size(); }
};

// From a trace's id to its rows.
class TraceIndex {
 public:
  virtual ~TraceIndex() = default;
  // Appends the rows of the trace, in no particular order.
  virtual void find(const TraceId& id, std::vector<std::uint32_t>& rows) const = 0;
  // The start of its earliest span here.
  virtual std::optional<std::uint64_t> earliest(const TraceId& id) const = 0;
  // All traces, sorted by id; in `scratch` where they are not lying ready.
  virtual std::span<const TraceEntry> sorted(std::vector<TraceEntry>& scratch) const = 0;
};

struct SegmentView {
  std::uint64_t number = 0;
  SegmentFacts facts;
  std::shared_ptr<const File> log;
  Paged<RecordEntry> records;
  Paged<ContextEntry> contexts;
  SpanColumns spans;
  LogColumns logs;
  Texts services, names, keys;
  std::vector<OperationEntry> operations;
  std::vector<KeyEntry> key_counts;
  std::shared_ptr<const TraceIndex> traces;
  std::shared_ptr<const void> memory;  // what all the above points into

  // The context of a row; null where the file is damaged.
  const ContextEntry* context(std::uint32_t number_of_context) const {
    return number_of_context < contexts.size() ? &contexts[number_of_context] : nullptr;
  }
};

}  // namespace kolben::storage::engine
