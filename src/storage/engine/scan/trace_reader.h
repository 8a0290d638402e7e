// TraceReader: the rows of a trace over all parts of a snapshot, each span once, and what they add
// up to. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "storage/engine/scan/group_cache.h"
#include "storage/engine/scan/split_traces.h"
#include "storage/evaluate.h"
#include "storage/store.h"

namespace kolben::storage::scan {

// A span of a trace, without what needs reading far.
struct TraceRow {
  GroupRef place;
  std::uint32_t row = 0;
  std::uint32_t copy_of = 0;  // itself, or the row of the vector that says the same
  SpanId id, parent;
  std::uint64_t start = 0;
};

// Where the rows of a trace in a row group begin.
struct RunRef {
  GroupRef group;
  std::uint32_t row = 0;
};

inline std::uint64_t end_of(std::uint64_t start, std::uint64_t duration) {
  return duration > UINT64_MAX - start ? UINT64_MAX : start + duration;
}

// The places in `rows` of those that are no copies, those of one row group behind one another: so
// each row group is read through once, however many a trace fills and however they interleave.
std::vector<std::uint32_t> by_group(const std::vector<TraceRow>& rows);

class TraceReader {
 public:
  // `split`: which traces lie in several places, where somebody found out; null: any may.
  TraceReader(const BoundQuery& query, GroupCache& groups, const SplitTraces* split)
      : query_(query), groups_(groups), split_(split) {}

  // Says that spans are read whole, so that row groups are fetched at once.
  void read_ahead() { reads_ahead_ = true; }

  // All rows of the trace that are not deleted, in the order of (start, id, part, group, row).
  // `here`: a place that is known to have some.
  Result<std::vector<TraceRow>> rows(const TraceId& id, const RunRef* here = nullptr);
  // The earliest start; none where there is no row. Does not look where it can't be earlier than
  // `known`, which may be UINT64_MAX.
  Result<std::optional<std::uint64_t>> earliest(const TraceId& id, std::uint64_t known);
  Result<TraceSummary> summary(const TraceId& id);
  Result<TraceFacts> facts(const TraceId& id, const RunRef* here = nullptr);
  // The span with its resource and scope; views into the row group, which `owner` keeps.
  struct FullSpan {
    std::shared_ptr<GroupScan> owner;
    const part::ResourceEntry* resource = nullptr;
    const part::ScopeEntry* scope = nullptr;
    Span span;
  };
  Result<FullSpan> read(const TraceRow& row, Arena& arena);

 private:
  Result<TraceSummary> add_up(const TraceId& id, const RunRef* here, bool& has_root);
  Status add_places(const TraceId& id, const RunRef* here, std::vector<RunRef>& places);
  Status add_rows(const RunRef& place, const TraceId& id, std::vector<TraceRow>& rows);
  Status mark_copies(std::vector<TraceRow>& rows);
  Result<bool> is_copy(const TraceRow& a, const TraceRow& b);

  const BoundQuery& query_;
  GroupCache& groups_;
  const SplitTraces* split_;
  bool reads_ahead_ = false;
  std::vector<part::TracePlace> found_;
};

}  // namespace kolben::storage::scan
