#include "app/store/request_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

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

Status RequestFile::failure(const char* attempted) const {
  return unavailable(std::string(attempted) + " " + path_ + ": " + std::strerror(errno));
}

Result<RequestFile> RequestFile::create(const std::string& path, RequestFormat format) {
  const int standard = is_standard(path) ? ::dup(STDOUT_FILENO) : -1;
  std::unique_ptr<std::FILE, Close> file(is_standard(path) ? ::fdopen(standard, "w")
                                                           : std::fopen(path.c_str(), "wx"));
  RequestFile result(path, format, std::move(file));
  if (result.file_ == nullptr) return result.failure("cannot create");
  return result;
}

Result<RequestFile> RequestFile::open(const std::string& path, RequestFormat format) {
  const int standard = is_standard(path) ? ::dup(STDIN_FILENO) : -1;
  std::unique_ptr<std::FILE, Close> file(is_standard(path) ? ::fdopen(standard, "r")
                                                           : std::fopen(path.c_str(), "r"));
  RequestFile result(path, format, std::move(file));
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
  if (!is_standard(path_) && ::fdatasync(::fileno(file_.get())) != 0) return failure("cannot sync");
  return Status::ok();
}

Result<std::optional<std::string>> RequestFile::next() {
  return format_ == RequestFormat::kJson ? next_line() : next_message();
}

Result<std::optional<std::string>> RequestFile::next_line() {
  while (true) {
    char* line = nullptr;
    std::size_t room = 0;
    const ssize_t length = ::getline(&line, &room, file_.get());
    const std::unique_ptr<char, decltype(&std::free)> owner(line, &std::free);
    if (length < 0) {
      if (std::ferror(file_.get()) != 0) return failure("cannot read");
      return std::optional<std::string>();
    }
    ++requests_;
    bytes_ += static_cast<std::uint64_t>(length);
    std::string_view text(line, static_cast<std::size_t>(length));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    if (!text.empty()) return std::optional<std::string>(text);
  }
}

Result<std::optional<std::string>> RequestFile::next_message() {
  unsigned char length_bytes[kLengthBytes];
  const std::size_t got = std::fread(length_bytes, 1, kLengthBytes, file_.get());
  if (got == 0 && std::feof(file_.get()) != 0) return std::optional<std::string>();
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
  return path_ + ":" + std::to_string(requests_);
}

}  // namespace kolben::app
