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

Status Wal::append(std::span<const std::string_view> slices, std::uint64_t bytes,
                   std::uint64_t last_sequence) {
  File* file = nullptr;
  std::uint64_t end = 0;
  {
    MutexLock lock(mutex_);
    if (open_ && open_->end > 0 && open_->end + bytes > open_->segment.bytes) end_segment();
    if (!open_) KOLBEN_RETURN_IF_ERROR(open_segment(bytes));
    file = open_->file.get();
    end = open_->end;
  }
  // Without the lock: only this thread ends the open segment.
  Status written = file->write_at(end, slices);
  const bool is_full = written.code() == StatusCode::kResourceExhausted;
  if (written && options_.durability == Durability::kDisk) written = file->sync();
  MutexLock lock(mutex_);
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
    if (open->segment.bytes == 0) opened = reserve(*open, bytes);
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

Status Wal::reserve(Open& open, std::uint64_t bytes) {
  std::uint64_t room = std::max(segment_bytes(), bytes);
  Status reserved = open.file->allocate(room);
  // On a disk that is nearly full a smaller segment does as well.
  while (reserved.code() == StatusCode::kResourceExhausted && room / 2 >= kSegmentBytesMin &&
         room / 2 >= bytes) {
    room /= 2;
    reserved = open.file->allocate(room);
  }
  if (reserved.code() == StatusCode::kUnimplemented) reserved = Status::ok();
  open.segment.bytes = room;
  return reserved;
}

void Wal::end_segment() {
  ended_.push_back(open_->segment);
  open_.reset();
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
  if (std::exchange(spare_bytes_, 0) > 0) {
    static_cast<void>(directory_.files().remove(directory_.spare_log_path()));
  }
  static_cast<void>(directory_.files().sync_directory(directory_.wal_path()));
}

std::uint64_t Wal::disk_bytes() const {
  MutexLock lock(mutex_);
  std::uint64_t bytes = spare_bytes_ + (open_ ? open_->segment.bytes : 0);
  for (const Segment& segment : ended_) bytes += segment.bytes;
  return bytes;
}

std::size_t Wal::segments() const {
  MutexLock lock(mutex_);
  return ended_.size() + (open_ ? 1 : 0);
}

}  // namespace kolben::storage::engine
