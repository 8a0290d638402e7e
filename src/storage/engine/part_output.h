// Where parts are written to: memory, for what queries see of the tail, or a file of the store.
// One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/unique_function.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/part/part.h"

namespace kolben::storage::engine {

class PartOutput {
 public:
  virtual ~PartOutput() = default;
  virtual Status append(std::string_view bytes) = 0;
  // The part, opened. Without it nothing is left of what was appended.
  virtual Result<std::shared_ptr<const part::Part>> finish() = 0;
  // Of the file; 0 in memory.
  virtual std::uint64_t number() const { return 0; }
};

class PartTarget {
 public:
  virtual ~PartTarget() = default;
  virtual Result<std::unique_ptr<PartOutput>> begin() = 0;
};

class MemoryTarget final : public PartTarget {
 public:
  Result<std::unique_ptr<PartOutput>> begin() override;
};

// Files in parts/, each under another name until it is whole and synced. The names are durable when
// parts/ was synced, which is left to who lists them in the manifest.
class FileTarget final : public PartTarget {
 public:
  // `next_number` gives numbers that were never used. `directory` outlives it.
  FileTarget(const DataDirectory& directory, UniqueFunction<std::uint64_t()> next_number)
      : directory_(directory), next_number_(std::move(next_number)) {}
  Result<std::unique_ptr<PartOutput>> begin() override;
  // Removes what was finished: the manifest was never asked to list it.
  void discard();

 private:
  const DataDirectory& directory_;
  UniqueFunction<std::uint64_t()> next_number_;
  std::vector<std::uint64_t> begun_;
};

// A part in a file: read with pread, so that a failing disk is an error and no signal.
class FileSource final : public part::BlockSource {
 public:
  static Result<std::shared_ptr<const part::Part>> open_part(FileSystem& files,
                                                             const std::string& path);

  std::uint64_t size() const override { return size_; }
  Result<Bytes> read(const part::BlockRef& block) const override;
  Result<Bytes> read_raw(std::uint64_t offset, std::uint32_t bytes) const override;
  void expect(std::uint64_t offset, std::uint64_t bytes) const override {
    file_->expect_read(offset, bytes);
  }

 private:
  FileSource(std::unique_ptr<File> file, std::uint64_t size, std::string path)
      : file_(std::move(file)), size_(size), path_(std::move(path)) {}

  const std::unique_ptr<File> file_;
  const std::uint64_t size_;
  const std::string path_;
};

}  // namespace kolben::storage::engine
