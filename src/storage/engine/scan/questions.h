// The questions of store.h, each a function over a snapshot. A file each. Any number at
// once; each works on its caller's thread and the scan threads.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "storage/engine/scan/context.h"
#include "storage/store.h"

namespace kolben::storage::scan {

Result<TracePage> search(Context& context, const TraceQuery& query);
Result<Batch> get_trace(Context& context, const TraceId& id);
Result<Batch> find_logs(Context& context, const LogQuery& query);
Result<LogHistogram> log_histogram(Context& context, const LogHistogramQuery& query);
Result<Histogram> histogram(Context& context, const HistogramQuery& query);
Result<Aggregate> aggregate(Context& context, const AggregateQuery& query);
Result<HeatMap> heat_map(Context& context, const HeatMapQuery& query);
Result<TopValues> top_values(Context& context, const TopValuesQuery& query);
Result<Difference> difference(Context& context, const DifferenceQuery& query);
Result<std::vector<ServiceLink>> dependencies(Context& context, TimeRange range);

Result<std::vector<std::string>> services(const Context& context);
Result<std::vector<Operation>> operations(const Context& context, std::string_view service);
std::vector<KeyCount> keys(const Context& context, std::string_view prefix, std::uint32_t limit);
std::vector<std::string> log_services(const Context& context);
std::vector<KeyCount> log_keys(const Context& context, std::string_view prefix,
                               std::uint32_t limit);
Result<std::vector<std::string>> values(Context& context, const Field& field,
                                        std::string_view prefix, std::uint32_t limit);

}  // namespace kolben::storage::scan
