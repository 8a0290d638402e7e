// Keeper: the store's background thread. It seals segments that are full (writes their index file,
// gives back the room that their log did not need), removes what retention does not keep, and reads
// index files through once after a start, to make those anew that are damaged.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/options.h"
#include "storage/engine/segment_set.h"

namespace kolben::storage::engine {

class Keeper {
 public:
  // All outlive the keeper.
  Keeper(const Options& options, const DataDirectory& directory, const Clock& clock,
         SegmentSet& segments, Report& report);
  ~Keeper();

  void start();
  // Ends the thread after the work that is there. Segments that are full are sealed.
  void stop();
  // There is a full segment, or the disk is.
  void wake();
  // One round, on the caller's thread.
  void work() KOLBEN_EXCLUDES(work_mutex_);

  // Full segments whose index could not be written yet.
  std::size_t unsealed() const { return unsealed_.load(); }

 private:
  void run();
  void seal_full_segments() KOLBEN_REQUIRES(work_mutex_);
  Status seal(const Segment& segment) KOLBEN_REQUIRES(work_mutex_);
  void apply_retention() KOLBEN_REQUIRES(work_mutex_);
  void remove(const Segment& segment) KOLBEN_REQUIRES(work_mutex_);

  const Options& options_;
  const DataDirectory& directory_;
  const Clock& clock_;
  SegmentSet& segments_;
  Report& report_;
  std::atomic<std::size_t> unsealed_{0};

  Mutex work_mutex_;  // one round at a time
  bool sealing_fails_ KOLBEN_GUARDED_BY(work_mutex_) = false;

  Mutex mutex_;
  CondVar changed_;
  bool is_woken_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace kolben::storage::engine
