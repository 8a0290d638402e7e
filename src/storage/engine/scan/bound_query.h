// BoundQuery: the filters of a query, bound to the parts of spans of a snapshot. Immutable once
// bound; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "storage/engine/scan/context.h"
#include "storage/engine/scan/filter_plan.h"

namespace kolben::storage::scan {

// A row group of a snapshot.
struct GroupRef {
  std::uint32_t part = 0;  // in Snapshot::spans
  std::uint32_t group = 0;
  std::uint64_t last_time = 0;

  friend bool operator==(const GroupRef& a, const GroupRef& b) {
    return a.part == b.part && a.group == b.group;
  }
};

class BoundQuery {
 public:
  // The snapshot outlives it. INVALID_ARGUMENT of a filter that does not compile.
  static Result<std::unique_ptr<BoundQuery>> bind(const Snapshot& snapshot,
                                                  std::span<const Filter* const> filters,
                                                  TimeRange range);

  // Without filters and row groups, for whoever looks traces up.
  static std::unique_ptr<BoundQuery> of_traces(const Snapshot& snapshot);

  const Snapshot& snapshot() const { return *snapshot_; }
  const LivePart& part(std::size_t index) const { return snapshot_->spans[index]; }
  const TimeRange& range() const { return range_; }
  std::size_t filters() const { return filters_.size(); }
  const FilterPlan& filter(std::size_t index) const { return *filters_[index]; }
  const PartPlan& part_plan(std::size_t filter, std::size_t part) const {
    return part_plans_[filter][part];
  }
  bool needs_traces() const;

  // Before it is used: forgets the oldest row groups beyond the first `rows` rows.
  void keep_newest(std::uint64_t rows);

  // The row groups that may hold rows of the range, those with the latest rows first.
  const std::vector<GroupRef>& groups() const { return groups_; }
  std::uint64_t rows() const { return rows_; }  // in them

 private:
  BoundQuery() = default;
  void list_groups();

  const Snapshot* snapshot_ = nullptr;
  TimeRange range_;
  std::vector<std::unique_ptr<FilterPlan>> filters_;
  std::vector<std::vector<PartPlan>> part_plans_;
  std::vector<GroupRef> groups_;
  std::uint64_t rows_ = 0;
};

}  // namespace kolben::storage::scan
