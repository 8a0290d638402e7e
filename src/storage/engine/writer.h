// Writer: the store's way in. One thread takes what waits, lays it out as records, writes them with
// one call, syncs once, adds them to the tail and then tells their senders: a group commit. While
// the disk works the next group gathers; when nothing waits, a batch goes at once.
//
// What the disk refuses is not kept: the senders are told, and send again. So is what the tail has
// no room for.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "storage/engine/duplicate_window.h"
#include "storage/engine/options.h"
#include "storage/engine/record_log.h"
#include "storage/engine/tail.h"
#include "storage/engine/wal.h"
#include "storage/engine/walk.h"
#include "storage/store.h"

namespace kolben::storage::engine {

class Writer {
 public:
  // All outlive the writer. `on_added` is called after each group, on the writer's thread, with
  // what the disk said.
  struct Surroundings {
    const Options& options;
    const Clock& clock;
    Wal& wal;
    Tail& tail;
    Report& report;
    std::uint32_t log_key = 0;
  };
  Writer(Surroundings around, std::uint64_t next_sequence, DuplicateWindow window,
         UniqueFunction<void(const Status&)> on_added);
  ~Writer();

  // `disk`: what opening the log said, where that is to be tried again.
  void start(const Status& disk = {});
  // Writes what was taken and ends the thread.
  void stop();

  // See Store::write.
  Status write(Batch&& batch, Store::OnDurable&& on_durable) KOLBEN_EXCLUDES(mutex_);
  // Waits until what was taken is in the tail, or refused.
  void settle() KOLBEN_EXCLUDES(mutex_);
  // Copies that were left out since the start.
  std::uint64_t copies() const KOLBEN_EXCLUDES(mutex_);
  // What the disk said when it refused last; OK where it took the last group. While it refuses, it
  // is tried again by itself, so that this changes without senders.
  Status disk_health() const KOLBEN_EXCLUDES(mutex_);
  // Whether the batch that came last found no room in memory.
  bool is_full() const KOLBEN_EXCLUDES(mutex_);

 private:
  struct Pending {
    Batch batch;
    Store::OnDurable on_durable;
    std::uint64_t bytes = 0;
  };
  // A record of a group, with what it becomes.
  struct Prepared {
    LaidOutRecord record;
    Bytes message;
    Bytes stored;
    Walked walked;
    Signal signal = Signal::kTraces;
  };

  void run();
  void try_disk();
  bool take_group(std::vector<Pending>& group) KOLBEN_EXCLUDES(mutex_);
  void commit(std::vector<Pending>& group);
  Status prepare(const Batch& batch);
  Status prepare_record(Signal signal, Bytes message, const WirePiece* compressed);
  Status write_group();
  void add_group();
  void give_back(const std::vector<Pending>& group) KOLBEN_EXCLUDES(mutex_);
  void note_failure(const Status& status) KOLBEN_EXCLUDES(mutex_);

  Surroundings around_;
  UniqueFunction<void(const Status&)> on_added_;

  // The thread's own.
  std::uint64_t next_sequence_;
  DuplicateWindow window_;
  std::vector<Prepared> records_;  // of the group; kept for their memory
  std::size_t records_used_ = 0;

  mutable Mutex mutex_;
  CondVar changed_, settled_;
  std::deque<Pending> queue_ KOLBEN_GUARDED_BY(mutex_);
  std::uint64_t pending_bytes_ KOLBEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t taken_ KOLBEN_GUARDED_BY(mutex_) = 0;  // batches, ever
  std::uint64_t settled_count_ KOLBEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t copies_ KOLBEN_GUARDED_BY(mutex_) = 0;
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  Status failure_ KOLBEN_GUARDED_BY(mutex_);  // of the last group, until it is time to try again
  std::uint64_t failure_ends_ KOLBEN_GUARDED_BY(mutex_) = 0;
  bool is_failing_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool is_full_ KOLBEN_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

// The request with its copies marked by `window`, as the tail has it.
std::shared_ptr<const Request> make_request(const RecordHeader& header, Bytes body, Walked& walked,
                                            DuplicateWindow& window);

}  // namespace kolben::storage::engine
