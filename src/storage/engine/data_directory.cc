#include "storage/engine/data_directory.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "storage/engine/format.h"

namespace kolben::storage::engine {
namespace {

constexpr std::size_t kFormatBytesMax = 100;

std::string format_text() {
  return "kolben store " + std::to_string(kFormatVersion) + "\n";
}

// Whether a directory without FORMAT may become a store: nothing in it but what an interrupted
// first start leaves, or what a fresh file system has.
bool is_vacant(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "LOCK" || name == "FORMAT.tmp" || name == "segments" || name == "lost+found";
  });
}

std::string padded(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

Status check_format(FileSystem& files, const std::string& path) {
  const Result<std::string> text = read_file(files, path + "/FORMAT", kFormatBytesMax);
  if (!text) return text.error();
  if (*text == format_text()) return Status::ok();
  return failed_precondition("its FORMAT is not that of this version, \"" +
                             format_text().substr(0, format_text().size() - 1) +
                             "\"; use another directory, or the version that wrote it");
}

Status prepare(FileSystem& files, const std::string& path, std::shared_ptr<void>& lock) {
  KOLBEN_RETURN_IF_ERROR(files.create_directories(path));
  Result<std::vector<std::string>> names = files.list(path);
  if (!names) return names.error();
  const bool is_new = std::find(names->begin(), names->end(), "FORMAT") == names->end();
  if (is_new && !is_vacant(*names)) {
    return failed_precondition("it holds other files and is no store; use an empty directory");
  }
  Result<std::shared_ptr<void>> held = files.lock(path + "/LOCK");
  if (!held) {
    if (held.error().code() != StatusCode::kFailedPrecondition) return held.error();
    const std::string_view why = held.error().message();
    const std::size_t holder = why.rfind("pid ");
    return failed_precondition("it is in use by another kolben (" +
                               std::string(holder == why.npos ? why : why.substr(holder)) + ")");
  }
  lock = std::move(*held);
  KOLBEN_RETURN_IF_ERROR(files.create_directories(path + "/segments"));
  if (!is_new) return check_format(files, path);
  const std::string text = format_text();
  const std::string_view slice = text;
  return replace_file(files, path + "/FORMAT", std::span<const std::string_view>(&slice, 1));
}

}  // namespace

Result<DataDirectory> DataDirectory::open(FileSystem& files, const std::string& path) {
  std::shared_ptr<void> lock;
  Status prepared = prepare(files, path, lock);
  if (!prepared) return std::move(prepared).with_context("data directory " + path);
  return DataDirectory(files, path, std::move(lock));
}

Result<std::vector<DataDirectory::Segment>> DataDirectory::segments() const {
  const Result<std::vector<std::string>> names = files_->list(segments_path());
  if (!names) return names.error();
  std::map<std::uint64_t, Segment> found;
  for (const std::string& name : *names) {
    std::uint64_t number = 0;
    const char* end = name.data() + name.size();
    const auto [rest, error] = std::from_chars(name.data(), end, number);
    const std::string_view suffix(rest, static_cast<std::size_t>(end - rest));
    if (error != std::errc()) continue;
    if (suffix == ".idx.tmp") {
      KOLBEN_RETURN_IF_ERROR(files_->remove(segments_path() + "/" + name));
    } else if (suffix == ".log" || suffix == ".idx") {
      Segment& segment = found[number];
      segment.number = number;
      (suffix == ".log" ? segment.has_log : segment.has_index) = true;
    }
  }
  std::vector<Segment> segments;
  for (const auto& [number, segment] : found) segments.push_back(segment);
  return segments;
}

std::string DataDirectory::log_path(std::uint64_t number) const {
  return segments_path() + "/" + padded(number) + ".log";
}

std::string DataDirectory::index_path(std::uint64_t number) const {
  return segments_path() + "/" + padded(number) + ".idx";
}

}  // namespace kolben::storage::engine
