// The questions of store.h, each a function over a snapshot of the segments. A file each.
// One thread a call; any number of calls at once.
#pragma once

#include "storage/engine/body_reader.h"
#include "storage/engine/budget.h"
#include "storage/engine/segment_set.h"
#include "storage/store.h"

namespace kolben::storage::engine {

// What a query works with.
struct QueryContext {
  Views views;
  BodyCache& cache;
  Budget budget;
};

// Bounds of what one answer may hold, so that a query cannot take the memory of everything else.
inline constexpr std::uint32_t kTracesMax = 10'000;       // of a page
inline constexpr std::size_t kTracesSeenMax = 5'000'000;  // 250 MB while a search runs
inline constexpr std::uint32_t kBucketsMax = 2'000;       // 20 KB each when full
inline constexpr std::uint32_t kLogsMax = 100'000;
inline constexpr std::uint64_t kAnswerBytesMax = std::uint64_t{512} << 20;
inline constexpr std::uint64_t kValueRowsMax = 500'000;  // rows that autocompletion looks at
inline constexpr std::size_t kValuesMax = 100'000;       // different ones that it counts

Result<TracePage> search(QueryContext& context, const TraceQuery& query);
Result<Batch> get_trace(QueryContext& context, const TraceId& id);
Result<Histogram> histogram(QueryContext& context, const HistogramQuery& query);
Result<Batch> find_logs(QueryContext& context, const LogQuery& query);
std::vector<std::string> services(const QueryContext& context);
std::vector<Operation> operations(const QueryContext& context, std::string_view service);
std::vector<KeyCount> keys(const QueryContext& context, std::string_view prefix,
                           std::uint32_t limit);
Result<std::vector<std::string>> values(QueryContext& context, const Field& field,
                                        std::string_view prefix, std::uint32_t limit);
Result<std::vector<ServiceLink>> dependencies(QueryContext& context, TimeRange range);

}  // namespace kolben::storage::engine
