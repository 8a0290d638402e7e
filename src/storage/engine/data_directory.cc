#include "storage/engine/data_directory.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

#include "base/hash.h"
#include "base/random.h"

namespace kolben::storage::engine {
namespace {

constexpr std::size_t kFormatBytesMax = 100;
constexpr std::string_view kFormatBegin = "kolben store 2\nlog key ";
constexpr std::string_view kFormatVersion1 = "kolben store 1\n";
constexpr std::string_view kFormatCheck = "\nchecksum ";
constexpr std::size_t kHexDigits = 8;

std::string hex_of(std::uint32_t number) {
  char digits[kHexDigits + 1];
  std::snprintf(digits, sizeof digits, "%08x", number);
  return digits;
}

std::optional<std::uint32_t> number_of_hex(std::string_view digits) {
  std::uint32_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (digits.size() != kHexDigits || error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return number;
}

// Whether a directory without FORMAT may become a store: nothing in it but what an interrupted
// first start leaves, or what a fresh file system has.
bool is_vacant(const std::vector<std::string>& names) {
  return std::all_of(names.begin(), names.end(), [](const std::string& name) {
    return name == "LOCK" || name == "FORMAT.tmp" || name == "MANIFEST" || name == "MANIFEST.tmp" ||
           name == "wal" || name == "parts" || name == "lost+found";
  });
}

std::string padded(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::uint64_t number_in_name(std::string_view name, std::string_view suffix) {
  std::uint64_t number = 0;
  const auto [rest, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  const std::string_view tail(rest, static_cast<std::size_t>(name.data() + name.size() - rest));
  return error == std::errc() && tail == suffix ? number : 0;
}

Result<DataDirectory> DataDirectory::open(FileSystem& files, const std::string& path) {
  DataDirectory directory(files, path);
  Status prepared = directory.prepare();
  if (!prepared) return std::move(prepared).with_context("data directory " + path);
  return directory;
}

Result<DataDirectory> DataDirectory::open_to_read(FileSystem& files, const std::string& path) {
  DataDirectory directory(files, path);
  Status held = directory.hold(files.lock_to_read(path + "/LOCK"));
  if (held) held = directory.read_format();
  if (!held) return std::move(held).with_context("data directory " + path);
  return directory;
}

Status DataDirectory::prepare() {
  KOLBEN_RETURN_IF_ERROR(files_->create_directories(path_));
  Result<std::vector<std::string>> names = files_->list(path_);
  if (!names) return names.error();
  const bool is_new = !has_name(*names, "FORMAT");
  if (is_new && !is_vacant(*names)) {
    return failed_precondition("it holds other files and is no store; use an empty directory");
  }
  if (is_new && (holds_anything(parts_path()) || holds_anything(wal_path()))) {
    return failed_precondition(
        "it holds parts or a log and no FORMAT: a copy that was not finished, or a store that lost "
        "it; use another directory");
  }
  KOLBEN_RETURN_IF_ERROR(hold(files_->lock(path_ + "/LOCK")));
  KOLBEN_RETURN_IF_ERROR(files_->create_directories(wal_path()));
  KOLBEN_RETURN_IF_ERROR(files_->create_directories(parts_path()));
  return is_new ? Status::ok() : read_format();
}

Status DataDirectory::hold(Result<std::shared_ptr<void>> held) {
  if (held) {
    lock_ = std::move(*held);
    return Status::ok();
  }
  const std::string_view why = held.error().message();
  constexpr std::string_view kHeldBy = "held by ";
  const std::size_t holder = why.rfind(kHeldBy);
  if (holder == why.npos) return held.error();
  return failed_precondition("it is in use by another kolben (" +
                             std::string(why.substr(holder + kHeldBy.size())) + ")");
}

bool DataDirectory::holds_anything(const std::string& folder) const {
  if (!files_->exists(folder)) return false;
  const Result<std::vector<std::string>> names = files_->list(folder);
  return !names || !names->empty();
}

Status DataDirectory::read_format() {
  const Result<std::string> text = read_file(*files_, format_path(), kFormatBytesMax);
  if (!text) return text.error();
  kind_ = *text == kFormatVersion1 ? Kind::kVersion1 : Kind::kCurrent;
  if (kind_ == Kind::kVersion1) return Status::ok();
  if (!text->starts_with(kFormatBegin)) {
    return failed_precondition("its FORMAT is not that of this version, \"kolben store 2\"; use " +
                               std::string("another directory, or the version that wrote it"));
  }
  const std::string_view line(*text);
  const std::optional<std::uint32_t> key =
      number_of_hex(line.substr(kFormatBegin.size(), kHexDigits));
  // Stores of before 2026-12 have no checksum.
  const std::string_view check =
      line.substr(std::min(line.size(), kFormatBegin.size() + kHexDigits));
  if (key && check == "\n") {
    log_key_ = *key;
    return Status::ok();
  }
  if (!key || check != std::string(kFormatCheck) + hex_of(crc32c(hex_of(*key))) + "\n") {
    return failed_precondition(
        "its FORMAT is damaged, and the log cannot be read without the key that is in it; put the "
        "FORMAT of a snapshot or another copy of this store there");
  }
  log_key_ = *key;
  return Status::ok();
}

Status DataDirectory::finish() {
  const auto key = static_cast<std::uint32_t>(Random::from_system().next());
  const std::string digits = hex_of(key);
  const std::string check = hex_of(crc32c(digits));
  const std::string_view slices[] = {kFormatBegin, digits, kFormatCheck, check, "\n"};
  KOLBEN_RETURN_IF_ERROR(replace_file(*files_, format_path(), slices));
  log_key_ = key;
  kind_ = Kind::kCurrent;
  return Status::ok();
}

Status DataDirectory::copy_format(const std::string& path) const {
  KOLBEN_TRY(const std::string text, read_file(*files_, format_path(), kFormatBytesMax));
  const std::string_view slice = text;
  return replace_file(*files_, path + "/FORMAT", {&slice, 1});
}

Result<std::vector<DataDirectory::NumberedFile>> DataDirectory::logs_in(
    const std::string& folder) const {
  const Result<std::vector<std::string>> names = files_->list(folder);
  if (!names) return names.error();
  std::vector<NumberedFile> found;
  for (const std::string& name : *names) {
    const std::uint64_t number = number_in_name(name, ".log");
    if (number != 0) found.push_back({number, folder + "/" + name});
  }
  std::sort(found.begin(), found.end(),
            [](const NumberedFile& a, const NumberedFile& b) { return a.number < b.number; });
  return found;
}

Result<std::vector<DataDirectory::NumberedFile>> DataDirectory::old_logs() const {
  if (!files_->exists(old_logs_path())) return std::vector<NumberedFile>();
  return logs_in(old_logs_path());
}

// What is not removed is tried again at the next start.
void DataDirectory::remove_old_logs() {
  const Result<std::vector<std::string>> names = files_->list(old_logs_path());
  if (!names) return;
  for (const std::string& name : *names) {
    static_cast<void>(files_->remove(old_logs_path() + "/" + name));
  }
  static_cast<void>(files_->remove_directory(old_logs_path()));
}

Result<std::string> DataDirectory::set_aside(const std::string& name,
                                             std::string_view bytes) const {
  std::string path = damaged_path() + "/" + name;
  if (files_->exists(path)) return path;
  KOLBEN_RETURN_IF_ERROR(files_->create_directories(damaged_path()));
  KOLBEN_RETURN_IF_ERROR(replace_file(*files_, path, {&bytes, 1}));
  return path;
}

std::string DataDirectory::log_path(std::uint64_t number) const {
  return wal_path() + "/" + padded(number) + ".log";
}

std::string DataDirectory::part_path(std::uint64_t number) const {
  return parts_path() + "/" + padded(number) + ".part";
}

std::string DataDirectory::dropped_path(std::uint64_t number) const {
  return parts_path() + "/" + padded(number) + ".dropped";
}

std::string DataDirectory::deleted_path(std::uint64_t number) const {
  return parts_path() + "/" + padded(number) + ".deleted";
}

}  // namespace kolben::storage::engine
