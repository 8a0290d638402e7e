// Writer: the store's way in. One thread takes what waits, lays it out as records, writes them with
// one call, syncs once, adds them to the columns and then tells their senders: a group commit.
// While the disk works the next group gathers; when nothing waits, a batch goes at once.
//
// What the disk refuses is not kept: the senders are told, and send again. After a failed sync
// nothing is known of what the file holds, so its segment ends at what was durable before and a
// new one begins; a sync is never repeated.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/thread.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/duplicate_window.h"
#include "storage/engine/keeper.h"
#include "storage/engine/options.h"
#include "storage/engine/record_log.h"
#include "storage/engine/segment_set.h"
#include "storage/engine/walk.h"
#include "storage/store.h"

namespace kolben::storage::engine {

class Writer {
 public:
  // What a start found.
  struct Beginning {
    std::uint64_t next_segment = 1;
    std::uint64_t next_sequence = 1;
    DuplicateWindow window;
    Views to_remember;  // whose spans the window does not know yet
  };

  // All outlive the writer.
  Writer(const Options& options, const DataDirectory& directory, const Clock& clock,
         SegmentSet& segments, Keeper& keeper, Report& report, Beginning beginning);
  ~Writer();

  // Makes the first segment and starts the thread.
  Status start();
  // Writes what was taken, ends the thread, leaves the last segment to the keeper.
  void stop();

  // See Store::write.
  Status write(Batch&& batch, Store::OnDurable&& on_durable) KOLBEN_EXCLUDES(mutex_);

 private:
  struct Pending {
    Batch batch;
    Store::OnDurable on_durable;
    std::uint64_t bytes = 0;
  };
  // A record of a group, with what it points into.
  struct Prepared {
    LaidOutRecord record;
    std::string text;  // of a body that was made here
    Walked walked;
    RecordEntry entry;
  };
  // The segment that is written.
  struct Open {
    std::uint64_t number = 0;
    std::shared_ptr<File> log;
    std::shared_ptr<ActiveSegment> active;
    std::uint64_t room = 0;
    std::uint64_t end = 0;
    std::uint64_t spans = 0;
    std::uint64_t first_received = 0;
  };

  void run();
  bool take_group(std::vector<Pending>& group) KOLBEN_EXCLUDES(mutex_);
  void commit(std::vector<Pending>& group);
  Status write_group();
  void add_group();
  Status prepare(const Batch& batch);
  Status prepare_record(Signal signal, std::string_view message, std::string_view stored,
                        wire::Compression compression, std::string&& text);
  Status ensure_segment(std::uint64_t bytes);
  Status open_segment(std::uint64_t bytes);
  void end_segment();
  void note_failure(const Status& status) KOLBEN_EXCLUDES(mutex_);
  bool is_aged() const;

  const Options& options_;
  const DataDirectory& directory_;
  const Clock& clock_;
  SegmentSet& segments_;
  Keeper& keeper_;
  Report& report_;

  // The thread's own.
  std::uint64_t next_segment_;
  std::uint64_t next_sequence_;
  DuplicateWindow window_;
  Views to_remember_;
  std::unique_ptr<Open> open_;
  std::vector<std::unique_ptr<Prepared>> records_;  // of the group; kept for their memory
  std::size_t records_used_ = 0;

  Mutex mutex_;
  CondVar changed_;
  std::deque<Pending> queue_ KOLBEN_GUARDED_BY(mutex_);
  std::uint64_t pending_bytes_ KOLBEN_GUARDED_BY(mutex_) = 0;
  bool is_stopping_ KOLBEN_GUARDED_BY(mutex_) = false;
  Status failure_ KOLBEN_GUARDED_BY(mutex_);  // of the last group, until it is time to try again
  std::uint64_t failure_ends_ KOLBEN_GUARDED_BY(mutex_) = 0;
  bool is_failing_ KOLBEN_GUARDED_BY(mutex_) = false;
  Thread thread_;
};

}  // namespace kolben::storage::engine
