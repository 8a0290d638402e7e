#include "app/store/request_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file_system.h"
#include "otlp/encode.h"
#include "otlp/json.h"

namespace kolben::app {
namespace {

// No receiver takes larger requests; a length that is larger is no length.
constexpr std::size_t kRequestBytesMax = std::size_t{256} << 20;
constexpr std::size_t kLengthBytes = 4;

bool is_standard(const std::string& path) {
  return path == "-";
}

}  // namespace

RequestFile::Temporary::~Temporary() {
  if (!path.empty()) ::unlink(path.c_str());
}

Status RequestFile::failure(const char* attempted) const {
  return unavailable(std::string(attempted) + " " + name_ + ": " + std::strerror(errno));
}

Result<RequestFile> RequestFile::create(const std::string& path, RequestFormat format) {
  if (is_standard(path)) {
    RequestFile result(path, format, {::fdopen(::dup(STDOUT_FILENO), "w"), {}});
    result.name_ = "standard output";
    if (result.file_ == nullptr) return result.failure("cannot write");
    return result;
  }
  struct stat facts{};
  if (::lstat(path.c_str(), &facts) == 0) {
    return already_exists(path + " is there already, and is not written over");
  }
  const std::string temporary = path + ".kolben.tmp";
  ::unlink(temporary.c_str());  // of an export that was killed, or somebody's link to elsewhere
  RequestFile result(path, format, {std::fopen(temporary.c_str(), "wxe"), {}});
  if (result.file_ == nullptr) return result.failure("cannot create");
  result.temporary_ = std::make_unique<Temporary>(temporary);
  return result;
}

Result<RequestFile> RequestFile::open(const std::string& path, RequestFormat format) {
  const int standard = is_standard(path) ? ::dup(STDIN_FILENO) : -1;
  std::unique_ptr<std::FILE, Close> file(is_standard(path) ? ::fdopen(standard, "r")
                                                           : std::fopen(path.c_str(), "r"));
  RequestFile result(path, format, std::move(file));
  if (is_standard(path)) result.name_ = "standard input";
  if (result.file_ == nullptr) return result.failure("cannot open");
  struct stat facts{};
  if (::fstat(::fileno(result.file_.get()), &facts) == 0 && S_ISREG(facts.st_mode)) {
    result.size_ = static_cast<std::uint64_t>(facts.st_size);
  }
  return result;
}

Status RequestFile::write(const Batch& batch) {
  scratch_.clear();
  if (format_ == RequestFormat::kJson) {
    otlp::encode_json(batch, scratch_);
    scratch_ += '\n';
  } else {
    scratch_.assign(kLengthBytes, '\0');
    otlp::encode(batch, scratch_);
    const std::size_t size = scratch_.size() - kLengthBytes;
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
      scratch_[i] = static_cast<char>(size >> (8 * (kLengthBytes - 1 - i)));
    }
  }
  if (std::fwrite(scratch_.data(), 1, scratch_.size(), file_.get()) != scratch_.size()) {
    return failure("cannot write");
  }
  bytes_ += scratch_.size();
  return Status::ok();
}

Status RequestFile::finish() {
  if (std::fflush(file_.get()) != 0) return failure("cannot write");
  if (!temporary_) return Status::ok();
  if (::fdatasync(::fileno(file_.get())) != 0) return failure("cannot sync");
  const char* from = temporary_->path.c_str();
  int renamed = ::renameat2(AT_FDCWD, from, AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
  // File systems that cannot promise it take the plain call.
  if (renamed != 0 && errno == EINVAL) renamed = std::rename(from, path_.c_str());
  if (renamed != 0) return failure("cannot give its name to");
  temporary_->path.clear();
  return system_file_system().sync_directory(parent_directory(path_));
}

Result<std::optional<std::string>> RequestFile::next() {
  return format_ == RequestFormat::kJson ? next_line() : next_message();
}

Result<std::optional<std::string>> RequestFile::next_line() {
  std::string line;
  while (line.empty()) {
    ++requests_;
    KOLBEN_TRY(const bool is_there, read_line(line));
    if (!is_there) return std::optional<std::string>();
  }
  return std::optional<std::string>(std::move(line));
}

// A line without its end; false where the file has no more.
Result<bool> RequestFile::read_line(std::string& line) {
  const std::uint64_t before = bytes_;
  for (int c = 0; (c = ::getc_unlocked(file_.get())) != EOF;) {
    ++bytes_;
    if (c == '\0') return invalid_argument(place() + ": no JSON; is it --format protobuf?");
    line.push_back(static_cast<char>(c));
    if (line.size() > kRequestBytesMax) {
      return invalid_argument(place() + ": the line is longer than " +
                              std::to_string(kRequestBytesMax) +
                              " bytes; is it --format protobuf?");
    }
    if (c == '\n') break;
  }
  if (std::ferror(file_.get()) != 0) return failure("cannot read");
  while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
  return bytes_ > before;
}

Result<std::optional<std::string>> RequestFile::next_message() {
  unsigned char length_bytes[kLengthBytes];
  const std::size_t got = std::fread(length_bytes, 1, kLengthBytes, file_.get());
  if (std::ferror(file_.get()) != 0) return failure("cannot read");
  if (got == 0) return std::optional<std::string>();
  ++requests_;
  std::size_t length = 0;
  for (const unsigned char byte : length_bytes) length = length << 8 | byte;
  if (got < kLengthBytes || length > kRequestBytesMax) {
    return invalid_argument(place() + ": no length of a request; is it --format json?");
  }
  std::string message(length, '\0');
  if (std::fread(message.data(), 1, length, file_.get()) != length) {
    return invalid_argument(place() + ": the file ends in the middle of a request");
  }
  bytes_ += kLengthBytes + length;
  return std::optional<std::string>(std::move(message));
}

std::string RequestFile::place() const {
  return name_ + ":" + std::to_string(requests_);
}

}  // namespace kolben::app
