// FaultyFileSystem: the real file system with accidents, for tests. Operations that change
// something (create, write, sync, truncate, allocate, remove, rename, sync_directory) are counted
// from 1; a test says which ones fail, and how. Reads never fail.
//
// It also plays a power cut: what was written and not synced may be lost, page by page, and names
// that were made, changed or removed may be as they were before, as long as their directory was not
// synced.
//
// Any thread.
#pragma once

#include <cerrno>
#include <map>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/mutex.h"
#include "base/random.h"

namespace kolben {

struct Fault {
  enum class Kind : std::uint8_t { kFail, kShortWrite };
  std::uint64_t at = 0;        // the number of the operation; 0: never
  bool and_all_after = false;  // the disk stays broken
  Kind kind = Kind::kFail;     // of a write: nothing, or half of it, is written
  bool only_syncs = false;     // counts and fails only sync()
  int error_number = EIO;
  std::string only_paths = {};  // counts and fails only what is done to paths that contain this
};

class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& base) : base_(base) {}

  void set_fault(const Fault& fault);
  // Operations so far, or syncs where the fault counts only those.
  std::uint64_t operations() const;
  // The bytes that writes may still take before ENOSPC. Removing and cutting files gives room back.
  void set_room(std::uint64_t bytes);

  // Takes back a random part of everything that was written and not synced, as a power cut does.
  // The files must be closed.
  void cut_power(Random& random);

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<Bytes> map(const std::string& path) override { return base_.map(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return base_.list(directory);
  }
  bool exists(const std::string& path) override { return base_.exists(path); }
  Status create_directories(const std::string& path) override {
    return base_.create_directories(path);
  }
  Status remove(const std::string& path) override;
  Status remove_directory(const std::string& path) override;
  Status link(const std::string& from, const std::string& to) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status sync_directory(const std::string& directory) override;
  Result<std::shared_ptr<void>> lock(const std::string& path) override { return base_.lock(path); }
  Result<std::shared_ptr<void>> lock_to_read(const std::string& path) override {
    return base_.lock_to_read(path);
  }

 private:
  friend class FaultyFile;
  // What a page held before it was written and not yet synced.
  struct OldPage {
    std::uint64_t offset;
    std::string bytes;
  };

  // A name that was changed, and how it was before.
  struct OldName {
    std::string path;
    bool was_there = false;
    std::string bytes;     // of what was there
    std::string moved_to;  // where what was there is now; empty: nowhere
  };

  enum class Verdict : std::uint8_t { kGood, kFail, kShort };
  Verdict judge(bool is_sync, const std::string& path) KOLBEN_REQUIRES(mutex_);
  Status check(const std::string& attempted, const std::string& path);
  Status fault_status(const std::string& attempted) KOLBEN_REQUIRES(mutex_);
  // The file's bytes, empty where there is none.
  std::string bytes_of(const std::string& path);
  void note_name(OldName name) KOLBEN_REQUIRES(mutex_);
  void give_room(std::uint64_t bytes) KOLBEN_REQUIRES(mutex_);
  void undo(const OldName& name) KOLBEN_REQUIRES(mutex_);

  FileSystem& base_;
  mutable Mutex mutex_;
  Fault fault_ KOLBEN_GUARDED_BY(mutex_);
  std::uint64_t operations_ KOLBEN_GUARDED_BY(mutex_) = 0;
  std::uint64_t room_ KOLBEN_GUARDED_BY(mutex_) = UINT64_MAX;
  std::map<std::string, std::vector<OldPage>> unsynced_ KOLBEN_GUARDED_BY(mutex_);
  // By directory, in the order in which they were changed.
  std::map<std::string, std::vector<OldName>> unsynced_names_ KOLBEN_GUARDED_BY(mutex_);
};

}  // namespace kolben
