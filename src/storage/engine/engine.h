// Engine: the embedded store. Requests come in through a group commit (writer.h) into the log
// (wal.h) and the tail (tail.h); the builder makes parts of the tail (builder.h, docs/formats);
// the keeper merges parts and removes what is old (keeper.h). Queries run on their callers' threads
// over a snapshot of the parts, in memory and on disk (scan/).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "storage/engine/builder.h"
#include "storage/engine/damage.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/keeper.h"
#include "storage/engine/memory_parts.h"
#include "storage/engine/options.h"
#include "storage/engine/part_set.h"
#include "storage/engine/scan/context.h"
#include "storage/engine/tail.h"
#include "storage/engine/wal.h"
#include "storage/engine/writer.h"
#include "storage/store.h"

namespace kolben::storage::engine {

// How much was deleted.
struct Deleted {
  std::uint64_t spans = 0;
  std::uint64_t log_records = 0;

  friend bool operator==(const Deleted&, const Deleted&) = default;
};

class Engine final : public Store {
 public:
  // Opens or makes the store at options.path, and reads the log that is not in parts yet. Refuses a
  // directory that is in use, foreign, of another version, damaged, not writable or without room.
  // `files` and `clock` outlive the engine.
  static Result<std::unique_ptr<Engine>> open(Options options, FileSystem& files,
                                              const Clock& clock, Report report);
  ~Engine() override;

  // Ends writing: everything taken is committed (or refused to its sender) and in parts, the log is
  // removed, the lock given back. Nothing may be called afterwards but close() and the destructor.
  Status close();

  [[nodiscard]] Status write(Batch&& batch, OnDurable&& on_durable) override;
  Result<TracePage> search(const TraceQuery& query) override;
  Result<Batch> get_trace(const TraceId& id) override;
  Result<Histogram> histogram(const HistogramQuery& query) override;
  Result<Aggregate> aggregate(const AggregateQuery& query) override;
  Result<HeatMap> heat_map(const HeatMapQuery& query) override;
  Result<TopValues> top_values(const TopValuesQuery& query) override;
  Result<Difference> difference(const DifferenceQuery& query) override;
  Result<Batch> logs(const LogQuery& query) override;
  Result<LogHistogram> log_histogram(const LogHistogramQuery& query) override;
  Result<std::vector<std::string>> services() override;
  Result<std::vector<Operation>> operations(std::string_view service) override;
  Result<std::vector<KeyCount>> keys(std::string_view prefix, std::uint32_t limit) override;
  Result<std::vector<std::string>> values(const Field& field, std::string_view prefix,
                                          std::uint32_t limit) override;
  Result<std::vector<std::string>> log_services() override;
  Result<std::vector<KeyCount>> log_keys(std::string_view prefix, std::uint32_t limit) override;
  Result<std::vector<ServiceLink>> dependencies(TimeRange range) override;
  StoreStats stats() override;
  Status health() override;

  // Everything that was acknowledged before; what a query looks at.
  Result<Snapshot> snapshot();

  // Makes parts of all that came so far.
  Status flush();
  // Does now what the keeper does by the clock.
  Status maintain();
  // Rewrites what can become smaller: small parts, deleted rows.
  Status compact(WorkProgress progress = {});

  // Removes the spans and log records of the traces, or those that match, at once for queries and
  // on the disk with the next merge. INVALID_ARGUMENT where the filter looks at whole traces.
  Result<Deleted> delete_traces(std::span<const TraceId> ids);
  Result<Deleted> delete_matching(const Filter& filter, TimeRange range,
                                  WorkProgress progress = {});

  // A copy of the store as it is now, in `path`, on the same file system: it shares the parts' room
  // until they are merged or removed here. A store can be opened there, or the copy moved away.
  Status save(const std::string& path);

  // For tests and for tools that look inside.
  std::vector<StoredPart> parts() const { return parts_.view().parts; }
  std::size_t log_segments() const { return wal_.segments(); }

 private:
  Engine(Options options, DataDirectory directory, const Clock& clock, Report report);
  Status start();
  Status open_directory();
  Result<scan::Context> context();
  Result<Deleted> delete_rows(UniqueFunction<Result<RowSet>(const StoredPart& stored)> choose,
                              WorkProgress progress);

  const Options options_;
  std::unique_ptr<DataDirectory> directory_;
  const Clock& clock_;
  Report report_;
  Damage damage_{report_};
  PartSet parts_;
  Wal wal_;
  Tail tail_;
  std::unique_ptr<RetentionClasses> classes_;
  std::unique_ptr<MemoryParts> memory_parts_;
  scan::ScanThreads scan_threads_;
  UniqueFunction<void()> on_part_change_, on_old_tail_;
  std::unique_ptr<Builder> builder_;
  std::unique_ptr<Keeper> keeper_;
  std::unique_ptr<Writer> writer_;
  bool is_open_ = false;
};

}  // namespace kolben::storage::engine
