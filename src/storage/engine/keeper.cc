#include "storage/engine/keeper.h"

#include <algorithm>

#include "storage/engine/index_reader.h"

namespace kolben::storage::engine {
namespace {

// How often age is looked at, and sealing that failed is tried again.
constexpr std::chrono::seconds kRound(1);

}  // namespace

Keeper::Keeper(const Options& options, const DataDirectory& directory, const Clock& clock,
               SegmentSet& segments, Report& report)
    : options_(options),
      directory_(directory),
      clock_(clock),
      segments_(segments),
      report_(report) {}

Keeper::~Keeper() {
  stop();
}

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
  for (bool stopping = false; !stopping;) {
    {
      MutexLock lock(mutex_);
      if (!is_woken_ && !is_stopping_) changed_.wait_for(mutex_, kRound);
      is_woken_ = false;
      stopping = is_stopping_;
    }
    work();
  }
}

void Keeper::work() {
  MutexLock lock(work_mutex_);
  apply_retention();
  seal_full_segments();
}

void Keeper::seal_full_segments() {
  std::size_t unsealed = 0;
  Status outcome;
  for (const Segment& segment : segments_.all()) {
    if (!segment.active || !segment.is_full) continue;
    Status sealed = seal(segment);
    if (!sealed) {
      ++unsealed;
      outcome = std::move(sealed);
    }
  }
  if (unsealed > 0 && !sealing_fails_) {
    report_("cannot seal a segment, will try again: " + outcome.to_string());
  }
  sealing_fails_ = unsealed > 0;
  unsealed_.store(unsealed);
}

Status Keeper::seal(const Segment& segment) {
  const SegmentFacts facts = segment.active->facts();
  if (facts.first_sequence == 0) {  // nothing ever came
    remove(segment);
    return Status::ok();
  }
  // With durability below "disk", the log is not on the disk yet; the index must not be earlier.
  if (options_.durability != Durability::kDisk) KOLBEN_RETURN_IF_ERROR(segment.log->sync());
  const std::string path = directory_.index_path(segment.number);
  KOLBEN_RETURN_IF_ERROR(segment.active->write_index(directory_.files(), path));
  Result<Bytes> mapped = directory_.files().map(path);
  if (!mapped) return mapped.status();
  Result<std::shared_ptr<const SegmentView>> view =
      open_index(*mapped, segment.number, segment.log);
  if (!view) return view.status();
  // Only gives room back: where it fails, the log stays as long as it was.
  static_cast<void>(segment.log->truncate(facts.log_bytes));

  Segment sealed;
  sealed.number = segment.number;
  sealed.log = segment.log;
  sealed.sealed = std::move(*view);
  sealed.disk_bytes = facts.log_bytes + mapped->size();
  sealed.index = std::move(*mapped);
  segments_.replace(std::move(sealed));
  return Status::ok();
}

void Keeper::apply_retention() {
  const std::vector<Segment> segments = segments_.all();
  const auto bytes_of = [](const Segment& segment) -> std::uint64_t {
    return segment.active ? segment.facts().log_bytes : segment.disk_bytes;
  };
  std::uint64_t total = 0;
  for (const Segment& segment : segments) total += bytes_of(segment);
  const std::uint64_t now = clock_.unix_nanos();
  const auto age_max = static_cast<std::uint64_t>(options_.retention_age_max.count());
  for (const Segment& segment : segments) {
    if (segment.active && !segment.is_full) break;  // the one that is written
    const std::uint64_t newest = segment.facts().received.last;
    const bool is_old = newest < now && now - newest > age_max;
    if (total <= options_.retention_bytes_max && !is_old) break;
    total -= bytes_of(segment);
    remove(segment);
  }
}

void Keeper::remove(const Segment& segment) {
  // The log first: an index alone is removed at the next start, a log alone would come back.
  Status removed = directory_.files().remove(directory_.log_path(segment.number));
  const std::string index = directory_.index_path(segment.number);
  if (removed && directory_.files().exists(index)) removed = directory_.files().remove(index);
  if (!removed && removed.code() != StatusCode::kNotFound) {
    report_("cannot remove an old segment: " + removed.to_string());
  }
  segments_.remove(segment.number);
}

}  // namespace kolben::storage::engine
