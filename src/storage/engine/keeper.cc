#include "storage/engine/keeper.h"

#include <algorithm>
#include <string>
#include <utility>

#include "storage/engine/damage.h"
#include "storage/engine/merge.h"
#include "storage/engine/merge_plan.h"
#include "storage/engine/retention.h"

namespace kolben::storage::engine {
namespace {

// How often age is looked at, and what failed is tried again.
constexpr std::chrono::seconds kRound(1);
// How often a merge that gives way looks whether it may go on.
constexpr std::chrono::milliseconds kPause(10);
// Parts in which data grows old: age is kept to within a 24th.
constexpr std::uint64_t kPartsOfAge = 24;
// A merge leaves the disk this much: for the log and the next parts.
constexpr std::uint64_t kFreeBytesMin = 64 << 20;
// A clock that goes this far from the steady one was set, perhaps wrongly; then age is not judged
// by it for a while, in which somebody may set it right.
constexpr std::uint64_t kClockStepNanos = 60'000'000'000;
constexpr std::uint64_t kDistrustNanos = 600'000'000'000;

}  // namespace

void Keeper::start() {
  thread_ = Thread("store-keeper", [this] { run(); });
}

void Keeper::stop() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Keeper::wake() {
  MutexLock lock(mutex_);
  is_woken_ = true;
  changed_.notify_all();
}

void Keeper::run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (!is_woken_ && !is_stopping_) changed_.wait_for(mutex_, kRound);
      is_woken_ = false;
      if (is_stopping_) return;
    }
    apply_retention();
    const std::uint64_t oldest = around_.tail.oldest_received();
    const std::uint64_t age_max = around_.classes.age_max_nanos(0) / kPartsOfAge;
    if (oldest < around_.clock.unix_nanos() - std::min(around_.clock.unix_nanos(), age_max)) {
      around_.on_old_tail();
    }
    static_cast<void>(merge_all());  // reported there
  }
}

void Keeper::apply_retention() {
  MutexLock lock(retention_mutex_);
  std::vector<ManifestPart> parts;
  for (const StoredPart& stored : around_.parts.view().parts) parts.push_back(stored.facts);
  const std::vector<std::uint64_t> removed =
      choose_removed(parts, around_.classes, time_of_retention(), around_.wal.disk_bytes(),
                     around_.options.retention_bytes_max);
  if (!removed.empty()) {
    PartChange change;
    change.removed = removed;
    Status done = around_.parts.change(std::move(change));
    if (done.code() == StatusCode::kResourceExhausted) {
      // No room even for a manifest: then one by one; after the first there is room.
      done = Status::ok();
      for (const std::uint64_t number : removed) {
        if (Status one = remove(number); !one) done = one;
      }
    }
    report_once(done, "cannot remove old parts, will try again: ", removing_told_);
  }
  make_room();
}

std::uint64_t Keeper::time_of_retention() {
  const Times now{around_.clock.unix_nanos(), around_.clock.steady_nanos()};
  const Times before = std::exchange(seen_, now);
  if (before.steady_nanos == 0) return now.unix_nanos;
  const std::uint64_t expected = before.unix_nanos + (now.steady_nanos - before.steady_nanos);
  const std::uint64_t step =
      std::max(expected, now.unix_nanos) - std::min(expected, now.unix_nanos);
  if (step > kClockStepNanos) {
    around_.report("the clock went " + std::to_string(step / 1'000'000'000) +
                   " s astray (set, or the machine slept): nothing is removed for its age in the "
                   "next ten minutes");
    clock_trusted_from_ = now.steady_nanos + kDistrustNanos;
  }
  return now.steady_nanos < clock_trusted_from_ ? 0 : now.unix_nanos;
}

void Keeper::report_once(const Status& status, std::string_view what, Status& told) {
  if (!status && status.code() != told.code()) {
    around_.report(std::string(what) + status.to_string());
  }
  told = status;
}

// While the disk has less room than it shall: parts go, those first that expire first.
void Keeper::make_room() {
  const std::uint64_t wanted = around_.options.disk_free_bytes_min;
  while (wanted > 0) {
    const Result<std::uint64_t> free =
        around_.directory.files().free_bytes(around_.directory.path());
    std::vector<ManifestPart> parts;
    for (const StoredPart& stored : around_.parts.view().parts) parts.push_back(stored.facts);
    if (!free || *free >= wanted || parts.empty()) return;
    const ManifestPart oldest = in_order_of_expiry(parts, around_.classes).front();
    const Status removed = remove(oldest.number);
    around_.report("the disk is nearly full: " + describe(oldest) +
                   (removed ? " were removed" : " cannot be removed: " + removed.to_string()));
    if (!removed) return;
  }
}

Status Keeper::remove(std::uint64_t number) {
  PartChange change;
  change.removed = {number};
  Status done = around_.parts.change(std::move(change));
  if (done.code() != StatusCode::kResourceExhausted) return done;
  return around_.parts.drop(number);
}

Status Keeper::merge_all() {
  MutexLock lock(merge_mutex_);
  Status outcome;
  std::set<std::uint64_t> left_out;  // of this round
  while (true) {
    std::vector<ManifestPart> parts;
    for (const StoredPart& stored : around_.parts.view().parts) {
      const std::uint64_t number = stored.facts.number;
      if (!damaged_.contains(number) && !left_out.contains(number)) parts.push_back(stored.facts);
    }
    const std::vector<std::uint64_t> numbers =
        choose_merge(parts, around_.options, around_.clock.unix_nanos());
    if (numbers.empty()) break;
    const Status merged = merge(numbers);
    if (merged) continue;
    if (outcome) outcome = merged;
    if (merged.code() == StatusCode::kDataLoss) {
      const std::vector<std::uint64_t> damaged = find_damaged(numbers);
      damaged_.insert(damaged.begin(), damaged.end());
      if (!damaged.empty()) continue;
    }
    if (merged.code() != StatusCode::kResourceExhausted) break;
    left_out.insert(numbers.begin(), numbers.end());
  }
  // One that gives way is no failure, and neither an end of one.
  if (outcome.code() != StatusCode::kCancelled) {
    report_once(outcome, "cannot merge some parts: ", merging_told_);
  }
  return outcome;
}

std::vector<std::uint64_t> Keeper::find_damaged(const std::vector<std::uint64_t>& numbers) const {
  std::vector<std::uint64_t> damaged;
  for (const StoredPart& stored : around_.parts.view().parts) {
    const std::uint64_t number = stored.facts.number;
    if (std::find(numbers.begin(), numbers.end(), number) == numbers.end()) continue;
    if (stored.part->check().code() != StatusCode::kDataLoss) continue;
    around_.report(describe(stored.facts) + " is damaged and left out of merges; " +
                   std::string(kDamageRemedy));
    damaged.push_back(number);
  }
  return damaged;
}

Status Keeper::merge(const std::vector<std::uint64_t>& numbers) {
  std::vector<StoredPart> inputs;
  for (const StoredPart& stored : around_.parts.view().parts) {
    if (std::find(numbers.begin(), numbers.end(), stored.facts.number) != numbers.end()) {
      inputs.push_back(stored);
    }
  }
  if (inputs.empty()) return cancelled("what was to be merged is gone");
  KOLBEN_RETURN_IF_ERROR(check_room(inputs));
  FileTarget target(around_.directory, [this] { return around_.parts.take_number(); });
  KeepGoing going = [this] { return keep_going(); };
  Result<Merged> merged = merge_parts(inputs, target, going);
  if (!merged) {
    target.discard();
    return merged.status();
  }
  PartChange change;
  change.removed = std::move(merged->inputs);
  change.needs_removed = true;  // what retention removed meanwhile shall not come back
  change.added = std::move(merged->parts);
  return around_.parts.change(std::move(change));
}

Status Keeper::check_room(const std::vector<StoredPart>& inputs) const {
  std::uint64_t needed = kFreeBytesMin;
  for (const StoredPart& input : inputs) needed += input.facts.bytes;
  const Result<std::uint64_t> free = around_.directory.files().free_bytes(around_.directory.path());
  if (!free || *free >= needed) return free.status();
  return resource_exhausted("the disk has " + std::to_string(*free) + " bytes left, and " +
                            std::to_string(needed) + " are needed");
}

Status Keeper::keep_going() {
  MutexLock lock(mutex_);
  while (!is_stopping_ && waiting_for_no_merge_ == 0 &&
         around_.tail.bytes() > around_.options.tail_bytes_max / 2) {
    changed_.wait_for(mutex_, kPause);
  }
  if (is_stopping_ || waiting_for_no_merge_ > 0) return cancelled("the merge is given up");
  return Status::ok();
}

Status Keeper::compact(WorkProgress progress) {
  const std::size_t parts_before = around_.parts.view().parts.size();
  KOLBEN_RETURN_IF_ERROR(merge_all());
  MutexLock lock(merge_mutex_);
  // It ends: each step makes one part of several, or takes the deleted rows out of one.
  Options small_steps = around_.options;
  small_steps.merge_parts_min = 2;
  while (true) {
    std::vector<ManifestPart> parts;
    for (const StoredPart& stored : around_.parts.view().parts) {
      parts.push_back(stored.facts);
      parts.back().merges = std::max(parts.back().merges, 1U);  // fresh ones too
    }
    if (progress) progress(parts_before - std::min(parts_before, parts.size()), parts_before);
    const std::vector<std::uint64_t> numbers =
        choose_merge(parts, small_steps, around_.clock.unix_nanos());
    if (numbers.empty()) return Status::ok();
    KOLBEN_RETURN_IF_ERROR(merge(numbers));
  }
}

Status Keeper::without_merges(UniqueFunction<Status()> work) {
  {
    MutexLock lock(mutex_);
    ++waiting_for_no_merge_;
    changed_.notify_all();
  }
  Status done;
  {
    MutexLock lock(merge_mutex_);
    done = work();
  }
  MutexLock lock(mutex_);
  --waiting_for_no_merge_;
  return done;
}

}  // namespace kolben::storage::engine
