// Keeper: the store's background thread: removes what retention does not keep, and merges parts.
// Merges give way while the builder is behind, and need room on the disk for what they make.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "storage/engine/part_set.h"
#include "storage/engine/retention_classes.h"
#include "storage/engine/tail.h"
#include "storage/engine/wal.h"

namespace kolben::storage::engine {

class Keeper {
 public:
  // All outlive the keeper.
  struct Surroundings {
    const Options& options;
    const DataDirectory& directory;
    const Clock& clock;
    const RetentionClasses& classes;
    const Wal& wal;
    const Tail& tail;
    PartSet& parts;
    Report& report;
    UniqueFunction<void()>& on_old_tail;  // the tail is to become a part although it is small
  };
  explicit Keeper(Surroundings around) : around_(around) {}
  ~Keeper() { stop(); }

  void start();
  // A merge at hand is given up; what it wrote is removed.
  void stop() KOLBEN_EXCLUDES(mutex_);
  // There is a new part, or no room.
  void wake() KOLBEN_EXCLUDES(mutex_);

  void apply_retention() KOLBEN_EXCLUDES(retention_mutex_);
  // Merges until nothing is to be merged, on the caller's thread. Parts that are damaged, and those
  // for whose merge there is no room, are left out; the first such failure is what it returns. Any
  // other one ends it.
  Status merge_all() KOLBEN_EXCLUDES(merge_mutex_);
  // Rewrites all parts that have deleted rows, and merges as far as size limits allow. Progress is
  // in parts that are fewer than at the beginning.
  Status compact(WorkProgress progress) KOLBEN_EXCLUDES(merge_mutex_);
  // Calls `work` while no merge is at hand; one that is, is given up.
  Status without_merges(UniqueFunction<Status()> work) KOLBEN_EXCLUDES(merge_mutex_, mutex_);

 private:
  void run();
  Status merge(const std::vector<std::uint64_t>& numbers) KOLBEN_REQUIRES(merge_mutex_);
  std::vector<std::uint64_t> find_damaged(const std::vector<std::uint64_t>& numbers) const;
  void report_once(const Status& status, std::string_view what, Status& told);
  Status check_room(const std::vector<StoredPart>& inputs) const;
  // For a merge: waits while it is in the way.
  Status keep_going() KOLBEN_EXCLUDES(mutex_);
  // The time by which age is judged; 0, at which nothing is too old, for a while after the clock
  // was set.
  std::uint64_t time_of_retention() KOLBEN_REQUIRES(retention_mutex_);
  void make_room() KOLBEN_REQUIRES(retention_mutex_);
  Status remove(std::uint64_t number) KOLBEN_REQUIRES(retention_mutex_);

  Surroundings around_;
  Mutex merge_mutex_;      // one merge at a time
  Mutex retention_mutex_;  // may be held during a merge, not the other way round
  Mutex mutex_;
  CondVar changed_;
  bool is_woken_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  int waiting_for_no_merge_ KOLBEN_GUARDED_BY(mutex_) = 0;
  // Not to be merged until the next start: queries name the damage.
  std::set<std::uint64_t> damaged_ KOLBEN_GUARDED_BY(merge_mutex_);
  // What was reported last, so that it is not said each second.
  Status merging_told_ KOLBEN_GUARDED_BY(merge_mutex_);
  Status removing_told_ KOLBEN_GUARDED_BY(retention_mutex_);
  struct Times {
    std::uint64_t unix_nanos = 0, steady_nanos = 0;
  };
  Times seen_ KOLBEN_GUARDED_BY(retention_mutex_);  // of the round before; 0: there was none
  std::uint64_t clock_trusted_from_ KOLBEN_GUARDED_BY(retention_mutex_) = 0;  // steady
  Thread thread_;
};

}  // namespace kolben::storage::engine
