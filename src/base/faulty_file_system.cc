#include "base/faulty_file_system.h"

#include <algorithm>

namespace kolben {
namespace {

constexpr std::uint64_t kPageBytes = 4096;  // what disks and page caches lose at once

}  // namespace

class FaultyFile final : public File {
 public:
  FaultyFile(FaultyFileSystem& owner, std::unique_ptr<File> base, std::string path)
      : owner_(owner), base_(std::move(base)), path_(std::move(path)) {}

  Status write_at(std::uint64_t offset, std::span<const std::string_view> slices) override {
    std::string bytes;
    for (const std::string_view slice : slices) bytes.append(slice);
    MutexLock lock(owner_.mutex_);
    const FaultyFileSystem::Verdict verdict = owner_.judge(false);
    if (verdict == FaultyFileSystem::Verdict::kFail) return owner_.fault_status("writing " + path_);
    if (bytes.size() > owner_.room_) return from_errno(ENOSPC, "writing " + path_);
    if (verdict == FaultyFileSystem::Verdict::kShort) bytes.resize(bytes.size() / 2);
    remember(offset, bytes.size());
    owner_.room_ -= std::min<std::uint64_t>(owner_.room_, bytes.size());
    KOLBEN_RETURN_IF_ERROR(base_->write_at(
        offset, std::span<const std::string_view>(std::vector<std::string_view>{bytes})));
    if (verdict == FaultyFileSystem::Verdict::kShort) {
      return owner_.fault_status("writing " + path_);
    }
    return Status::ok();
  }
  using File::write_at;

  Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const override {
    return base_->read_at(offset, buffer, size);
  }

  Status sync() override {
    MutexLock lock(owner_.mutex_);
    if (owner_.judge(true) != FaultyFileSystem::Verdict::kGood) {
      return owner_.fault_status("syncing " + path_);
    }
    owner_.unsynced_.erase(path_);
    return Status::ok();  // the tests play power cuts themselves: a real sync would only be slow
  }

  Status truncate(std::uint64_t size) override {
    KOLBEN_RETURN_IF_ERROR(owner_.check("truncating " + path_));
    return base_->truncate(size);
  }
  Status allocate(std::uint64_t size) override {
    KOLBEN_RETURN_IF_ERROR(owner_.check("reserving room for " + path_));
    MutexLock lock(owner_.mutex_);
    if (size > owner_.room_) return from_errno(ENOSPC, "reserving room for " + path_);
    return base_->allocate(size);
  }
  Result<std::uint64_t> size() const override { return base_->size(); }

 private:
  void remember(std::uint64_t offset, std::uint64_t size) KOLBEN_REQUIRES(owner_.mutex_) {
    auto& pages = owner_.unsynced_[path_];
    for (std::uint64_t at = offset / kPageBytes * kPageBytes; at < offset + size;
         at += kPageBytes) {
      std::string old(kPageBytes, '\0');
      // A page behind the end of the file was nothing, which the zeros stand for.
      static_cast<void>(base_->read_at(at, old.data(), old.size()));
      pages.push_back({at, std::move(old)});
    }
  }

  FaultyFileSystem& owner_;
  const std::unique_ptr<File> base_;
  const std::string path_;
};

void FaultyFileSystem::set_fault(const Fault& fault) {
  MutexLock lock(mutex_);
  fault_ = fault;
  operations_ = 0;
}

std::uint64_t FaultyFileSystem::operations() const {
  MutexLock lock(mutex_);
  return operations_;
}

void FaultyFileSystem::set_room(std::uint64_t bytes) {
  MutexLock lock(mutex_);
  room_ = bytes;
}

FaultyFileSystem::Verdict FaultyFileSystem::judge(bool is_sync) {
  if (fault_.only_syncs && !is_sync) return Verdict::kGood;
  ++operations_;
  const bool hit = fault_.at != 0 &&
                   (fault_.and_all_after ? operations_ >= fault_.at : operations_ == fault_.at);
  if (!hit) return Verdict::kGood;
  return fault_.kind == Fault::Kind::kShortWrite ? Verdict::kShort : Verdict::kFail;
}

Status FaultyFileSystem::fault_status(const std::string& attempted) {
  return from_errno(fault_.error_number, attempted);
}

Status FaultyFileSystem::check(const std::string& attempted) {
  MutexLock lock(mutex_);
  return judge(false) == Verdict::kGood ? Status::ok() : fault_status(attempted);
}

Result<std::unique_ptr<File>> FaultyFileSystem::open(const std::string& path, OpenMode mode) {
  if (mode == OpenMode::kCreate) KOLBEN_RETURN_IF_ERROR(check("creating " + path));
  Result<std::unique_ptr<File>> file = base_.open(path, mode);
  if (!file) return file;
  return std::unique_ptr<File>(new FaultyFile(*this, std::move(*file), path));
}

Status FaultyFileSystem::remove(const std::string& path) {
  KOLBEN_RETURN_IF_ERROR(check("removing " + path));
  return base_.remove(path);
}

Status FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  KOLBEN_RETURN_IF_ERROR(check("renaming " + from));
  {
    MutexLock lock(mutex_);
    if (auto found = unsynced_.extract(from)) {
      found.key() = to;
      unsynced_.insert(std::move(found));
    }
  }
  return base_.rename(from, to);
}

Status FaultyFileSystem::sync_directory(const std::string& directory) {
  return check("syncing " + directory);
}

void FaultyFileSystem::cut_power(Random& random) {
  MutexLock lock(mutex_);
  for (auto& [path, pages] : unsynced_) {
    Result<std::unique_ptr<File>> file = base_.open(path, OpenMode::kUpdate);
    if (!file) continue;  // removed since
    for (auto page = pages.rbegin(); page != pages.rend(); ++page) {
      if (random.below(2) == 0) continue;
      const std::string_view bytes = page->bytes;
      KOLBEN_CHECK((*file)->write_at(page->offset, bytes).is_ok());
    }
  }
  unsynced_.clear();
}

}  // namespace kolben
