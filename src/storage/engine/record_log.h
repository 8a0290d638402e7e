// The log: records one behind the other, see docs/formats/segment.md. Functions to lay a record out
// and to read a log again, however it ended.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "storage/engine/format.h"

namespace kolben::storage::engine {

// Above what receivers take (64 MiB), far below where offsets end (4 GiB).
inline constexpr std::uint64_t kRecordBytesMax = std::uint64_t{1} << 30;

// A record on its way to the log: header, the pieces of its body, padding.
struct LaidOutRecord {
  RecordHeader header;
  std::vector<std::string_view> body;

  // Fills in size and checksum; then nothing may change.
  void seal();
  void append_slices(std::vector<std::string_view>& slices) const;
  std::uint64_t bytes() const { return record_span_bytes(header.body_bytes); }
};

struct LogScan {
  std::uint64_t valid_bytes = 0;      // the end of the last good record
  std::uint64_t records = 0;          // good ones
  std::uint64_t damaged_records = 0;  // gaps between good ones, each of one or more records
};

// Calls `visit` with the offset, the header and the stored body of each good record, in order. What
// is damaged is skipped: the next record is looked for byte by byte. What follows the last good
// record (the end of a torn write, the zeros of room that was reserved) is no damage.
// `visit` may end the scan with an error.
using VisitRecord =
    UniqueFunction<Status(std::uint64_t offset, const RecordHeader& header, std::string_view body)>;
Result<LogScan> scan_log(const File& log, VisitRecord visit);

}  // namespace kolben::storage::engine
