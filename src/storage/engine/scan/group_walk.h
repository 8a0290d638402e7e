// GroupWalk: goes through the row groups of a query, newest first, on the scan threads. The groups
// are dealt out to a fixed number of lanes, whatever the number of threads, and each lane gets its
// own in order: so what a lane gathers, and the lanes' sum in their order, is the same every time.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/mutex.h"
#include "base/unique_function.h"
#include "storage/engine/scan/group_cache.h"
#include "storage/engine/scan/split_traces.h"
#include "storage/engine/scan/trace_judge.h"
#include "storage/store.h"

namespace kolben::storage::scan {

// As many threads can work on one query.
inline constexpr std::size_t kLanes = 8;

// What a thread works with.
struct Workplace {
  Workplace(const BoundQuery& query, const SplitTraces* split,
            std::size_t groups_max = GroupCache::kGroupsMax)
      : groups(query, groups_max), reader(query, groups, split), judge(groups, reader) {}

  GroupCache groups;
  TraceReader reader;
  TraceJudge judge;
};

class GroupWalk {
 public:
  // All outlive the walk.
  GroupWalk(Context& context, Control& control, const BoundQuery& query)
      : context_(context), control_(control), query_(query) {}

  // Calls `visit` for each row group: of one lane one after the other, of different lanes at once.
  // Ends early at an error, and without one when the time is up and an incomplete answer will do.
  using Visit = UniqueFunction<Status(std::size_t lane, GroupScan& scan, Workplace& place)>;
  Result<Coverage> run(Visit visit);

  // Which traces are split, where the query looks at whole traces; null otherwise.
  Result<const SplitTraces*> split();
  // Finds it out in any case.
  Status find_split();

 private:
  struct Lane {
    Mutex mutex;
    CondVar changed;
    std::size_t next KOLBEN_GUARDED_BY(mutex) = 0;  // in the query's groups
    Status status KOLBEN_GUARDED_BY(mutex);
  };
  struct Progress {
    Mutex mutex;
    std::vector<bool> done KOLBEN_GUARDED_BY(mutex);  // by row group
    std::size_t first_left KOLBEN_GUARDED_BY(mutex) = 0;
  };

  void work(Visit& visit);
  void take_turn(Lane& lane, std::size_t number, Workplace& place, Visit& visit);
  Status visit_group(std::size_t number, Workplace& place, Visit& visit);
  void note_done(std::size_t number);
  Result<Coverage> outcome();

  Context& context_;
  Control& control_;
  const BoundQuery& query_;
  std::unique_ptr<SplitTraces> split_;
  std::array<Lane, kLanes> lanes_;
  Progress progress_;
  std::atomic<std::size_t> next_ = 0;
  std::atomic<bool> is_over_ = false;
};

}  // namespace kolben::storage::scan
