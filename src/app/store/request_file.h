// RequestFile: export requests one behind the other in a file, as the Collector's file exporter
// writes them: JSON, one request a line; or protobuf, each behind its length in four bytes, highest
// first. "-" is standard input or output. One thread.
#pragma once

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "model/batch.h"

namespace kolben::app {

enum class RequestFormat { kJson, kProtobuf };

class RequestFile {
 public:
  // A new file. It has its name once finish() succeeded; before, it is called `path`.kolben.tmp,
  // and goes with this object. ALREADY_EXISTS where there is one of that name.
  static Result<RequestFile> create(const std::string& path, RequestFormat format);
  static Result<RequestFile> open(const std::string& path, RequestFormat format);

  Status write(const Batch& batch);
  // Everything written is on the disk (not of standard output).
  Status finish();

  // The next request; none at the end. Errors name the file and the line, or the offset.
  Result<std::optional<std::string>> next();
  std::uint64_t bytes_read() const { return bytes_; }
  // 0 where it is not known.
  std::uint64_t size() const { return size_; }
  // "spans.json:12", the place of the request that next() gave.
  std::string place() const;

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  // Removes the file unless it was given another name.
  struct Temporary {
    explicit Temporary(std::string name) : path(std::move(name)) {}
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;
    ~Temporary();
    std::string path;
  };
  RequestFile(std::string path, RequestFormat format, std::unique_ptr<std::FILE, Close> file)
      : path_(std::move(path)), name_(path_), format_(format), file_(std::move(file)) {}
  Result<std::optional<std::string>> next_line();
  Result<bool> read_line(std::string& line);
  Result<std::optional<std::string>> next_message();
  Status failure(const char* attempted) const;

  std::string path_;
  std::string name_;  // in messages
  RequestFormat format_;
  std::unique_ptr<std::FILE, Close> file_;
  std::unique_ptr<Temporary> temporary_;  // of a file that is written
  std::uint64_t requests_ = 0;            // so far
  std::uint64_t bytes_ = 0;
  std::uint64_t size_ = 0;
  std::string scratch_;
};

}  // namespace kolben::app
