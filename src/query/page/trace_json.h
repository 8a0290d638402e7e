// A trace, one of its spans and its log records as docs/page-api.md has them. Pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/batch.h"
#include "query/json.h"
#include "query/page/trace_rows.h"

namespace kolben::query::page {

// How many log records carry a span's id.
using LogCounts = std::unordered_map<SpanId, std::uint32_t, IdHash>;
LogCounts count_logs(const DecodedLogs& logs);

// Rows of a trace beyond which it is told without details: nobody reads as many lines, and each
// makes the answer longer.
inline constexpr std::size_t kDetailRowsMax = 20'000;
// The trace as columns. `rows` is not empty.
std::string trace_columns(const TraceId& id, const std::vector<TraceRow>& rows,
                          const LogCounts& logs);

// Everything about one span; times relative to the trace's earliest span.
std::string span_details(const TraceRow& row, std::uint64_t trace_start_nanos);

// A log record, and what it is of.
struct LogLine {
  const LogRecord* record;
  const Resource* resource;

  std::uint64_t time() const { return record->effective_time_unix_nano(); }
};
// In the order of the store.
std::vector<LogLine> log_lines(const DecodedLogs& logs);

// Of one answer with log records; ten thousand lines of six kilobytes.
inline constexpr std::size_t kLogBytesMax = 64 << 20;

// The lines as an array; with their traces' ids where there may be several. How many are in it: it
// ends with the line that makes `text`, where `json` writes, longer than `bytes_max`. (Escapes
// make text of what the store gave up to six times as long.)
enum class TraceIds : std::uint8_t { kNotTold, kTold };
std::size_t write_logs(JsonWriter& json, const std::string& text, const std::vector<LogLine>& lines,
                       TraceIds trace_ids, std::size_t bytes_max);

// {"logs": [...]}, oldest first.
std::string trace_logs(const DecodedLogs& logs, bool is_truncated,
                       std::size_t bytes_max = kLogBytesMax);

std::uint64_t earliest_start(const std::vector<TraceRow>& rows);

}  // namespace kolben::query::page
