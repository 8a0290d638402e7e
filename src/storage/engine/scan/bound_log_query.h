// BoundLogQuery: the filter of a question about log records, bound to the parts of a snapshot, and
// the row groups that may have rows of its range. Immutable once bound; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "storage/engine/scan/context.h"
#include "storage/engine/scan/log_group_scan.h"

namespace kolben::storage::scan {

// A row group of Snapshot::logs.
struct LogGroupRef {
  std::uint32_t part = 0;
  std::uint32_t group = 0;
  std::uint64_t first_time = 0, last_time = 0;
};

class BoundLogQuery {
 public:
  // The snapshot outlives it. INVALID_ARGUMENT of a filter that does not compile.
  static Result<BoundLogQuery> bind(const Snapshot& snapshot, const Filter& filter,
                                    TimeRange range) {
    BoundLogQuery query(snapshot, range);
    KOLBEN_TRY(query.filter_, FilterPlan::compile(filter));
    for (std::uint32_t i = 0; i < snapshot.logs.size(); ++i) query.add_part(i);
    return query;
  }

  // In no particular order.
  const std::vector<LogGroupRef>& groups() const { return groups_; }

  Result<LogGroupScan> open(const LogGroupRef& place) const {
    return LogGroupScan::open(snapshot_->logs[place.part], place.group, *filter_,
                              plans_[place.part]);
  }
  const TimeRange& range() const { return range_; }

 private:
  BoundLogQuery(const Snapshot& snapshot, TimeRange range) : snapshot_(&snapshot), range_(range) {}

  void add_part(std::uint32_t number) {
    const part::Part& part = *snapshot_->logs[number].part;
    plans_.emplace_back(*filter_, part);
    for (std::uint32_t group = 0; group < part.groups(); ++group) {
      const part::GroupFacts& facts = part.group(group);
      if (!range_.overlaps(facts.first_time, facts.last_time)) continue;
      groups_.push_back({number, group, facts.first_time, facts.last_time});
    }
  }

  const Snapshot* snapshot_;
  TimeRange range_;
  std::unique_ptr<FilterPlan> filter_;
  std::vector<PartPlan> plans_;
  std::vector<LogGroupRef> groups_;
};

}  // namespace kolben::storage::scan
