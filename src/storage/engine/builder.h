// Builder: the thread that makes the tail's chunks into parts on disk, one after the other, and
// then gives back the log. What the disk refuses is tried again; until then the tail keeps it.
#pragma once

#include <cstdint>

#include "base/mutex.h"
#include "base/thread.h"
#include "storage/engine/part_set.h"
#include "storage/engine/retention_classes.h"
#include "storage/engine/tail.h"
#include "storage/engine/wal.h"

namespace kolben::storage::engine {

class Builder {
 public:
  // All outlive it.
  struct Surroundings {
    const DataDirectory& directory;
    const RetentionClasses& classes;
    Wal& wal;
    Tail& tail;
    PartSet& parts;
    Report& report;
    UniqueFunction<void()>& on_change;  // a part came, or the disk refused one
  };
  explicit Builder(Surroundings around) : around_(around) {}
  ~Builder() { stop(); }

  void start();
  // Ends after the chunk at hand.
  void stop() KOLBEN_EXCLUDES(mutex_);
  // Something came into the tail.
  void wake() KOLBEN_EXCLUDES(mutex_);

  // Makes everything that is in the tail now into parts. Any thread; without a running thread the
  // caller does the work.
  Status flush() KOLBEN_EXCLUDES(mutex_, build_mutex_);
  // What the disk said when it refused a part; OK where it took the last one.
  Status disk_health() const KOLBEN_EXCLUDES(mutex_);

 private:
  void run();
  // The oldest ended chunk, where there is one.
  Status build_oldest() KOLBEN_EXCLUDES(build_mutex_);
  Status build(const Tail::Piece& chunk) KOLBEN_REQUIRES(build_mutex_);
  Status set_aside(const Requests& requests);
  void note(const Status& status) KOLBEN_EXCLUDES(mutex_);

  Surroundings around_;
  Mutex build_mutex_;  // one chunk at a time
  mutable Mutex mutex_;
  CondVar changed_;
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  Status failure_ KOLBEN_GUARDED_BY(mutex_);  // of the last part
  Thread thread_;
};

}  // namespace kolben::storage::engine
