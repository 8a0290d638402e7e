#include "storage/engine/wal.h"

#include <algorithm>
#include <utility>

namespace kolben::storage::engine {
namespace {

// With less room than this a segment is not begun.
constexpr std::uint64_t kSegmentBytesMin = 1 << 20;

}  // namespace

Wal::Wal(const Options& options, const DataDirectory& directory)
    : options_(options), directory_(directory) {}

std::uint64_t Wal::segment_bytes() const {
  return std::min(options_.segment_bytes,
                  std::max(kSegmentBytesMin, options_.retention_bytes_max / 8));
}

std::uint64_t Wal::least_bytes(std::uint64_t bytes) const {
  return std::max(std::min(kSegmentBytesMin, segment_bytes()), bytes);
}

void Wal::adopt(std::uint64_t number, std::uint64_t last_sequence, std::uint64_t bytes) {
  MutexLock lock(mutex_);
  next_number_ = std::max(next_number_, number + 1);
  ended_.push_back({number, last_sequence, bytes, false});
}

Status Wal::open() {
  MutexLock lock(mutex_);
  // A spare of an earlier run is of unknown size and worth little.
  FileSystem& files = directory_.files();
  if (files.exists(directory_.spare_log_path())) {
    KOLBEN_RETURN_IF_ERROR(files.remove(directory_.spare_log_path()));
  }
  return open_segment(0);
}

Status Wal::make_ready() {
  MutexLock lock(mutex_);
  if (!open_) return open_segment(refused_bytes_);
  if (!had_no_room_) return Status::ok();
  const Result<std::uint64_t> free = directory_.files().free_bytes(directory_.wal_path());
  if (!free || *free >= least_bytes(0)) return free.status();
  return resource_exhausted("the disk has " + std::to_string(*free) + " bytes left");
}

Status Wal::append(std::span<const std::string_view> slices, std::uint64_t bytes,
                   std::uint64_t last_sequence) {
  File* file = nullptr;
  std::uint64_t end = 0;
  {
    MutexLock lock(mutex_);
    if (open_ && open_->end + bytes > open_->segment.bytes) end_segment();
    refused_bytes_ = open_ ? 0 : bytes;
    if (!open_) KOLBEN_RETURN_IF_ERROR(open_segment(bytes));
    refused_bytes_ = 0;
    file = open_->file.get();
    end = open_->end;
  }
  // Without the lock: only this thread ends the open segment.
  Status written = file->write_at(end, slices);
  const bool is_full = written.code() == StatusCode::kResourceExhausted;
  if (written && options_.durability == Durability::kDisk) written = file->sync();
  MutexLock lock(mutex_);
  had_no_room_ = is_full;
  if (written) {
    open_->end += bytes;
    open_->segment.last_sequence = last_sequence;
    open_->segment.bytes = std::max(open_->segment.bytes, open_->end);
  } else if (!is_full) {
    // A full disk leaves the file as good as it was: the next group writes over the remains.
    static_cast<void>(file->truncate(end));  // what was refused shall not come back
    open_->segment.bytes = end;
    open_->segment.can_be_spare = false;
    end_segment();
  }
  return written;
}

Status Wal::open_segment(std::uint64_t bytes) {
  FileSystem& files = directory_.files();
  auto open = std::make_unique<Open>();
  open->segment.number = next_number_;
  const std::string path = directory_.log_path(next_number_);
  const std::uint64_t room = room_of_segment(bytes);
  if (room < least_bytes(bytes)) {
    return resource_exhausted("beginning " + path + ": no room left on the disk for " +
                              std::to_string(least_bytes(bytes)) +
                              " bytes, and the same for their parts, beside what the log holds, " +
                              std::to_string(bytes_held()) + " bytes, and its parts");
  }
  if (spare_bytes_ >= std::max<std::uint64_t>(bytes, 1)) {
    KOLBEN_RETURN_IF_ERROR(files.rename(directory_.spare_log_path(), path));
    open->segment.bytes = std::exchange(spare_bytes_, 0);
  }
  ++next_number_;  // whatever comes: a name is not used twice
  Result<std::unique_ptr<File>> file =
      files.open(path, open->segment.bytes > 0 ? OpenMode::kUpdate : OpenMode::kCreate);
  Status opened = file.status();
  if (opened) {
    open->file = std::move(*file);
    if (open->segment.bytes == 0) opened = reserve(*open, bytes, room);
    // Its name must be durable before anything in it is acknowledged.
    if (opened) opened = files.sync_directory(directory_.wal_path());
  }
  if (!opened) {
    static_cast<void>(files.remove(path));
    return opened;
  }
  open->segment.can_be_spare = open->segment.bytes >= segment_bytes();
  open_ = std::move(open);
  return Status::ok();
}

// What is in the log shall become parts also on a disk that nobody gives more room, or the store
// would be stuck for ever: beside the log there is always as much room as the log takes. The room
// of the next segment, as far as that leaves any.
std::uint64_t Wal::room_of_segment(std::uint64_t bytes) {
  const Result<std::uint64_t> free = directory_.files().free_bytes(directory_.wal_path());
  if (!free) return UINT64_MAX;  // reserving says what is wrong
  const std::uint64_t held = bytes_held();
  const bool takes_spare = spare_bytes_ >= std::max<std::uint64_t>(bytes, 1);
  const std::uint64_t fresh = *free > held ? (*free - held) / 2 : 0;
  const bool is_enough = takes_spare ? *free >= held : fresh >= least_bytes(bytes);
  if (is_enough || spare_bytes_ == 0) return takes_spare ? spare_bytes_ : fresh;
  drop_spare();
  return room_of_segment(bytes);
}

void Wal::drop_spare() {
  spare_bytes_ = 0;
  // What cannot be removed is removed at the next start.
  static_cast<void>(directory_.files().remove(directory_.spare_log_path()));
}

std::uint64_t Wal::bytes_held() const {
  std::uint64_t bytes = spare_bytes_ + (open_ ? open_->segment.bytes : 0);
  for (const Segment& segment : ended_) bytes += segment.bytes;
  return bytes;
}

Status Wal::reserve(Open& open, std::uint64_t bytes, std::uint64_t room_max) {
  std::uint64_t room = std::min(std::max(segment_bytes(), bytes), room_max);
  Status reserved = open.file->allocate(room);
  // On a disk that is nearly full a smaller segment does as well.
  while (reserved.code() == StatusCode::kResourceExhausted && room / 2 >= least_bytes(bytes)) {
    room /= 2;
    reserved = open.file->allocate(room);
  }
  if (reserved.code() == StatusCode::kUnimplemented) reserved = Status::ok();
  open.segment.bytes = room;
  return reserved;
}

void Wal::end_segment() {
  const Segment segment = open_->segment;
  const bool is_empty = open_->end == 0;
  open_.reset();
  is_empty ? retire(segment) : ended_.push_back(segment);
}

void Wal::release(std::uint64_t covered) {
  MutexLock lock(mutex_);
  for (const Segment& segment : ended_) {
    if (segment.last_sequence <= covered) retire(segment);
  }
  std::erase_if(ended_,
                [covered](const Segment& segment) { return segment.last_sequence <= covered; });
}

// What cannot be removed only takes room; the next start tries again.
void Wal::retire(const Segment& segment) {
  FileSystem& files = directory_.files();
  const std::string path = directory_.log_path(segment.number);
  if (segment.can_be_spare && spare_bytes_ == 0 &&
      files.rename(path, directory_.spare_log_path())) {
    spare_bytes_ = segment.bytes;
    return;
  }
  static_cast<void>(files.remove(path));
}

void Wal::close(std::uint64_t covered) {
  MutexLock lock(mutex_);
  if (open_) {
    if (open_->segment.last_sequence > covered) {
      // Gives back the room that was not needed.
      static_cast<void>(open_->file->truncate(open_->end));
    }
    open_->segment.can_be_spare = false;
    end_segment();
  }
  for (Segment& segment : ended_) {
    segment.can_be_spare = false;
    if (segment.last_sequence <= covered) retire(segment);
  }
  ended_.clear();
  if (spare_bytes_ > 0) drop_spare();
  static_cast<void>(directory_.files().sync_directory(directory_.wal_path()));
}

std::uint64_t Wal::disk_bytes() const {
  MutexLock lock(mutex_);
  return bytes_held();
}

std::size_t Wal::segments() const {
  MutexLock lock(mutex_);
  return ended_.size() + (open_ ? 1 : 0);
}

}  // namespace kolben::storage::engine
