#include "storage/engine/part_output.h"

#include <utility>

namespace kolben::storage::engine {
namespace {

// A write as large as pays.
constexpr std::size_t kBufferBytes = 1 << 20;

class MemoryOutput final : public PartOutput {
 public:
  Status append(std::string_view bytes) override {
    bytes_.append(bytes);
    return Status::ok();
  }
  Result<std::shared_ptr<const part::Part>> finish() override {
    return part::Part::open(
        std::make_shared<part::MemorySource>(Bytes::from_string(std::move(bytes_))));
  }

 private:
  std::string bytes_;
};

class FileOutput final : public PartOutput {
 public:
  FileOutput(const DataDirectory& directory, std::uint64_t number, std::unique_ptr<File> file)
      : directory_(directory), number_(number), file_(std::move(file)) {}
  ~FileOutput() override {
    if (file_) static_cast<void>(directory_.files().remove(temporary_path(directory_, number_)));
  }

  static std::string temporary_path(const DataDirectory& directory, std::uint64_t number) {
    return directory.part_path(number) + ".tmp";
  }

  Status append(std::string_view bytes) override {
    buffer_.append(bytes);
    return buffer_.size() < kBufferBytes ? Status::ok() : flush();
  }

  Result<std::shared_ptr<const part::Part>> finish() override {
    KOLBEN_RETURN_IF_ERROR(flush());
    KOLBEN_RETURN_IF_ERROR(file_->sync());
    const std::string path = directory_.part_path(number_);
    KOLBEN_RETURN_IF_ERROR(directory_.files().rename(temporary_path(directory_, number_), path));
    file_.reset();
    auto part = FileSource::open_part(directory_.files(), path);
    if (!part) static_cast<void>(directory_.files().remove(path));
    return part;
  }

  std::uint64_t number() const override { return number_; }

 private:
  Status flush() {
    KOLBEN_RETURN_IF_ERROR(file_->write_at(written_, buffer_));
    written_ += buffer_.size();
    buffer_.clear();
    return Status::ok();
  }

  const DataDirectory& directory_;
  const std::uint64_t number_;
  std::unique_ptr<File> file_;  // none: it has its name
  std::uint64_t written_ = 0;
  std::string buffer_;
};

}  // namespace

Result<std::unique_ptr<PartOutput>> MemoryTarget::begin() {
  return std::unique_ptr<PartOutput>(new MemoryOutput());
}

Result<std::unique_ptr<PartOutput>> FileTarget::begin() {
  const std::uint64_t number = next_number_();
  KOLBEN_TRY(
      std::unique_ptr<File> file,
      directory_.files().open(FileOutput::temporary_path(directory_, number), OpenMode::kCreate));
  begun_.push_back(number);
  return std::unique_ptr<PartOutput>(new FileOutput(directory_, number, std::move(file)));
}

void FileTarget::discard() {
  for (const std::uint64_t number : begun_) {
    const std::string path = directory_.part_path(number);
    // What stays is not listed, and removed at the next start.
    if (directory_.files().exists(path)) static_cast<void>(directory_.files().remove(path));
  }
  begun_.clear();
}

Result<std::shared_ptr<const part::Part>> FileSource::open_part(FileSystem& files,
                                                                const std::string& path) {
  KOLBEN_TRY(std::unique_ptr<File> file, files.open(path, OpenMode::kRead));
  KOLBEN_TRY(const std::uint64_t size, file->size());
  auto part = part::Part::open(
      std::shared_ptr<const part::BlockSource>(new FileSource(std::move(file), size, path)));
  if (!part) return std::move(part).error().with_context(path);
  return part;
}

Result<Bytes> FileSource::read(const part::BlockRef& block) const {
  if (!block.is_there()) return Bytes();
  KOLBEN_TRY(Bytes bytes, read_raw(block.offset, block.bytes));
  if (Status good = part::check_block(block, bytes.view()); !good) {
    return std::move(good).with_context(path_);
  }
  return bytes;
}

Result<Bytes> FileSource::read_raw(std::uint64_t offset, std::uint32_t bytes) const {
  if (offset > size_ || bytes > size_ - offset) {
    return data_loss(path_ + ": a block at " + std::to_string(offset) + " lies outside");
  }
  auto buffer = std::make_shared_for_overwrite<char[]>(bytes);
  KOLBEN_TRY(const std::size_t got, file_->read_at(offset, buffer.get(), bytes));
  if (got < bytes) {
    return data_loss(path_ + ": it ends at " + std::to_string(offset + got) + ", before a block");
  }
  std::shared_ptr<const void> owner(buffer, buffer.get());
  return Bytes(std::move(owner), {buffer.get(), bytes});
}

}  // namespace kolben::storage::engine
