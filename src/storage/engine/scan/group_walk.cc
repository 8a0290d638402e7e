#include "storage/engine/scan/group_walk.h"

#include <algorithm>

namespace kolben::storage::scan {

Result<const SplitTraces*> GroupWalk::split() {
  if (query_.needs_traces() && split_ == nullptr) KOLBEN_RETURN_IF_ERROR(find_split());
  return split_.get();
}

Status GroupWalk::find_split() {
  KOLBEN_TRY(split_, SplitTraces::find(context_, control_));
  return Status::ok();
}

Status GroupWalk::visit_group(std::size_t lane, const GroupRef& place, Workplace& workplace,
                              Visit& visit) {
  KOLBEN_RETURN_IF_ERROR(control_.check());
  KOLBEN_TRY(const std::shared_ptr<GroupScan> scan, workplace.groups.get(place));
  KOLBEN_RETURN_IF_ERROR(visit(lane, *scan, workplace));
  control_.scanned(scan->rows());
  if (lane == 0) control_.searched_back_to(place.last_time);  // the lanes go side by side
  return Status::ok();
}

void GroupWalk::walk(Lane& lane, std::size_t number, Visit& visit) {
  // Whoever looks at no trace comes to each row group once.
  Workplace workplace(query_, split_.get(), split_ == nullptr ? 1 : GroupCache::kGroupsMax);
  for (lane.next = number; lane.next < query_.groups().size(); lane.next += kLanes) {
    lane.status = visit_group(number, query_.groups()[lane.next], workplace, visit);
    if (!lane.status) return;
  }
}

Result<Coverage> GroupWalk::run(Visit visit) {
  control_.expect(query_.rows());
  KOLBEN_RETURN_IF_ERROR(split().status());
  std::array<Lane, kLanes> lanes;
  context_.threads.run(kLanes, [&](std::size_t i) { walk(lanes[i], i, visit); });
  Coverage coverage;
  for (const Lane& lane : lanes) {
    if (lane.status) continue;
    if (lane.status.code() != StatusCode::kDeadlineExceeded || !control_.allows_partial()) {
      return lane.status;
    }
    // Of what is left, nothing starts later.
    const std::uint64_t left = query_.groups()[lane.next].last_time;
    coverage.is_complete = false;
    coverage.searched_back_to =
        std::max(coverage.searched_back_to, left == UINT64_MAX ? left : left + 1);
  }
  return coverage;
}

}  // namespace kolben::storage::scan
