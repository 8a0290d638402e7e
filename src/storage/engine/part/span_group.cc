#include "storage/engine/part/span_group.h"

#include <string>

#include "storage/engine/part/column_finder.h"
#include "storage/engine/part/cursor.h"

namespace kolben::storage::part {
namespace {

using namespace span_column;

Status damaged(const RowGroup& group, const char* what) {
  return data_loss("row group " + std::to_string(group.index()) + ": " + what);
}

}  // namespace

Result<SpanGroup> SpanGroup::open(std::shared_ptr<const Part> part, std::size_t index) {
  KOLBEN_TRY(RowGroup group, RowGroup::open(std::move(part), index));
  return SpanGroup(std::move(group));
}

Result<std::span<const TraceRun>> SpanGroup::traces() {
  if (has_traces_) return std::span<const TraceRun>(traces_);
  KOLBEN_TRY(const std::string_view ids, group_.raw(kTraceId, 16));
  KOLBEN_TRY(const NumberColumn* counts, group_.numbers(kTraceRows));
  if (ids.size() != std::size_t{counts->size} * 16) return damaged(group_, "traces without ids");
  std::uint64_t first = 0;
  traces_.clear();
  traces_.reserve(counts->size);
  for (std::uint32_t i = 0; i < counts->size; ++i) {
    const std::uint64_t count = (*counts)[i];
    if (count == 0 || count > rows() - first) return damaged(group_, "traces with too many rows");
    traces_.push_back({id_at<TraceId>(ids, i), static_cast<std::uint32_t>(first),
                       static_cast<std::uint32_t>(count)});
    first += count;
  }
  if (first != rows()) return damaged(group_, "rows without a trace");
  has_traces_ = true;
  return std::span<const TraceRun>(traces_);
}

Result<std::span<const std::uint64_t>> SpanGroup::starts() {
  if (has_starts_) return std::span<const std::uint64_t>(starts_);
  KOLBEN_TRY(const std::span<const TraceRun> traces, this->traces());
  KOLBEN_TRY(const NumberColumn* differences, group_.numbers(kStart));
  if (differences->size != rows()) return damaged(group_, "a start for each row is missing");
  starts_.resize(rows());
  std::uint64_t trace_start = group_.directory().facts.first_time;
  for (const TraceRun& trace : traces) {
    std::uint64_t start = trace_start;
    for (std::uint32_t row = trace.first; row < trace.first + trace.rows; ++row) {
      start += unzigzag((*differences)[row]);
      starts_[row] = start;
    }
    trace_start = starts_[trace.first];
  }
  has_starts_ = true;
  return std::span<const std::uint64_t>(starts_);
}

Result<std::span<const std::uint64_t>> SpanGroup::durations() {
  if (has_durations_) return durations_view_;
  KOLBEN_TRY(const NumberColumn* stored, group_.numbers(kDuration));
  if (stored->size != rows()) return damaged(group_, "a duration for each row is missing");
  const bool may_wrap = durations_may_wrap();
  if (!stored->has_dictionary && !may_wrap) {
    durations_view_ = stored->entries;
    has_durations_ = true;
    return durations_view_;
  }
  durations_.resize(rows());
  for (std::uint32_t row = 0; row < rows(); ++row) durations_[row] = (*stored)[row];
  if (may_wrap) {
    KOLBEN_TRY(const std::span<const std::uint64_t> starts, this->starts());
    for (std::uint32_t row = 0; row < rows(); ++row) {
      if (starts[row] + durations_[row] < starts[row]) durations_[row] = 0;
    }
  }
  durations_view_ = durations_;
  has_durations_ = true;
  return durations_view_;
}

bool SpanGroup::durations_may_wrap() const {
  const Chunk* chunk = group_.directory().find(kDuration);
  if (chunk == nullptr) return false;
  const std::uint64_t last_start = group_.directory().facts.last_time;
  return chunk->greatest >> 63 != 0 || chunk->greatest > UINT64_MAX - last_start;
}

Result<std::span<const std::uint32_t>> SpanGroup::narrow_durations() {
  if (durations_may_wrap()) return std::span<const std::uint32_t>();
  KOLBEN_TRY(const std::span<const std::uint32_t> narrow, group_.narrow_numbers(kDuration));
  if (!narrow.empty() && narrow.size() != rows()) {
    return damaged(group_, "a duration for each row is missing");
  }
  return narrow;
}

Result<std::span<const std::uint32_t>> SpanGroup::parents() {
  if (has_parents_) return std::span<const std::uint32_t>(parents_);
  KOLBEN_TRY(const NumberColumn* codes, group_.numbers(kParent));
  if (codes->size != rows()) return damaged(group_, "a parent for each row is missing");
  KOLBEN_TRY(const std::string_view foreign, group_.raw(kForeignParent, 8));
  parents_.resize(rows());
  foreign_.assign(rows(), 0);
  std::uint32_t foreign_parents = 0;
  for (std::uint32_t row = 0; row < rows(); ++row) {
    const std::uint64_t code = (*codes)[row];
    if (code == 0) {
      parents_[row] = kNoParent;
    } else if (code == 1) {
      parents_[row] = kForeign;
      foreign_[row] = foreign_parents++;
    } else {
      const std::uint64_t parent = row - unzigzag(code - 2);
      if (parent >= rows()) return damaged(group_, "a parent lies outside");
      parents_[row] = static_cast<std::uint32_t>(parent);
    }
  }
  if (foreign.size() != std::size_t{foreign_parents} * 8) {
    return damaged(group_, "ids of parents are missing");
  }
  has_parents_ = true;
  return std::span<const std::uint32_t>(parents_);
}

Result<SpanId> SpanGroup::span_id(std::uint32_t row) {
  KOLBEN_TRY(const std::string_view ids, group_.raw(kSpanId, 8));
  if (ids.size() != std::size_t{rows()} * 8) return damaged(group_, "ids of spans are missing");
  return id_at<SpanId>(ids, row);
}

Result<SpanId> SpanGroup::parent_id(std::uint32_t row) {
  KOLBEN_TRY(const std::span<const std::uint32_t> parents, this->parents());
  if (parents[row] == kNoParent) return SpanId();
  if (parents[row] != kForeign) return span_id(parents[row]);
  KOLBEN_TRY(const std::string_view foreign, group_.raw(kForeignParent, 8));
  return id_at<SpanId>(foreign, foreign_[row]);
}

Status SpanGroup::load_items(std::uint32_t count_column, std::uint32_t item_column, Items& items) {
  if (items.is_there) return Status::ok();
  KOLBEN_TRY(const NumberColumn* counts, group_.numbers(count_column));
  if (counts->size != rows()) return damaged(group_, "counts of events or links are missing");
  const Chunk* chunk = group_.directory().find(item_column);
  const std::uint64_t items_max = chunk == nullptr ? 0 : chunk->values;
  items.first.assign(rows() + 1, 0);
  items.rows.clear();
  for (std::uint32_t row = 0; row < rows(); ++row) {
    const std::uint64_t count = (*counts)[row];
    if (count > 0) {
      if (count > items_max - items.rows.size()) return damaged(group_, "too many events or links");
      items.rows.insert(items.rows.end(), static_cast<std::size_t>(count), row);
    }
    items.first[row + 1] = static_cast<std::uint32_t>(items.rows.size());
  }
  if (items.rows.size() != items_max) return damaged(group_, "events or links without a span");
  items.is_there = true;
  return Status::ok();
}

Result<std::span<const std::uint32_t>> SpanGroup::event_rows() {
  KOLBEN_RETURN_IF_ERROR(load_items(kEvents, kEventTime, events_));
  return std::span<const std::uint32_t>(events_.rows);
}

Result<std::span<const std::uint32_t>> SpanGroup::link_rows() {
  KOLBEN_RETURN_IF_ERROR(load_items(kLinks, kLinkTraceState, links_));
  return std::span<const std::uint32_t>(links_.rows);
}

}  // namespace kolben::storage::part
