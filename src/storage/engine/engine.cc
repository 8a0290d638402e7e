#include "storage/engine/engine.h"

#include <algorithm>
#include <utility>

#include "storage/engine/recovery.h"

namespace kolben::storage::engine {
namespace {

// Two chunks and a bit fit into the tail: one is built while the other is filled.
constexpr std::uint64_t kSixteenthsOfTail = 7;
// What is not in parts cannot be removed, and a part only as a whole: in a small store both are
// small.
constexpr std::uint64_t kTailsOfRetention = 4;
constexpr std::uint64_t kPartsOfRetention = 8;
constexpr std::uint64_t kTailBytesMin = 1 << 20;

Options fitted(Options options) {
  options.tail_bytes_max =
      std::min(options.tail_bytes_max,
               std::max(kTailBytesMin, options.retention_bytes_max / kTailsOfRetention));
  options.build_bytes =
      std::min(options.build_bytes, options.tail_bytes_max / 16 * kSixteenthsOfTail);
  options.part_bytes_max =
      std::min(options.part_bytes_max, options.retention_bytes_max / kPartsOfRetention);
  return options;
}

void count(const Request& request, StoreStats& stats) {
  switch (request.signal) {
    case Signal::kTraces:
      stats.spans += request.items;
      break;
    case Signal::kLogs:
      stats.log_records += request.items;
      break;
    case Signal::kMetrics:
      stats.metric_points += request.items;
      break;
  }
}

}  // namespace

Engine::Engine(Options options, DataDirectory directory, const Clock& clock, Report report)
    : options_(fitted(std::move(options))),
      directory_(std::make_unique<DataDirectory>(std::move(directory))),
      clock_(clock),
      report_(std::move(report)),
      parts_(*directory_, report_),
      wal_(options_, *directory_),
      tail_({options_.build_rows, options_.build_bytes}),
      scan_threads_(scan::ScanThreads::helpers_of_machine()) {}

Engine::~Engine() {
  // Whoever cares for the outcome has closed it.
  static_cast<void>(close());
}

Result<std::unique_ptr<Engine>> Engine::open(Options options, FileSystem& files, const Clock& clock,
                                             Report report) {
  Result<DataDirectory> directory = DataDirectory::open(files, options.path);
  if (!directory) return directory.error();
  if (!report) report = [](const std::string&) {};
  const std::string path = options.path;
  std::unique_ptr<Engine> engine(
      new Engine(std::move(options), std::move(*directory), clock, std::move(report)));
  Status started = engine->start();
  if (!started) return std::move(started).with_context("data directory " + path);
  return engine;
}

// The manifest first: where FORMAT is and no manifest, one got lost.
Status Engine::open_directory() {
  const bool is_current = directory_->kind() == DataDirectory::Kind::kCurrent;
  if (is_current || directory_->files().exists(directory_->manifest_path())) {
    Result<Manifest> manifest = read_manifest(*directory_);
    if (!manifest) {
      if (manifest.error().code() == StatusCode::kFailedPrecondition) return manifest.status();
      return data_loss(std::string(manifest.error().message()) +
                       "; `kolben store check --repair` makes the manifest anew from the parts");
    }
    classes_ = std::make_unique<RetentionClasses>(options_, manifest->classes);
    KOLBEN_RETURN_IF_ERROR(parts_.open(std::move(*manifest)));
  } else {
    classes_ = std::make_unique<RetentionClasses>(options_, std::vector<std::string>());
    KOLBEN_RETURN_IF_ERROR(parts_.create());
  }
  parts_.set_classes(classes_->names());
  return Status::ok();
}

Status Engine::start() {
  KOLBEN_RETURN_IF_ERROR(open_directory());
  memory_parts_ = std::make_unique<MemoryParts>(*classes_);
  keeper_ = std::make_unique<Keeper>(Keeper::Surroundings{
      options_, *directory_, clock_, *classes_, wal_, tail_, parts_, report_, on_old_tail_});
  on_part_change_ = [this] {
    keeper_->apply_retention();  // also while a merge takes its time
    keeper_->wake();
  };
  on_old_tail_ = [this] {
    tail_.close_chunk();
    builder_->wake();
  };
  builder_ = std::make_unique<Builder>(
      Builder::Surroundings{*directory_, *classes_, wal_, tail_, parts_, report_, on_part_change_});
  keeper_->apply_retention();  // it may make the room that the rest needs
  const RecoverySurroundings around{*directory_, parts_, wal_, tail_, *builder_, options_, report_};
  if (directory_->kind() == DataDirectory::Kind::kVersion1) {
    KOLBEN_RETURN_IF_ERROR(read_old_logs(around));
  }
  if (directory_->kind() != DataDirectory::Kind::kCurrent) {
    KOLBEN_RETURN_IF_ERROR(directory_->finish());
  }
  directory_->remove_old_logs();
  KOLBEN_TRY(Recovered recovered, recover(around));
  const Status log = wal_.open();
  // On a full disk the store is read and mended as ever, and refuses data until there is room.
  if (!log && log.code() != StatusCode::kResourceExhausted) return log;
  if (recovered.requests > 0) tail_.close_chunk();  // so that starts in a row read little
  writer_ = std::make_unique<Writer>(
      Writer::Surroundings{options_, clock_, wal_, tail_, report_, directory_->log_key()},
      recovered.next_sequence, std::move(recovered.window), [this](const Status& disk) {
        if (disk) return builder_->wake();
        keeper_->wake();  // retention may make room, and so does a part of what the log holds
        if (disk.code() == StatusCode::kResourceExhausted) on_old_tail_();
      });
  builder_->start();
  writer_->start(log);
  keeper_->start();
  is_open_ = true;
  return Status::ok();
}

Status Engine::close() {
  if (!std::exchange(is_open_, false)) return Status::ok();
  writer_->stop();
  builder_->stop();
  keeper_->stop();
  Status sealed = builder_->flush();
  wal_.close(parts_.view().covered);
  directory_.reset();  // the lock
  if (sealed) return sealed;
  return internal_error("the newest data could not be made into parts, the next start reads it " +
                        std::string("from the log: ") + std::string(sealed.message()));
}

Status Engine::write(Batch&& batch, OnDurable&& on_durable) {
  return writer_->write(std::move(batch), std::move(on_durable));
}

// The tail is looked at before the parts: what moves from one to the other meanwhile is in both,
// and `covered` says so.
Result<Snapshot> Engine::snapshot() {
  // There an acknowledgement comes before the tail has it.
  if (options_.durability == Durability::kMemory) writer_->settle();
  KOLBEN_TRY(const std::vector<MemoryParts::Converted> tail,
             memory_parts_->convert(tail_.pieces()));
  const PartSet::View view = parts_.view();
  Snapshot snapshot;
  for (const StoredPart& stored : view.parts) add_part(snapshot, {stored.part, stored.deleted});
  for (const MemoryParts::Converted& piece : tail) {
    if (piece.last_sequence <= view.covered) continue;
    for (const LivePart& part : piece.parts) add_part(snapshot, part);
  }
  return snapshot;
}

Status Engine::flush() {
  writer_->settle();
  return builder_->flush();
}

Status Engine::maintain() {
  keeper_->apply_retention();
  return keeper_->merge_all();
}

Status Engine::compact(WorkProgress progress) {
  KOLBEN_RETURN_IF_ERROR(flush());
  return keeper_->compact(std::move(progress));
}

Status Engine::health() {
  if (Status refused = writer_->disk_health(); !refused) return refused;
  // Parts that cannot be written are no trouble while there is room for what waits for them.
  if (!writer_->is_full()) return Status::ok();
  return builder_->disk_health();
}

StoreStats Engine::stats() {
  StoreStats stats;
  stats.damaged_queries = damage_.queries();
  std::uint64_t oldest = UINT64_MAX;
  const std::vector<Tail::Piece> tail = tail_.pieces();  // before the parts, as in snapshot()
  const PartSet::View view = parts_.view();
  for (const StoredPart& stored : view.parts) {
    const ManifestPart& facts = stored.facts;
    const std::uint64_t rows = facts.rows - facts.deleted_rows;
    (facts.table == part::Table::kSpans  ? stats.spans
     : facts.table == part::Table::kLogs ? stats.log_records
                                         : stats.metric_points) += rows;
    stats.disk_bytes += facts.bytes;
    oldest = std::min(oldest, facts.first_time);
    stats.newest_unix_nano = std::max(stats.newest_unix_nano, facts.last_time);
  }
  for (const Tail::Piece& piece : tail) {
    if (piece.last_sequence <= view.covered) continue;
    for (const auto& request : piece.requests) count(*request, stats);
  }
  stats.wal_bytes = wal_.disk_bytes();
  stats.disk_bytes += stats.wal_bytes;
  stats.oldest_unix_nano = oldest == UINT64_MAX ? 0 : oldest;
  stats.duplicates_dropped = writer_->copies();
  return stats;
}

}  // namespace kolben::storage::engine
