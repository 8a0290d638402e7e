#include "storage/engine/record_log.h"

#include <cstring>
#include <string>

#include "base/hash.h"

namespace kolben::storage::engine {
namespace {

constexpr std::size_t kCrcStart = offsetof(RecordHeader, crc) + sizeof(RecordHeader::crc);
constexpr char kPadding[kRecordAlignment] = {};

std::string_view bytes_of(const RecordHeader& header) {
  return {reinterpret_cast<const char*>(&header), sizeof header};
}

// Reads a log through a window that moves forward.
class LogReader {
 public:
  explicit LogReader(const File& log) : log_(log) {}

  Status open() {
    Result<std::uint64_t> size = log_.size();
    if (size) size_ = *size;
    return size.status();
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
};

// The record at `offset`; none where the bytes there are no good one.
Result<bool> read_record(LogReader& log, std::uint64_t offset, ReadRecord& record) {
  Result<std::string_view> head = log.read(offset, sizeof(RecordHeader));
  if (!head) return head.error();
  if (head->size() < sizeof(RecordHeader)) return false;
  std::memcpy(&record.header, head->data(), sizeof(RecordHeader));
  if (record.header.magic != kRecordMagic) return false;
  const std::uint64_t bytes = sizeof(RecordHeader) + std::uint64_t{record.header.body_bytes};
  if (bytes > log.size() - offset) return false;
  Result<std::string_view> whole = log.read(offset, bytes);
  if (!whole) return whole.error();
  if (whole->size() < bytes || crc32c(whole->substr(kCrcStart)) != record.header.crc) return false;
  record.body = whole->substr(sizeof(RecordHeader));
  return true;
}

}  // namespace

void LaidOutRecord::seal() {
  std::uint64_t bytes = 0;
  for (const std::string_view piece : body) bytes += piece.size();
  KOLBEN_CHECK(bytes <= kRecordBytesMax);
  header.body_bytes = static_cast<std::uint32_t>(bytes);
  std::uint32_t crc = crc32c(bytes_of(header).substr(kCrcStart));
  for (const std::string_view piece : body) crc = crc32c(piece, crc);
  header.crc = crc;
}

void LaidOutRecord::append_slices(std::vector<std::string_view>& slices) const {
  slices.push_back(bytes_of(header));
  slices.insert(slices.end(), body.begin(), body.end());
  const std::uint64_t padding = bytes() - sizeof(RecordHeader) - header.body_bytes;
  if (padding > 0) slices.emplace_back(kPadding, padding);
}

Result<LogScan> scan_log(const File& log_file, VisitRecord visit) {
  LogReader log(log_file);
  KOLBEN_RETURN_IF_ERROR(log.open());
  LogScan scan;
  std::uint64_t last_sequence = 0;
  bool in_gap = false;
  for (std::uint64_t offset = 0; offset + sizeof(RecordHeader) <= log.size();) {
    ReadRecord record;
    Result<bool> good = read_record(log, offset, record);
    if (!good) return good.error();
    // A smaller number is what an older, failed write left behind.
    if (!*good || record.header.sequence <= last_sequence) {
      in_gap = true;
      Result<std::uint64_t> next = find_magic(log, offset + kRecordAlignment);
      if (!next) return next.error();
      offset = *next;
      continue;
    }
    if (in_gap) ++scan.damaged_records;
    in_gap = false;
    last_sequence = record.header.sequence;
    ++scan.records;
    const std::uint64_t end = offset + record_span_bytes(record.header.body_bytes);
    KOLBEN_RETURN_IF_ERROR(visit(offset, record.header, record.body));
    scan.valid_bytes = std::min(end, log.size());
    offset = end;
  }
  return scan;
}

}  // namespace kolben::storage::engine
