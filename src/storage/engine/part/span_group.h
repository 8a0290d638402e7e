// SpanGroup: a row group of spans, with what its columns mean. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/batch.h"
#include "storage/engine/part/part.h"

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

  // One of each row, computed at the first call and kept.
  Result<std::span<const TraceRun>> traces();
  Result<std::span<const std::uint64_t>> starts();
  // As Span::duration_nanos() has it: 0 where the end lies before the start.
  Result<std::span<const std::uint64_t>> durations();
  // The row of the parent; kNoParent, or kForeign where it is not in this row group.
  static constexpr std::uint32_t kNoParent = UINT32_MAX;
  static constexpr std::uint32_t kForeign = UINT32_MAX - 1;
  Result<std::span<const std::uint32_t>> parents();
  // For each event (link), the row of its span.
  Result<std::span<const std::uint32_t>> event_rows();
  Result<std::span<const std::uint32_t>> link_rows();

  SpanId span_id(std::uint32_t row);  // after traces(), starts() or parents() went well
  // Fills `span`; its memory is this row group's and the arena's.
  Status read(std::uint32_t row, Arena& arena, Span& span);

 private:
  SpanGroup() = default;
  explicit SpanGroup(RowGroup group) : group_(std::move(group)) {}
  Status prepare_values();
  Status read_attributes(Place place, std::uint32_t item, Arena& arena, Attributes& out);
  Result<SpanId> parent_id(std::uint32_t row);
  Status read_events(std::uint32_t row, const Span& owner, Arena& arena, List<SpanEvent>& out);
  Status read_links(std::uint32_t row, Arena& arena, List<SpanLink>& out);

  // For each row (event, link) of a place and each attribute of its shape, the place of its value in
  // the column.
  struct Values {
    std::vector<std::uint32_t> first;  // by row: where its values begin in `places`
    std::vector<std::uint32_t> places;
  };

  RowGroup group_;
  std::vector<TraceRun> traces_;
  std::vector<std::uint64_t> starts_, durations_;
  std::vector<std::uint32_t> parents_, foreign_, event_rows_, link_rows_;
  std::vector<std::uint32_t> first_event_, first_link_;
  std::array<Values, kPlaces> values_;
  bool has_traces_ = false, has_starts_ = false, has_durations_ = false, has_parents_ = false;
  bool has_events_ = false, has_links_ = false, has_values_ = false;
};

}  // namespace kolben::storage::part
