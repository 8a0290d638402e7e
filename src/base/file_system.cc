#include "base/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

namespace kolben {
namespace {

// Whether the file system never calls a hole what was written: ZFS did (openzfs/zfs#15526, "some
// copied files are corrupted"), and of others we do not know.
bool knows_its_holes(int descriptor) {
  struct statfs facts{};
  if (::fstatfs(descriptor, &facts) != 0) return false;
  const auto type = static_cast<std::uint32_t>(facts.f_type);
  return type == EXT4_SUPER_MAGIC || type == XFS_SUPER_MAGIC || type == TMPFS_MAGIC;
}

// Closes a descriptor when it ends.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  const int number_;
};

std::string_view kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "a FIFO";
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

// Opens a regular file, and nothing else: opening a FIFO would wait for somebody to write to it,
// for ever perhaps, and a device may do anything. The result is -1 where the status is an error.
Status open_regular(const std::string& path, int flags, int& descriptor,
                    std::string_view attempted = "opening ") {
  descriptor = ::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);
  struct stat facts{};
  // errno speaks of the last call that failed, whenever that was: only where one of these did.
  int error_number = 0;
  if (descriptor < 0 || ::fstat(descriptor, &facts) != 0) error_number = errno;
  if (error_number == 0 && S_ISREG(facts.st_mode)) return Status::ok();
  // A directory cannot be opened for writing, nor a socket at all.
  const bool is_there = error_number == 0 || ::stat(path.c_str(), &facts) == 0;
  if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
  if (is_there && !S_ISREG(facts.st_mode) && error_number != EEXIST) {
    return failed_precondition("opening " + path + ": it is " +
                               std::string(kind_of(facts.st_mode)) +
                               " where a regular file belongs; move it away");
  }
  return from_errno(error_number, std::string(attempted) + path);
}

// Where a path leads through a symbolic link to nothing, that link and what it names; else empty.
std::string dangling_link_of(const std::string& path) {
  std::string part;
  for (std::size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    part.assign(path, 0, end);
    struct stat facts{};
    if (::lstat(part.c_str(), &facts) != 0) return {};
    if (!S_ISLNK(facts.st_mode) || ::access(part.c_str(), F_OK) == 0 || errno != ENOENT) continue;
    char target[PATH_MAX];
    const ssize_t size = ::readlink(part.c_str(), target, sizeof target);
    if (size < 0) return {};
    return part + " is a symbolic link to " + std::string(target, static_cast<std::size_t>(size)) +
           ", which is not there";
  }
  return {};
}

// Who holds a lock that we did not get: the process id as the file says it. Who only reads writes
// none, and the one that stands there is of somebody who is gone.
std::string holder_of(int descriptor) {
  if (::flock(descriptor, LOCK_SH | LOCK_NB) == 0) return "a command that only reads";
  char text[32];
  const ssize_t size = ::pread(descriptor, text, sizeof text, 0);
  std::string holder(text, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return "pid " + (holder.empty() ? "unknown" : holder);
}

class SystemFile final : public File {
 public:
  SystemFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}

  Status write_at(std::uint64_t offset, std::span<const std::string_view> slices) override;
  Result<std::size_t> read_at(std::uint64_t offset, char* buffer, std::size_t size) const override;
  void expect_read(std::uint64_t offset, std::uint64_t size) const override;

  Status sync() override {
    if (::fdatasync(descriptor_.number()) == 0) return Status::ok();
    return from_errno(errno, "syncing " + path_);
  }

  Status truncate(std::uint64_t size) override {
    if (::ftruncate(descriptor_.number(), static_cast<off_t>(size)) == 0) return Status::ok();
    return from_errno(errno, "truncating " + path_);
  }

  Status allocate(std::uint64_t size) override {
    // Not posix_fallocate: where the file system cannot, that writes every block.
    if (::fallocate(descriptor_.number(), 0, 0, static_cast<off_t>(size)) == 0) return Status::ok();
    if (errno == EOPNOTSUPP) return unimplemented("reserving room for " + path_);
    return from_errno(errno, "reserving room for " + path_);
  }

  Result<std::uint64_t> size() const override {
    struct stat facts{};
    if (::fstat(descriptor_.number(), &facts) != 0) return from_errno(errno, "reading " + path_);
    return static_cast<std::uint64_t>(facts.st_size);
  }

  std::uint64_t next_written(std::uint64_t offset) const override {
    if (!knows_its_holes(descriptor_.number())) return offset;
    const off_t place =
        ::lseek(descriptor_.number(), static_cast<off_t>(offset), SEEK_DATA);  // reads are pread()
    if (place >= 0) return static_cast<std::uint64_t>(place);
    return errno == ENXIO ? size().value_or(offset) : offset;
  }

 private:
  const Descriptor descriptor_;
  const std::string path_;
};

Status SystemFile::write_at(std::uint64_t offset, std::span<const std::string_view> slices) {
  std::vector<iovec> vectors;
  vectors.reserve(slices.size());
  for (const std::string_view slice : slices) {
    if (!slice.empty()) vectors.push_back({const_cast<char*>(slice.data()), slice.size()});
  }
  std::size_t first = 0;
  while (first < vectors.size()) {
    const auto count = static_cast<int>(std::min<std::size_t>(vectors.size() - first, IOV_MAX));
    const ssize_t written =
        ::pwritev(descriptor_.number(), &vectors[first], count, static_cast<off_t>(offset));
    if (written < 0) {
      if (errno == EINTR) continue;
      return from_errno(errno, "writing " + path_);
    }
    offset += static_cast<std::uint64_t>(written);
    auto left = static_cast<std::size_t>(written);
    while (first < vectors.size() && left >= vectors[first].iov_len) {
      left -= vectors[first++].iov_len;
    }
    if (left > 0) {
      vectors[first].iov_base = static_cast<char*>(vectors[first].iov_base) + left;
      vectors[first].iov_len -= left;
    }
  }
  return Status::ok();
}

Result<std::size_t> SystemFile::read_at(std::uint64_t offset, char* buffer,
                                        std::size_t size) const {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor_.number(), buffer + done, size - done,
                                static_cast<off_t>(offset + done));
    if (got < 0) {
      if (errno == EINTR) continue;
      return from_errno(errno, "reading " + path_);
    }
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void SystemFile::expect_read(std::uint64_t offset, std::uint64_t size) const {
  // A hint: what comes of it shows when it is read.
  static_cast<void>(::posix_fadvise(descriptor_.number(), static_cast<off_t>(offset),
                                    static_cast<off_t>(size), POSIX_FADV_WILLNEED));
}

class SystemFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<Bytes> map(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }
  Status create_directories(const std::string& path) override;
  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0) return Status::ok();
    return from_errno(errno, "removing " + path);
  }
  Status remove_directory(const std::string& path) override {
    if (::rmdir(path.c_str()) == 0) return Status::ok();
    return from_errno(errno, "removing " + path);
  }
  Status link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return Status::ok();
    return from_errno(errno, "linking " + from + " to " + to);
  }
  Result<std::uint64_t> free_bytes(const std::string& path) override {
    struct statvfs facts{};
    if (::statvfs(path.c_str(), &facts) != 0) return from_errno(errno, "looking at " + path);
    return std::uint64_t{facts.f_bavail} * facts.f_frsize;
  }
  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return Status::ok();
    return from_errno(errno, "renaming " + from + " to " + to);
  }
  Status sync_directory(const std::string& directory) override;
  Result<std::shared_ptr<void>> lock(const std::string& path) override;
  Result<std::shared_ptr<void>> lock_to_read(const std::string& path) override;

 private:
  static Result<std::shared_ptr<void>> lock_with(const std::string& path, int flags, int kind);
};

Result<std::unique_ptr<File>> SystemFileSystem::open(const std::string& path, OpenMode mode) {
  int flags = 0;
  switch (mode) {
    case OpenMode::kRead:
      flags |= O_RDONLY;
      break;
    case OpenMode::kUpdate:
      flags |= O_RDWR;
      break;
    case OpenMode::kCreate:
      flags |= O_RDWR | O_CREAT | O_EXCL;
      break;
  }
  int descriptor = -1;
  KOLBEN_RETURN_IF_ERROR(
      open_regular(path, flags, descriptor, mode == OpenMode::kCreate ? "creating " : "opening "));
  return std::unique_ptr<File>(new SystemFile(descriptor, path));
}

Result<Bytes> SystemFileSystem::map(const std::string& path) {
  int opened = -1;
  KOLBEN_RETURN_IF_ERROR(open_regular(path, O_RDONLY, opened));
  const Descriptor descriptor(opened);
  struct stat facts{};
  if (::fstat(descriptor.number(), &facts) != 0) return from_errno(errno, "opening " + path);
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (size == 0) return Bytes();  // which mmap refuses
  void* start = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor.number(), 0);
  if (start == MAP_FAILED) return from_errno(errno, "mapping " + path);
  std::shared_ptr<const void> owner(
      start, [size](const void* mapped) { ::munmap(const_cast<void*>(mapped), size); });
  return Bytes(std::move(owner), {static_cast<const char*>(start), size});
}

Result<std::vector<std::string>> SystemFileSystem::list(const std::string& directory) {
  DIR* stream = ::opendir(directory.c_str());
  if (stream == nullptr) return from_errno(errno, "listing " + directory);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int error_number = errno;
  ::closedir(stream);
  if (error_number != 0) return from_errno(error_number, "listing " + directory);
  std::sort(names.begin(), names.end());
  return names;
}

Status SystemFileSystem::create_directories(const std::string& path) {
  std::string part;
  for (std::size_t end = 0; end < path.size();) {
    end = std::min(path.find('/', end + 1), path.size());
    part.assign(path, 0, end);
    if (::mkdir(part.c_str(), 0750) != 0 && errno != EEXIST) {
      // A parent that exists may refuse mkdir for other reasons first (a read-only file system).
      const int error_number = errno;
      if (::access(part.c_str(), F_OK) == 0) continue;
      const std::string link = dangling_link_of(part);
      if (!link.empty()) return not_found("creating " + path + ": " + link);
      return from_errno(error_number, "creating " + part);
    }
  }
  if (const std::string link = dangling_link_of(path); !link.empty()) {
    return not_found("creating " + path + ": " + link);
  }
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return from_errno(errno, "creating " + path);
  return S_ISDIR(facts.st_mode) ? Status::ok() : from_errno(ENOTDIR, "creating " + path);
}

Status SystemFileSystem::sync_directory(const std::string& directory) {
  const Descriptor descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (descriptor.number() < 0 || ::fsync(descriptor.number()) != 0) {
    return from_errno(errno, "syncing " + directory);
  }
  return Status::ok();
}

Result<std::shared_ptr<void>> SystemFileSystem::lock(const std::string& path) {
  return lock_with(path, O_RDWR | O_CREAT, LOCK_EX);
}

// flock() asks for no right to write. Where there is no such file, nobody holds it.
Result<std::shared_ptr<void>> SystemFileSystem::lock_to_read(const std::string& path) {
  Result<std::shared_ptr<void>> held = lock_with(path, O_RDONLY, LOCK_SH);
  if (!held && held.error().code() == StatusCode::kNotFound) return std::shared_ptr<void>();
  return held;
}

Result<std::shared_ptr<void>> SystemFileSystem::lock_with(const std::string& path, int flags,
                                                          int kind) {
  int opened = -1;
  KOLBEN_RETURN_IF_ERROR(open_regular(path, flags, opened));
  auto descriptor = std::make_shared<Descriptor>(opened);
  if (::flock(descriptor->number(), kind | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return from_errno(errno, "locking " + path);
    return failed_precondition("locking " + path + ": held by " + holder_of(descriptor->number()));
  }
  // Only for the message above: the lock holds without it, also on a full disk.
  if (kind == LOCK_EX && ::ftruncate(descriptor->number(), 0) == 0) {
    const std::string text = std::to_string(::getpid()) + "\n";
    [[maybe_unused]] const ssize_t written =
        ::pwrite(descriptor->number(), text.data(), text.size(), 0);
  }
  return std::shared_ptr<void>(std::move(descriptor));
}

}  // namespace

FileSystem& system_file_system() {
  static SystemFileSystem files;
  return files;
}

Result<std::string> read_file(FileSystem& files, const std::string& path, std::size_t size_max) {
  Result<std::unique_ptr<File>> file = files.open(path, OpenMode::kRead);
  if (!file) return file.error();
  std::string text(size_max + 1, '\0');
  Result<std::size_t> size = (*file)->read_at(0, text.data(), text.size());
  if (!size) return size.error();
  if (*size > size_max) {
    return resource_exhausted("reading " + path + ": larger than " + std::to_string(size_max) +
                              " bytes");
  }
  text.resize(*size);
  return text;
}

Status replace_file(FileSystem& files, const std::string& path,
                    std::span<const std::string_view> slices) {
  const std::string temporary = path + ".tmp";
  if (files.exists(temporary)) KOLBEN_RETURN_IF_ERROR(files.remove(temporary));
  Result<std::unique_ptr<File>> file = files.open(temporary, OpenMode::kCreate);
  if (!file) return file.error();
  Status written = (*file)->write_at(0, slices);
  if (written) written = (*file)->sync();
  if (written) written = files.rename(temporary, path);
  if (!written) {
    // What is left of the attempt only takes room; the next attempt removes it too.
    static_cast<void>(files.remove(temporary));
    return written;
  }
  return files.sync_directory(parent_directory(path));
}

std::string parent_directory(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace kolben
