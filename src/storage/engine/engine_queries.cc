// The engine's side of questions: a snapshot, and the function that answers.
#include "storage/engine/engine.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::engine {

Result<scan::Context> Engine::context() {
  KOLBEN_TRY(Snapshot seen, snapshot());
  return scan::Context{std::move(seen), scan_threads_, clock_, options_.query_time_max};
}

Result<TracePage> Engine::search(const TraceQuery& query) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::search(now, query));
}

Result<Batch> Engine::get_trace(const TraceId& id) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::get_trace(now, id));
}

Result<Histogram> Engine::histogram(const HistogramQuery& query) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::histogram(now, query));
}

Result<Aggregate> Engine::aggregate(const AggregateQuery& query) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::aggregate(now, query));
}

Result<HeatMap> Engine::heat_map(const HeatMapQuery& query) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::heat_map(now, query));
}

Result<TopValues> Engine::top_values(const TopValuesQuery& query) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::top_values(now, query));
}

Result<Difference> Engine::difference(const DifferenceQuery& query) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::difference(now, query));
}

Result<Batch> Engine::logs(const LogQuery& query) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::find_logs(now, query));
}

Result<LogHistogram> Engine::log_histogram(const LogHistogramQuery& query) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::log_histogram(now, query));
}

Result<std::vector<std::string>> Engine::log_services() {
  KOLBEN_TRY(const scan::Context now, context());
  return scan::log_services(now);
}

Result<std::vector<KeyCount>> Engine::log_keys(std::string_view prefix, std::uint32_t limit) {
  KOLBEN_TRY(const scan::Context now, context());
  return scan::log_keys(now, prefix, limit);
}

Result<std::vector<std::string>> Engine::services() {
  KOLBEN_TRY(const scan::Context now, context());
  return damage_.checked(scan::services(now));
}

Result<std::vector<Operation>> Engine::operations(std::string_view service) {
  KOLBEN_TRY(const scan::Context now, context());
  return damage_.checked(scan::operations(now, service));
}

Result<std::vector<KeyCount>> Engine::keys(std::string_view prefix, std::uint32_t limit) {
  KOLBEN_TRY(const scan::Context now, context());
  return scan::keys(now, prefix, limit);
}

Result<std::vector<std::string>> Engine::values(const Field& field, std::string_view prefix,
                                                std::uint32_t limit) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::values(now, field, prefix, limit));
}

Result<std::vector<ServiceLink>> Engine::dependencies(TimeRange range) {
  KOLBEN_TRY(scan::Context now, context());
  return damage_.checked(scan::dependencies(now, range));
}

}  // namespace kolben::storage::engine
