#include "storage/engine/scan/group_walk.h"

namespace kolben::storage::scan {

Result<const SplitTraces*> GroupWalk::split() {
  if (query_.needs_traces() && split_ == nullptr) KOLBEN_RETURN_IF_ERROR(find_split());
  return split_.get();
}

Status GroupWalk::find_split() {
  KOLBEN_TRY(split_, SplitTraces::find(context_, control_));
  return Status::ok();
}

Result<Coverage> GroupWalk::run(Visit visit) {
  control_.expect(query_.rows());
  KOLBEN_RETURN_IF_ERROR(split().status());
  for (std::size_t i = 0; i < kLanes; ++i) {
    const MutexLock lock(lanes_[i].mutex);
    lanes_[i].next = i;
  }
  {
    const MutexLock lock(progress_.mutex);
    progress_.done.assign(query_.groups().size(), false);
  }
  context_.threads.run(kLanes, [&](std::size_t) { work(visit); });
  return outcome();
}

// The row groups are taken in their order, so that the lanes go side by side.
void GroupWalk::work(Visit& visit) {
  // Whoever looks at no trace comes to each row group once.
  Workplace place(query_, split_.get(), split_ == nullptr ? 1 : GroupCache::kGroupsMax);
  while (!is_over_) {
    const std::size_t number = next_.fetch_add(1);
    if (number >= query_.groups().size()) return;
    take_turn(lanes_[number % kLanes], number, place, visit);
  }
}

void GroupWalk::take_turn(Lane& lane, std::size_t number, Workplace& place, Visit& visit) {
  const MutexLock lock(lane.mutex);
  // Who has the one before is at work, because that was taken before.
  while (lane.next != number) lane.changed.wait(lane.mutex);
  if (!is_over_) {
    lane.status = visit_group(number, place, visit);
    if (lane.status) {
      note_done(number);
    } else {
      is_over_ = true;
    }
  }
  lane.next += kLanes;
  lane.changed.notify_all();
}

Status GroupWalk::visit_group(std::size_t number, Workplace& place, Visit& visit) {
  KOLBEN_RETURN_IF_ERROR(control_.check());
  KOLBEN_TRY(const std::shared_ptr<GroupScan> scan, place.groups.get(query_.groups()[number]));
  KOLBEN_RETURN_IF_ERROR(visit(number % kLanes, *scan, place));
  control_.scanned(scan->rows());
  return Status::ok();
}

void GroupWalk::note_done(std::size_t number) {
  const MutexLock lock(progress_.mutex);
  progress_.done[number] = true;
  const std::size_t before = progress_.first_left;
  while (progress_.first_left < progress_.done.size() && progress_.done[progress_.first_left]) {
    ++progress_.first_left;
  }
  if (progress_.first_left == before) return;
  control_.searched_back_to(query_.groups()[progress_.first_left - 1].last_time);
}

Result<Coverage> GroupWalk::outcome() {
  Coverage coverage;
  for (Lane& lane : lanes_) {
    const MutexLock lock(lane.mutex);
    if (lane.status) continue;
    if (lane.status.code() != StatusCode::kDeadlineExceeded || !control_.allows_partial()) {
      return lane.status;
    }
    coverage.is_complete = false;
  }
  if (coverage.is_complete) return coverage;
  // Of what is left, nothing starts later.
  const MutexLock lock(progress_.mutex);
  const std::uint64_t left = query_.groups()[progress_.first_left].last_time;
  coverage.searched_back_to = left == UINT64_MAX ? left : left + 1;
  return coverage;
}

}  // namespace kolben::storage::scan
