#include "storage/engine/builder.h"

#include <utility>

#include "storage/engine/table_builder.h"

namespace kolben::storage::engine {
namespace {

// How soon a part that the disk refused is tried again.
constexpr std::chrono::milliseconds kRetry(500);

}  // namespace

void Builder::start() {
  thread_ = Thread("store-builder", [this] { run(); });
}

void Builder::stop() {
  {
    MutexLock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void Builder::wake() {
  if (!around_.tail.has_ended()) return;
  MutexLock lock(mutex_);
  changed_.notify_all();
}

void Builder::run() {
  while (true) {
    {
      MutexLock lock(mutex_);
      if (!failure_ && !is_stopping_) changed_.wait_for(mutex_, kRetry);
      while (!is_stopping_ && !around_.tail.has_ended()) changed_.wait(mutex_);
      if (is_stopping_) return;
    }
    note(build_oldest());
  }
}

Status Builder::flush() {
  around_.tail.close_chunk();
  const std::vector<Tail::Piece> pieces = around_.tail.pieces();
  if (pieces.empty()) return Status::ok();
  const std::uint64_t last = pieces.back().chunk;
  while (true) {
    const Tail::Piece oldest = around_.tail.oldest_ended();
    if (oldest.requests.empty() || oldest.chunk > last) return Status::ok();
    Status built = build_oldest();
    note(built);
    if (!built) return built;
  }
}

Status Builder::build_oldest() {
  Status built;
  {
    MutexLock lock(build_mutex_);
    const Tail::Piece chunk = around_.tail.oldest_ended();
    if (chunk.requests.empty()) return Status::ok();
    built = build(chunk);
  }
  around_.on_change();
  return built;
}

Status Builder::build(const Tail::Piece& chunk) {
  FileTarget target(around_.directory, [this] { return around_.parts.take_number(); });
  Result<BuildOutcome> built = build_parts(chunk.requests, around_.classes, target);
  if (!built) {
    target.discard();
    return built.status();
  }
  if (Status kept = set_aside(built->unreadable); !kept) {
    target.discard();
    return kept;
  }
  PartChange change;
  change.added = std::move(built->parts);
  change.covered = chunk.last_sequence;
  KOLBEN_RETURN_IF_ERROR(around_.parts.change(std::move(change)));
  around_.tail.remove_oldest();
  around_.wal.release(chunk.last_sequence);
  return Status::ok();
}

// Requests that passed every check on their way in and cannot be decoded: a bug of ours, whose
// evidence is kept.
Status Builder::set_aside(const Requests& requests) {
  for (const auto& request : requests) {
    KOLBEN_TRY(const std::string path,
               around_.directory.set_aside("request-" + std::to_string(request->sequence) + ".pb",
                                           request->body.view()));
    around_.report("a " + std::string(to_string(request->signal)) +
                   " request cannot be decoded and is set aside as " + path);
  }
  return Status::ok();
}

Status Builder::disk_health() const {
  MutexLock lock(mutex_);
  return failure_;
}

void Builder::note(const Status& status) {
  bool is_news = false;
  {
    MutexLock lock(mutex_);
    is_news = failure_.is_ok() != status.is_ok();
    failure_ = status;
  }
  if (!is_news) return;
  around_.report(status.is_ok() ? "parts are written again"
                                : "cannot write a part, will try again: " + status.to_string());
}

}  // namespace kolben::storage::engine
