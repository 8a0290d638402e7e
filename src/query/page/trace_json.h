// A trace, one of its spans and its log records as docs/page-api.md has them. Pure functions.
#pragma once

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

// One log record; with its trace's id where there may be several.
void write_log(JsonWriter& json, const LogRecord& record, const Resource& resource,
               bool with_trace_id);

// {"logs": [...]}, oldest first, as the store gives them.
std::string trace_logs(const DecodedLogs& logs, bool is_truncated);

std::uint64_t earliest_start(const std::vector<TraceRow>& rows);

}  // namespace kolben::query::page
