// What the engine's files hold, byte for byte: docs/formats/segment.md is the description, these
// structs are the same in C++. Little-endian; every struct is padded by hand so that it can be
// written and mapped as it is. On disk: never renumber, never reorder; kFormatVersion changes
// instead.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "model/batch.h"
#include "model/ids.h"
#include "wire/compression.h"

namespace kolben::storage::engine {

static_assert(std::endian::native == std::endian::little, "files are mapped as they are");

inline constexpr std::uint32_t kFormatVersion = 1;

// In the log: one record is one OTLP request (or a few, concatenated). Each begins at a multiple of
// kRecordAlignment.
inline constexpr std::uint32_t kRecordMagic = 0x3152'424b;  // "KBR1"
inline constexpr std::uint64_t kRecordAlignment = 8;

struct RecordHeader {
  std::uint32_t magic = kRecordMagic;
  std::uint32_t crc = 0;  // crc32c of everything behind this field, the body included
  std::uint64_t sequence = 0;
  std::uint64_t received_unix_nano = 0;
  std::uint32_t body_bytes = 0;  // as stored
  std::uint32_t raw_bytes = 0;   // uncompressed
  std::uint32_t items = 0;
  std::uint8_t signal = 0;       // Signal
  std::uint8_t compression = 0;  // wire::Compression
  std::uint16_t reserved = 0;
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

// A piece of a record's uncompressed body.
struct Slice {
  std::uint32_t offset = 0;
  std::uint32_t bytes = 0;
};

// Where a record is and what it holds.
struct RecordEntry {
  std::uint64_t offset = 0;  // of its header, in the log
  std::uint64_t sequence = 0;
  std::uint64_t received_unix_nano = 0;
  std::uint64_t fingerprint = 0;  // of the body; 0: not one of those that are compared
  std::uint32_t body_bytes = 0;
  std::uint32_t raw_bytes = 0;
  std::uint32_t items = 0;
  std::uint8_t signal = 0;
  std::uint8_t compression = 0;
  std::uint16_t is_duplicate = 0;
};
static_assert(sizeof(RecordEntry) == 48);

// One ScopeSpans or ScopeLogs in its ResourceSpans or ResourceLogs, without the items.
struct ContextEntry {
  std::uint32_t record = 0;
  std::uint32_t service = 0;  // in the services
  Slice resource, resource_schema, scope, scope_schema;
};
static_assert(sizeof(ContextEntry) == 40);

// A trace's rows in this segment.
struct TraceEntry {
  TraceId id;
  std::uint64_t start_unix_nano = 0;  // of the earliest
  std::uint32_t first = 0;            // in the trace rows
  std::uint32_t rows = 0;
};
static_assert(sizeof(TraceEntry) == 32);

// Spans of one service, name and kind.
struct OperationEntry {
  std::uint32_t service = 0;
  std::uint32_t name = 0;
  std::uint32_t kind = 0;
  std::uint32_t spans = 0;
};

struct KeyEntry {
  std::uint32_t key = 0;    // in the key texts
  std::uint32_t scope = 0;  // AttributeScope
  std::uint64_t count = 0;
};

// The first and last time of the rows of a page.
struct TimeSpan {
  std::uint64_t first = UINT64_MAX;
  std::uint64_t last = 0;

  void cover(std::uint64_t time) {
    if (time < first) first = time;
    if (time > last) last = time;
  }
  void cover(const TimeSpan& other) {
    if (other.first < first) first = other.first;
    if (other.last > last) last = other.last;
  }
};

struct SegmentFacts {
  std::uint64_t spans = 0, log_records = 0, metric_points = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t damaged_records = 0;
  std::uint64_t log_bytes = 0;  // valid ones, from the beginning of the log
  std::uint64_t first_sequence = 0, last_sequence = 0;
  TimeSpan received;
  TimeSpan span_starts;
  TimeSpan log_times;
  // 0 where the key catalogue was full and lacks keys.
  std::uint64_t keys_are_complete = 1;
};
static_assert(sizeof(SegmentFacts) == 15 * 8);

// Kind and status of a span in one byte.
constexpr std::uint8_t pack_span_facts(std::uint32_t kind, std::uint32_t status) {
  return static_cast<std::uint8_t>((kind & 7) | (status & 3) << 3);
}
constexpr SpanKind span_kind(std::uint8_t facts) {
  return static_cast<SpanKind>(facts & 7);
}
constexpr SpanStatusCode span_status(std::uint8_t facts) {
  return static_cast<SpanStatusCode>(facts >> 3 & 3);
}

// The index file: IndexHeader, SectionEntry[sections], then the sections, each at a multiple of 8.
inline constexpr std::uint64_t kIndexMagic = 0x3130'5844'494b'4c4b;  // "KLKIDX01"

struct IndexHeader {
  std::uint64_t magic = kIndexMagic;
  std::uint32_t version = kFormatVersion;
  std::uint32_t sections = 0;
  std::uint64_t file_bytes = 0;
  std::uint32_t directory_crc = 0;  // of the section entries
  std::uint32_t header_crc = 0;     // of the fields above
};
static_assert(sizeof(IndexHeader) == 32);

enum class Section : std::uint32_t {
  kFacts = 1,
  kRecords = 2,
  kContexts = 3,
  kTraces = 4,
  kTraceRows = 5,
  kOperations = 6,
  kKeys = 7,
  kServiceOffsets = 8,
  kServiceBytes = 9,
  kNameOffsets = 10,
  kNameBytes = 11,
  kKeyOffsets = 12,
  kKeyBytes = 13,
  kSpanPages = 14,  // TimeSpan of each page
  kSpanTraceId = 16,
  kSpanId = 17,
  kSpanParentId = 18,
  kSpanStart = 19,
  kSpanDuration = 20,
  kSpanService = 21,
  kSpanName = 22,
  kSpanContext = 23,
  kSpanOffset = 24,
  kSpanBytes = 25,
  kSpanFacts = 26,
  kSpanFingerprint = 27,
  kLogPages = 30,
  kLogTraceId = 31,
  kLogSpanId = 32,
  kLogTime = 33,
  kLogService = 34,
  kLogSeverity = 35,
  kLogContext = 36,
  kLogOffset = 37,
  kLogBytes = 38,
};

struct SectionEntry {
  std::uint32_t id = 0;   // Section
  std::uint32_t crc = 0;  // crc32c of its bytes
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};
static_assert(sizeof(SectionEntry) == 24);

}  // namespace kolben::storage::engine
