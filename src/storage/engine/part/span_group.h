// SpanGroup: a row group of spans, with what its columns mean. What it computes, it keeps. One
// thread. Every error is DATA_LOSS, or what the disk said.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/traces.h"
#include "storage/engine/part/attribute_reader.h"
#include "storage/engine/part/row_group.h"

namespace kolben::storage::part {

// The rows of one trace in a row group.
struct TraceRun {
  TraceId id;
  std::uint32_t first = 0;
  std::uint32_t rows = 0;
};

class SpanGroup {
 public:
  static Result<SpanGroup> open(std::shared_ptr<const Part> part, std::size_t index);
  SpanGroup(SpanGroup&&) = default;
  SpanGroup& operator=(SpanGroup&&) = default;

  RowGroup& columns() { return group_; }
  const Part& part() const { return group_.part(); }
  std::uint32_t rows() const { return group_.rows(); }

  Result<std::span<const TraceRun>> traces();
  // These have one for each row.
  Result<std::span<const std::uint64_t>> starts();
  // As Span::duration_nanos() has it: 0 where the end lies before the start.
  Result<std::span<const std::uint64_t>> durations();
  // Whether an end may lie before its start: what is stored is the difference modulo 2^64 then.
  bool durations_may_wrap() const;
  // The same, where all are below 2^32; empty otherwise.
  Result<std::span<const std::uint32_t>> narrow_durations();
  // The row of the parent; kNoParent, or kForeign where it is not in this row group.
  static constexpr std::uint32_t kNoParent = UINT32_MAX;
  static constexpr std::uint32_t kForeign = UINT32_MAX - 1;
  Result<std::span<const std::uint32_t>> parents();
  Result<SpanId> span_id(std::uint32_t row);
  Result<SpanId> parent_id(std::uint32_t row);
  // For each event (link), the row of its span.
  Result<std::span<const std::uint32_t>> event_rows();
  Result<std::span<const std::uint32_t>> link_rows();

  // Fills `span`, all fields; its strings live in this row group, its lists in `arena`.
  Status read(std::uint32_t row, Arena& arena, Span& span);

 private:
  // Events or links: for each its row, and for each row its first.
  struct Items {
    std::vector<std::uint32_t> rows, first;
    bool is_there = false;
  };

  // The columns that read() needs of every row, found at its first call.
  struct Fields {
    std::string_view span_ids, link_trace_ids, link_span_ids;
    const NumberColumn *duration = nullptr, *kind = nullptr, *status = nullptr, *flags = nullptr;
    const NumberColumn *dropped_attributes = nullptr, *dropped_events = nullptr;
    const NumberColumn* dropped_links = nullptr;
    const NumberColumn *event_time = nullptr, *event_dropped = nullptr;
    const NumberColumn *link_dropped = nullptr, *link_flags = nullptr;
    const TextColumn *name = nullptr, *status_message = nullptr, *trace_state = nullptr;
    const TextColumn *event_name = nullptr, *link_trace_state = nullptr;
    bool are_there = false;
  };

  explicit SpanGroup(RowGroup group) : group_(std::move(group)) {}
  Status load_fields();
  Status load_items(std::uint32_t count_column, std::uint32_t item_column, Items& items);
  Status read_event(std::uint32_t item, std::uint64_t start, Arena& arena, SpanEvent& event);
  Status read_link(std::uint32_t item, Arena& arena, SpanLink& link);

  RowGroup group_;
  std::vector<TraceRun> traces_;
  FilledVector<std::uint64_t> starts_, durations_;
  std::span<const std::uint64_t> durations_view_;
  FilledVector<std::uint32_t> parents_;
  std::vector<std::uint32_t> foreign_;  // by row, of those whose parent is elsewhere: its number
  Items events_, links_;
  Fields fields_;
  AttributeReader attributes_, event_attributes_, link_attributes_;
  bool has_traces_ = false, has_starts_ = false, has_durations_ = false, has_parents_ = false;
};

}  // namespace kolben::storage::part
