#include "storage/engine/scan/bound_query.h"

#include <algorithm>

namespace kolben::storage::scan {

Result<std::unique_ptr<BoundQuery>> BoundQuery::bind(const Snapshot& snapshot,
                                                     std::span<const Filter* const> filters,
                                                     TimeRange range) {
  std::unique_ptr<BoundQuery> query(new BoundQuery());
  query->snapshot_ = &snapshot;
  query->range_ = range;
  for (const Filter* filter : filters) {
    KOLBEN_TRY(std::unique_ptr<FilterPlan> plan, FilterPlan::compile(*filter));
    std::vector<PartPlan>& plans = query->part_plans_.emplace_back();
    for (const LivePart& live : snapshot.spans) plans.emplace_back(*plan, *live.part);
    query->filters_.push_back(std::move(plan));
  }
  query->list_groups();
  return query;
}

std::unique_ptr<BoundQuery> BoundQuery::of_traces(const Snapshot& snapshot) {
  std::unique_ptr<BoundQuery> query(new BoundQuery());
  query->snapshot_ = &snapshot;
  return query;
}

bool BoundQuery::needs_traces() const {
  return std::any_of(filters_.begin(), filters_.end(),
                     [](const auto& filter) { return filter->needs_traces(); });
}

void BoundQuery::keep_newest(std::uint64_t rows) {
  rows_ = 0;
  std::size_t kept = 0;
  for (; kept < groups_.size() && rows_ < rows; ++kept) {
    rows_ += snapshot_->spans[groups_[kept].part].part->group(groups_[kept].group).rows;
  }
  groups_.resize(kept);
}

void BoundQuery::list_groups() {
  for (std::uint32_t i = 0; i < snapshot_->spans.size(); ++i) {
    const part::Part& part = *snapshot_->spans[i].part;
    for (std::uint32_t group = 0; group < part.groups(); ++group) {
      const part::GroupFacts& facts = part.group(group);
      if (!range_.overlaps(facts.first_time, facts.last_time)) continue;
      groups_.push_back({i, group, facts.last_time});
      rows_ += facts.rows;
    }
  }
  std::sort(groups_.begin(), groups_.end(), [](const GroupRef& a, const GroupRef& b) {
    if (a.last_time != b.last_time) return a.last_time > b.last_time;
    return a.part != b.part ? a.part < b.part : a.group < b.group;
  });
}

}  // namespace kolben::storage::scan
