// GroupCache: row groups of a query that were opened, the last few. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "storage/engine/scan/group_scan.h"

namespace kolben::storage::scan {

class GroupCache {
 public:
  // A row group that is read through takes some megabytes.
  static constexpr std::size_t kGroupsMax = 12;

  // `query` outlives it. `groups_max`: at least 1.
  explicit GroupCache(const BoundQuery& query, std::size_t groups_max = kGroupsMax)
      : query_(query), groups_max_(groups_max) {}

  // Stays valid as long as the pointer, cached or not.
  Result<std::shared_ptr<GroupScan>> get(GroupRef place) {
    const auto found = std::find_if(groups_.begin(), groups_.end(),
                                    [&](const auto& group) { return group->place() == place; });
    if (found != groups_.end()) {
      std::rotate(groups_.begin(), found, found + 1);
      return groups_.front();
    }
    if (groups_.size() == groups_max_) groups_.pop_back();  // first: its memory is used again
    KOLBEN_TRY(std::shared_ptr<GroupScan> group, GroupScan::open(query_, place));
    groups_.insert(groups_.begin(), group);
    return group;
  }

 private:
  const BoundQuery& query_;
  const std::size_t groups_max_;
  std::vector<std::shared_ptr<GroupScan>> groups_;  // used last first
};

}  // namespace kolben::storage::scan
