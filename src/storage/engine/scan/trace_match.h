// TraceMatches: the traces of a page as its result list shows them; where that is asked for with
// the span of each that matched. One thread.
#pragma once

#include <utility>
#include <vector>

#include "storage/engine/scan/group_walk.h"
#include "storage/store.h"

namespace kolben::storage::scan {

class TraceMatches {
 public:
  // Both outlive it. The filter is the first of the workplace's query.
  TraceMatches(Workplace& place, const TraceQuery& question) : place_(place), question_(question) {}

  Result<TraceSummary> summary(const TraceId& id);

 private:
  // Row groups whose matching rows are kept: the traces of a page are neighbours, mostly.
  static constexpr std::size_t kGroupsMax = 64;

  Result<TraceMatch> match(const TraceId& id);
  Result<const Selection*> matching(GroupScan& group);
  Status describe(const TraceRow& row, TraceMatch& match);

  Workplace& place_;
  const TraceQuery& question_;
  std::vector<std::pair<GroupRef, Selection>> selections_;
};

}  // namespace kolben::storage::scan
