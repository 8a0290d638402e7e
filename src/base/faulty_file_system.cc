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
    const FaultyFileSystem::Verdict verdict = owner_.judge(false, path_);
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
    if (owner_.judge(true, path_) != FaultyFileSystem::Verdict::kGood) {
      return owner_.fault_status("syncing " + path_);
    }
    owner_.unsynced_.erase(path_);
    return Status::ok();  // the tests play power cuts themselves: a real sync would only be slow
  }

  Status truncate(std::uint64_t size) override {
    KOLBEN_RETURN_IF_ERROR(owner_.check("truncating " + path_, path_));
    const Result<std::uint64_t> before = base_->size();
    KOLBEN_RETURN_IF_ERROR(base_->truncate(size));
    MutexLock lock(owner_.mutex_);
    if (before && *before > size) owner_.give_room(*before - size);
    return Status::ok();
  }
  Status allocate(std::uint64_t size) override {
    KOLBEN_RETURN_IF_ERROR(owner_.check("reserving room for " + path_, path_));
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

FaultyFileSystem::Verdict FaultyFileSystem::judge(bool is_sync, const std::string& path) {
  if (fault_.only_syncs && !is_sync) return Verdict::kGood;
  if (path.find(fault_.only_paths) == std::string::npos) return Verdict::kGood;
  ++operations_;
  const bool hit = fault_.at != 0 &&
                   (fault_.and_all_after ? operations_ >= fault_.at : operations_ == fault_.at);
  if (!hit) return Verdict::kGood;
  return fault_.kind == Fault::Kind::kShortWrite ? Verdict::kShort : Verdict::kFail;
}

Status FaultyFileSystem::fault_status(const std::string& attempted) {
  return from_errno(fault_.error_number, attempted);
}

Status FaultyFileSystem::check(const std::string& attempted, const std::string& path) {
  MutexLock lock(mutex_);
  return judge(false, path) == Verdict::kGood ? Status::ok() : fault_status(attempted);
}

Result<std::unique_ptr<File>> FaultyFileSystem::open(const std::string& path, OpenMode mode) {
  if (mode == OpenMode::kCreate) KOLBEN_RETURN_IF_ERROR(check("creating " + path, path));
  Result<std::unique_ptr<File>> file = base_.open(path, mode);
  if (!file) return file;
  if (mode == OpenMode::kCreate) {
    MutexLock lock(mutex_);
    note_name({path, false, {}, {}});
  }
  return std::unique_ptr<File>(new FaultyFile(*this, std::move(*file), path));
}

Status FaultyFileSystem::remove(const std::string& path) {
  KOLBEN_RETURN_IF_ERROR(check("removing " + path, path));
  MutexLock lock(mutex_);
  std::string bytes = bytes_of(path);
  KOLBEN_RETURN_IF_ERROR(base_.remove(path));
  give_room(bytes.size());
  unsynced_.erase(path);
  note_name({path, true, std::move(bytes), {}});
  return Status::ok();
}

Status FaultyFileSystem::remove_directory(const std::string& path) {
  KOLBEN_RETURN_IF_ERROR(check("removing " + path, path));
  return base_.remove_directory(path);
}

Status FaultyFileSystem::link(const std::string& from, const std::string& to) {
  KOLBEN_RETURN_IF_ERROR(check("linking " + from, from));
  KOLBEN_RETURN_IF_ERROR(base_.link(from, to));
  MutexLock lock(mutex_);
  note_name({to, false, {}, {}});
  return Status::ok();
}

Result<std::uint64_t> FaultyFileSystem::free_bytes(const std::string& path) {
  const Result<std::uint64_t> free = base_.free_bytes(path);
  MutexLock lock(mutex_);
  return free ? std::min(*free, room_) : free;
}

Status FaultyFileSystem::rename(const std::string& from, const std::string& to) {
  KOLBEN_RETURN_IF_ERROR(check("renaming " + from, from));
  MutexLock lock(mutex_);
  const bool replaces = base_.exists(to);
  std::string replaced = replaces ? bytes_of(to) : std::string();
  KOLBEN_RETURN_IF_ERROR(base_.rename(from, to));
  give_room(replaced.size());
  unsynced_.erase(to);
  if (auto found = unsynced_.extract(from)) {
    found.key() = to;
    unsynced_.insert(std::move(found));
  }
  note_name({to, replaces, std::move(replaced), {}});
  note_name({from, true, {}, to});
  return Status::ok();
}

Status FaultyFileSystem::sync_directory(const std::string& directory) {
  KOLBEN_RETURN_IF_ERROR(check("syncing " + directory, directory));
  MutexLock lock(mutex_);
  unsynced_names_.erase(directory);
  return Status::ok();
}

std::string FaultyFileSystem::bytes_of(const std::string& path) {
  const Result<std::unique_ptr<File>> file = base_.open(path, OpenMode::kRead);
  const Result<std::uint64_t> size = file ? (*file)->size() : file.status();
  if (!size) return {};
  std::string bytes(*size, '\0');
  const Result<std::size_t> got = (*file)->read_at(0, bytes.data(), bytes.size());
  bytes.resize(got ? *got : 0);
  return bytes;
}

void FaultyFileSystem::note_name(OldName name) {
  unsynced_names_[parent_directory(name.path)].push_back(std::move(name));
}

void FaultyFileSystem::give_room(std::uint64_t bytes) {
  if (room_ != UINT64_MAX) room_ += bytes;
}

void FaultyFileSystem::undo(const OldName& name) {
  if (!name.moved_to.empty()) {
    KOLBEN_CHECK(base_.rename(name.moved_to, name.path).is_ok());
    return;
  }
  if (base_.exists(name.path)) KOLBEN_CHECK(base_.remove(name.path).is_ok());
  if (!name.was_there) return;
  KOLBEN_CHECK(base_.create_directories(parent_directory(name.path)).is_ok());
  const Result<std::unique_ptr<File>> file = base_.open(name.path, OpenMode::kCreate);
  KOLBEN_CHECK(file.has_value());
  KOLBEN_CHECK((*file)->write_at(0, std::string_view(name.bytes)).is_ok());
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
  // Journals keep the order of names: what is lost is all that was changed after some moment. A
  // rename is one change, although it is noted as two.
  for (auto& [directory, names] : unsynced_names_) {
    std::size_t kept = random.below(names.size() + 1);
    if (kept < names.size() && kept > 0 && !names[kept].moved_to.empty()) --kept;
    while (names.size() > kept) {
      undo(names.back());
      names.pop_back();
    }
  }
  unsynced_names_.clear();
}

}  // namespace kolben
