// The records of the write-ahead log, see docs/formats/wal.md: functions to lay one out and to read
// a segment again, however it ended. On disk: never renumber, never reorder.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/file_system.h"
#include "base/result.h"
#include "base/unique_function.h"
#include "model/batch.h"
#include "wire/compression.h"

namespace kolben::storage::engine {

static_assert(std::endian::native == std::endian::little, "headers are written as they are");

// Each record begins at a multiple of kRecordAlignment.
inline constexpr std::uint32_t kRecordMagic = 0x3152'424b;  // "KBR1"
inline constexpr std::uint64_t kRecordAlignment = 8;
// Above what receivers take (64 MiB), far below where offsets end (4 GiB).
inline constexpr std::uint64_t kRecordBytesMax = std::uint64_t{1} << 30;

struct RecordHeader {
  std::uint32_t magic = kRecordMagic;
  std::uint32_t crc = 0;  // crc32c, begun with the log key, of everything behind this field
  std::uint64_t sequence = 0;
  std::uint64_t received_unix_nano = 0;
  std::uint32_t body_bytes = 0;  // as stored
  std::uint32_t raw_bytes = 0;   // uncompressed
  std::uint32_t items = 0;
  std::uint8_t signal = 0;           // Signal
  std::uint8_t compression = 0;      // wire::Compression
  std::uint16_t place_in_group = 0;  // records of its group before it
};
static_assert(sizeof(RecordHeader) == 40);

static_assert(static_cast<int>(wire::Compression::kNone) == 0 &&
                  static_cast<int>(wire::Compression::kGzip) == 1 &&
                  static_cast<int>(wire::Compression::kZstd) == 2 &&
                  static_cast<int>(wire::Compression::kSnappy) == 3 &&
                  static_cast<int>(wire::Compression::kDeflate) == 4 &&
                  static_cast<int>(wire::Compression::kLz4) == 5,
              "the numbers are in files");

constexpr std::uint64_t record_span_bytes(std::uint64_t body_bytes) {
  const std::uint64_t bytes = sizeof(RecordHeader) + body_bytes;
  return (bytes + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}

// A record on its way to the log.
struct LaidOutRecord {
  RecordHeader header;
  std::string_view body;

  // Fills in size and checksum; then nothing may change.
  void seal(std::uint32_t log_key);
  void append_slices(std::vector<std::string_view>& slices) const;
  std::uint64_t bytes() const { return record_span_bytes(header.body_bytes); }
};

// Where a scan over several segments stands.
struct LogScan {
  // Records up to this sequence do not count; it rises with the scan.
  std::uint64_t last_sequence = 0;
  std::uint64_t records = 0;  // good ones
  // Sequences of the good records that follow a gap, each gap of one or more records. Whether it is
  // damage is known at the end of the last segment.
  std::vector<std::uint64_t> gaps;
  std::uint64_t last_group = 0;  // the first sequence of the last record's group
  // Of the segment read last: the end of its last good record; of one that was not searched to its
  // end, all.
  std::uint64_t valid_bytes = 0;

  // Of records that had been acknowledged.
  std::uint64_t damaged() const;
};

// Gaps that are counted one by one; a log that has more is beyond counting.
inline constexpr std::size_t kGapsMax = 10'000;

// Calls `visit` with the header and the stored body of each good record, in order. What is damaged
// is skipped: the next record is looked for at every place where one may begin. What follows the
// last good record is no damage. `visit` may end the scan with an error.
using VisitRecord = UniqueFunction<Status(const RecordHeader& header, std::string_view body)>;
Status scan_log(const File& log, std::uint32_t log_key, LogScan& scan, VisitRecord& visit);

}  // namespace kolben::storage::engine
