// DataDirectory: the directory that a store lives in, held by one process at a time. What its files
// are: docs/formats/store.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace kolben::storage::engine {

class DataDirectory {
 public:
  // Makes it where it is missing. FAILED_PRECONDITION where it is another program's, of another
  // version, or in use.
  static Result<DataDirectory> open(FileSystem& files, const std::string& path);
  // A store that is there, for who writes nothing to it: works on a read-only file system too.
  static Result<DataDirectory> open_to_read(FileSystem& files, const std::string& path);

  enum class Kind : std::uint8_t {
    kNew,       // nothing is in it yet
    kVersion1,  // its logs are to be read into parts
    kCurrent,
  };
  Kind kind() const { return kind_; }
  // Makes a new or an old one current, once its manifest is written.
  Status finish();
  // Makes `path`, which holds a manifest and parts, a store.
  Status copy_format(const std::string& path) const;
  // What the checksums of log records begin with.
  std::uint32_t log_key() const { return log_key_; }

  struct NumberedFile {
    std::uint64_t number = 0;
    std::string path;
  };
  // Log segments by number.
  Result<std::vector<NumberedFile>> logs() const { return logs_in(wal_path()); }
  // Those of version 1, also where its removal was interrupted.
  Result<std::vector<NumberedFile>> old_logs() const;
  void remove_old_logs();
  std::string log_path(std::uint64_t number) const;
  std::string spare_log_path() const { return wal_path() + "/spare.log"; }
  std::string part_path(std::uint64_t number) const;
  std::string dropped_path(std::uint64_t number) const;
  std::string deleted_path(std::uint64_t number) const;
  std::string format_path() const { return path_ + "/FORMAT"; }
  std::string manifest_path() const { return path_ + "/MANIFEST"; }
  std::string wal_path() const { return path_ + "/wal"; }
  std::string parts_path() const { return path_ + "/parts"; }
  std::string damaged_path() const { return path_ + "/damaged"; }
  // Keeps bytes in damaged/ that cannot be read as what they should be; says where. Bytes that are
  // there under the name are left.
  Result<std::string> set_aside(const std::string& name, std::string_view bytes) const;
  const std::string& path() const { return path_; }
  FileSystem& files() const { return *files_; }

 private:
  DataDirectory(FileSystem& files, std::string path) : files_(&files), path_(std::move(path)) {}
  Status prepare();
  Status hold(Result<std::shared_ptr<void>> held);
  Status read_format();
  bool holds_anything(const std::string& folder) const;
  Result<std::vector<NumberedFile>> logs_in(const std::string& folder) const;
  std::string old_logs_path() const { return path_ + "/segments"; }

  FileSystem* files_;
  std::string path_;
  std::shared_ptr<void> lock_;
  Kind kind_ = Kind::kNew;
  std::uint32_t log_key_ = 0;
};

// The number that a name begins with, where `suffix` is all the rest; 0 otherwise.
std::uint64_t number_in_name(std::string_view name, std::string_view suffix);

}  // namespace kolben::storage::engine
