#include "storage/engine/engine.h"

#include <algorithm>
#include <utility>

#include "storage/engine/recovery.h"

namespace kolben::storage::engine {

Engine::Engine(Options options, DataDirectory directory, const Clock& clock, Report report)
    : options_(std::move(options)),
      directory_(std::make_unique<DataDirectory>(std::move(directory))),
      clock_(clock),
      report_(std::move(report)),
      cache_(options_.body_cache_bytes_max),
      keeper_(options_, *directory_, clock_, segments_, report_) {}

Engine::~Engine() {
  // Whoever cares for the outcome has closed it.
  static_cast<void>(close());
}

Result<std::unique_ptr<Engine>> Engine::open(Options options, FileSystem& files, const Clock& clock,
                                             Report report) {
  Result<DataDirectory> directory = DataDirectory::open(files, options.path);
  if (!directory) return directory.error();
  if (!report) report = [](const std::string&) {};
  const std::string path = options.path;
  std::unique_ptr<Engine> engine(
      new Engine(std::move(options), std::move(*directory), clock, std::move(report)));
  Status started = engine->start();
  if (!started) return std::move(started).with_context("data directory " + path);
  return engine;
}

Status Engine::start() {
  Result<Writer::Beginning> beginning = recover(*directory_, segments_, report_);
  if (!beginning) return beginning.status();
  keeper_.work();  // retention first: it may make the room that the new segment needs
  writer_ = std::make_unique<Writer>(options_, *directory_, clock_, segments_, keeper_, report_,
                                     std::move(*beginning));
  KOLBEN_RETURN_IF_ERROR(writer_->start());
  keeper_.start();
  is_open_ = true;
  return Status::ok();
}

Status Engine::close() {
  if (!std::exchange(is_open_, false)) return Status::ok();
  writer_->stop();
  keeper_.stop();
  directory_.reset();  // the lock
  if (keeper_.unsealed() == 0) return Status::ok();
  return internal_error("the last segment could not be sealed; the next start reads its log");
}

QueryContext Engine::context() {
  return {segments_.views(), cache_, Budget(clock_, options_.query_time_max)};
}

Status Engine::write(Batch&& batch, OnDurable&& on_durable) {
  return writer_->write(std::move(batch), std::move(on_durable));
}

Result<TracePage> Engine::search(const TraceQuery& query) {
  QueryContext now = context();
  return engine::search(now, query);
}

Result<Batch> Engine::get_trace(const TraceId& id) {
  QueryContext now = context();
  return engine::get_trace(now, id);
}

Result<Histogram> Engine::histogram(const HistogramQuery& query) {
  QueryContext now = context();
  return engine::histogram(now, query);
}

Result<Batch> Engine::logs(const LogQuery& query) {
  QueryContext now = context();
  return engine::find_logs(now, query);
}

Result<std::vector<std::string>> Engine::services() {
  return engine::services(context());
}

Result<std::vector<Operation>> Engine::operations(std::string_view service) {
  return engine::operations(context(), service);
}

Result<std::vector<KeyCount>> Engine::keys(std::string_view prefix, std::uint32_t limit) {
  return engine::keys(context(), prefix, limit);
}

Result<std::vector<std::string>> Engine::values(const Field& field, std::string_view prefix,
                                                std::uint32_t limit) {
  QueryContext now = context();
  return engine::values(now, field, prefix, limit);
}

Result<std::vector<ServiceLink>> Engine::dependencies(TimeRange range) {
  QueryContext now = context();
  return engine::dependencies(now, range);
}

StoreStats Engine::stats() {
  StoreStats stats;
  TimeSpan times;
  for (const Segment& segment : segments_.all()) {
    const SegmentFacts facts = segment.facts();
    stats.spans += facts.spans;
    stats.log_records += facts.log_records;
    stats.metric_points += facts.metric_points;
    stats.duplicates_dropped += facts.duplicates;
    stats.disk_bytes += segment.active ? facts.log_bytes : segment.disk_bytes;
    if (facts.spans > 0) times.cover(facts.span_starts);
    if (facts.log_records > 0) times.cover(facts.log_times);
  }
  if (times.first <= times.last) {
    stats.oldest_unix_nano = times.first;
    stats.newest_unix_nano = times.last;
  }
  return stats;
}

}  // namespace kolben::storage::engine
