// FileSystem and File: the only door to files that must not be lost. They come in through
// constructors, so that tests can make the n-th write fail (base/faulty_file_system.h). Paths are
// the caller's; every error names what was attempted and on which path.
//
// A FileSystem may be used by any thread; a File by several readers and one writer at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace kolben {

// An open file. Its end closes it.
class File {
 public:
  virtual ~File() = default;

  // Writes the slices one behind the other from `offset` on: all of them, or an error after which
  // any part of them may be in the file.
  virtual Status write_at(std::uint64_t offset, std::span<const std::string_view> slices) = 0;
  // Reads up to `size` bytes; fewer only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, char* buffer,
                                      std::size_t size) const = 0;
  // Says that these bytes are read soon, so that the disk may begin.
  virtual void expect_read(std::uint64_t /*offset*/, std::uint64_t /*size*/) const {}
  // Returns when everything written is on the disk (fdatasync). After an error nothing is known of
  // what was written since the last success, and calling it again proves nothing.
  virtual Status sync() = 0;
  virtual Status truncate(std::uint64_t size) = 0;
  // Reserves the room of the first `size` bytes, which grow the file with zeros.
  virtual Status allocate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() const = 0;
  // The first place from `offset` on where anything may have been written: what is before it reads
  // as zeros. The file's end where there is none. It saves reading reserved room, and may be
  // `offset` itself always.
  virtual std::uint64_t next_written(std::uint64_t offset) const { return offset; }

  Status write_at(std::uint64_t offset, std::string_view bytes) {
    return write_at(offset, std::span<const std::string_view>(&bytes, 1));
  }
};

enum class OpenMode : std::uint8_t {
  kRead,    // must exist
  kUpdate,  // reading and writing; must exist
  kCreate,  // reading and writing; must not exist
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Regular files only: FAILED_PRECONDITION, and no waiting, where something else has the name.
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // The whole file, mapped into memory. It must not shrink while the bytes are held.
  virtual Result<Bytes> map(const std::string& path) = 0;
  // The names in a directory, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  virtual bool exists(const std::string& path) = 0;
  // With its parents; one that exists is fine.
  virtual Status create_directories(const std::string& path) = 0;
  virtual Status remove(const std::string& path) = 0;
  // One that is empty.
  virtual Status remove_directory(const std::string& path) = 0;
  // Replaces `to`.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  // Gives the file `from` a second name, on the same file system.
  virtual Status link(const std::string& from, const std::string& to) = 0;
  // The room that the file system of `path` has for us.
  virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
  // Makes the names in a directory durable.
  virtual Status sync_directory(const std::string& directory) = 0;
  // Holds the file `path`, which is made where it is missing, for this process alone, until the
  // returned owner ends; the process id is written into it. FAILED_PRECONDITION, with the holder's
  // process id, where another holds it.
  virtual Result<std::shared_ptr<void>> lock(const std::string& path) = 0;
  // For who only reads: holds off who wants the file for itself, and not who reads as well. Writes
  // nothing, so that it works on a read-only file system too; where the file is missing the owner
  // is null.
  virtual Result<std::shared_ptr<void>> lock_to_read(const std::string& path) = 0;
};

// The machine's file system.
FileSystem& system_file_system();

// A small file as a whole: at most `size_max` bytes, RESOURCE_EXHAUSTED beyond.
Result<std::string> read_file(FileSystem& files, const std::string& path, std::size_t size_max);

// Replaces a file so that after a crash either the old or the new one is there: written under
// another name, synced, renamed, the directory synced.
Status replace_file(FileSystem& files, const std::string& path,
                    std::span<const std::string_view> slices);

// The directory part of a path; "." where there is none.
std::string parent_directory(const std::string& path);

}  // namespace kolben
