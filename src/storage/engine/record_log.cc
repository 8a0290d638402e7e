#include "storage/engine/record_log.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/hash.h"

namespace kolben::storage::engine {
namespace {

constexpr std::size_t kCrcStart = offsetof(RecordHeader, crc) + sizeof(RecordHeader::crc);
// How many times the bytes of a log are looked at while records behind damage are searched.
constexpr std::uint64_t kSearchesMax = 16;
constexpr char kPadding[kRecordAlignment] = {};

std::string_view bytes_of(const RecordHeader& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

// Reads a log through a window that moves forward.
class LogReader {
 public:
  explicit LogReader(const File& log) : log_(log) {}

  // Room that was reserved and never written, most of many a log, counts as its end. That is asked
  // for before anything is read: what was read looks written to file systems.
  Status open() {
    KOLBEN_TRY(const std::uint64_t size, log_.size());
    while (size_ < size) {
      const std::uint64_t next = log_.next_written(size_);
      if (next >= size) return Status::ok();
      size_ = std::min(size, next + kWindowBytes);
    }
    return Status::ok();
  }

  // `bytes` bytes at `offset`, or fewer where the file ends; valid until the next call.
  Result<std::string_view> read(std::uint64_t offset, std::uint64_t bytes) {
    bytes = offset >= size_ ? 0 : std::min(bytes, size_ - offset);
    if (offset < start_ || offset + bytes > start_ + window_.size()) {
      window_.resize(std::max<std::uint64_t>(bytes, std::min(kWindowBytes, size_ - offset)));
      Result<std::size_t> got = log_.read_at(offset, window_.data(), window_.size());
      if (!got) return got.error();
      window_.resize(*got);
      start_ = offset;
      bytes = std::min<std::uint64_t>(bytes, window_.size());
    }
    return std::string_view(window_).substr(offset - start_, bytes);
  }
  std::uint64_t size() const { return size_; }

 private:
  static constexpr std::uint64_t kWindowBytes = 1 << 20;

  const File& log_;
  std::uint64_t size_ = 0;
  std::uint64_t start_ = 0;
  std::string window_;
};

// The first place from `offset` on where a record may begin; the end where there is none.
Result<std::uint64_t> find_magic(LogReader& log, std::uint64_t offset) {
  while (offset + sizeof(RecordHeader) <= log.size()) {
    Result<std::string_view> window = log.read(offset, 1 << 16);
    if (!window) return window.error();
    std::size_t at = 0;
    for (; at + sizeof kRecordMagic <= window->size(); at += kRecordAlignment) {
      std::uint32_t word = 0;
      std::memcpy(&word, window->data() + at, sizeof word);
      if (word == kRecordMagic) return offset + at;
    }
    if (at == 0) break;
    offset += at;
  }
  return log.size();
}

struct ReadRecord {
  RecordHeader header;
  std::string_view body;

  std::uint64_t bytes() const { return record_span_bytes(header.body_bytes); }
};

// The record at `offset`; none where the bytes there are no good one. `checked` grows by the bytes
// whose checksum was looked at.
Result<bool> read_record(LogReader& log, std::uint64_t offset, std::uint32_t log_key,
                         ReadRecord& record, std::uint64_t& checked) {
  Result<std::string_view> head = log.read(offset, sizeof(RecordHeader));
  if (!head) return head.error();
  if (head->size() < sizeof(RecordHeader)) return false;
  std::memcpy(&record.header, head->data(), sizeof(RecordHeader));
  if (record.header.magic != kRecordMagic) return false;
  const std::uint64_t bytes = sizeof(RecordHeader) + std::uint64_t{record.header.body_bytes};
  if (bytes > log.size() - offset) return false;
  Result<std::string_view> whole = log.read(offset, bytes);
  if (!whole) return whole.error();
  checked += whole->size();
  if (whole->size() < bytes || crc32c(whole->substr(kCrcStart), log_key) != record.header.crc) {
    return false;
  }
  record.body = whole->substr(sizeof(RecordHeader));
  return true;
}

}  // namespace

void LaidOutRecord::seal(std::uint32_t log_key) {
  KOLBEN_CHECK(body.size() <= kRecordBytesMax);
  header.body_bytes = static_cast<std::uint32_t>(body.size());
  header.crc = crc32c(body, crc32c(bytes_of(header).substr(kCrcStart), log_key));
}

void LaidOutRecord::append_slices(std::vector<std::string_view>& slices) const {
  slices.push_back(bytes_of(header));
  slices.push_back(body);
  const std::uint64_t padding = bytes() - sizeof(RecordHeader) - header.body_bytes;
  if (padding > 0) slices.emplace_back(kPadding, padding);
}

std::uint64_t LogScan::damaged() const {
  return static_cast<std::uint64_t>(std::count_if(
      gaps.begin(), gaps.end(), [this](std::uint64_t sequence) { return sequence <= last_group; }));
}

Status scan_log(const File& log_file, std::uint32_t log_key, LogScan& scan, VisitRecord& visit) {
  LogReader log(log_file);
  KOLBEN_RETURN_IF_ERROR(log.open());
  scan.valid_bytes = 0;
  // Bytes that only look like records cost a checksum each; a sender can write many of them.
  std::uint64_t search_budget = kSearchesMax * log.size();
  std::uint64_t previous = 0;  // in this segment, also of records that do not count
  bool in_gap = false;
  for (std::uint64_t offset = 0; offset + sizeof(RecordHeader) <= log.size();) {
    ReadRecord record;
    std::uint64_t checked = 0;
    Result<bool> good = read_record(log, offset, log_key, record, checked);
    if (!good) return good.status();
    const std::uint64_t sequence = record.header.sequence;
    // A smaller number is of an earlier life of the segment, or in a part already.
    if (!*good || sequence <= scan.last_sequence || sequence == UINT64_MAX) {
      in_gap = in_gap || !*good || sequence <= previous;
      if (*good) previous = sequence;
      if (checked > search_budget) {
        scan.gaps.push_back(0);  // whatever is there is not found, which is damage
        scan.valid_bytes = log.size();
        break;
      }
      search_budget -= *good ? 0 : checked;
      Result<std::uint64_t> next =
          find_magic(log, offset + (*good ? record.bytes() : kRecordAlignment));
      if (!next) return next.status();
      offset = *next;
      continue;
    }
    if (in_gap && scan.gaps.size() < kGapsMax) scan.gaps.push_back(sequence);
    in_gap = false;
    previous = sequence;
    scan.last_sequence = sequence;
    scan.last_group = sequence - std::min<std::uint64_t>(record.header.place_in_group, sequence);
    ++scan.records;
    offset += record.bytes();
    scan.valid_bytes = std::min(offset, log.size());
    KOLBEN_RETURN_IF_ERROR(visit(record.header, record.body));
  }
  return Status::ok();
}

}  // namespace kolben::storage::engine
