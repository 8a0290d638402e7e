// DataDirectory: the directory that a store lives in, held by one process at a time:
//   LOCK               held with flock while the store is open
//   FORMAT             "kolben store 1": what the rest is
//   segments/NNNNNN.log and, once sealed, NNNNNN.idx
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"

namespace kolben::storage::engine {

class DataDirectory {
 public:
  // Makes it where it is missing. FAILED_PRECONDITION where it is another program's, of another
  // version, or in use.
  static Result<DataDirectory> open(FileSystem& files, const std::string& path);

  struct Segment {
    std::uint64_t number = 0;
    bool has_log = false;
    bool has_index = false;
  };
  // By number; what other files are there is left alone, half-written ones are removed.
  Result<std::vector<Segment>> segments() const;

  std::string log_path(std::uint64_t number) const;
  std::string index_path(std::uint64_t number) const;
  std::string segments_path() const { return path_ + "/segments"; }
  const std::string& path() const { return path_; }
  FileSystem& files() const { return *files_; }

 private:
  DataDirectory(FileSystem& files, std::string path, std::shared_ptr<void> lock)
      : files_(&files), path_(std::move(path)), lock_(std::move(lock)) {}

  FileSystem* files_;
  std::string path_;
  std::shared_ptr<void> lock_;
};

}  // namespace kolben::storage::engine
