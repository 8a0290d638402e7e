#include "exporters/store/store_exporter.h"

#include <algorithm>
#include <utility>

#include "config/reader.h"
#include "otlp/encode.h"
#include "pipeline/log.h"

namespace kolben::exporters::store {
namespace {

using storage::engine::Durability;
using storage::engine::Engine;
using storage::engine::Options;
using storage::engine::RetentionRule;

// Less than this holds no segment worth the name.
constexpr std::uint64_t kRetentionBytesMin = 16 << 20;

// Of a part that comes from the log: more would not fit into the memory that waits for it.
constexpr std::uint64_t kPartRowsMax = 1 << 20;
// More files than that are not read at once.
constexpr std::uint64_t kMergeMax = 16;

// A part of each class is written at once: more rules make many small parts.
constexpr std::size_t kRulesMax = 16;

void read_rule(config::Reader& reader, Options& options) {
  RetentionRule rule;
  reader.optional("name", rule.name);
  reader.optional("service", rule.service);
  reader.optional("errors", rule.errors);
  reader.optional("longer_than", rule.longer_than);
  reader.optional("max_age", rule.age_max);
  const auto is_known = [&](const RetentionRule& other) { return other.name == rule.name; };
  if (rule.name.empty()) {
    reader.error("name", "name is missing: parts remember by it why they are kept");
  } else if (std::any_of(options.retention_rules.begin(), options.retention_rules.end(),
                         is_known)) {
    reader.error("name", "there is another rule of this name");
  }
  if (!reader.has("max_age")) reader.error("max_age", "max_age is missing");
  if (rule.age_max < options.retention_age_max) {
    reader.error("max_age", "must be longer than that of everything else: rules keep longer");
  }
  options.retention_rules.push_back(std::move(rule));
}

void read_retention(config::Reader& retention, Options& options) {
  retention.optional("max_bytes", options.retention_bytes_max);
  retention.optional("max_age", options.retention_age_max);
  retention.optional("min_free_bytes", options.disk_free_bytes_min);
  for (const auto& rule : retention.children("rules")) read_rule(*rule, options);
  if (options.retention_rules.size() > kRulesMax) {
    retention.error("rules", "at most " + std::to_string(kRulesMax) + " are possible");
  }
  if (options.retention_bytes_max < kRetentionBytesMin) {
    retention.error("max_bytes", "must be at least " + std::to_string(kRetentionBytesMin));
  }
  if (options.retention_age_max <= std::chrono::nanoseconds::zero()) {
    retention.error("max_age", "must be longer than 0");
  }
}

// How large the pieces of the store are: the defaults are right for everybody but tests, which want
// merges after few spans.
void read_parts(config::Reader& parts, Options& options) {
  parts.optional("rows", options.build_rows);
  std::uint64_t merge = options.merge_parts_min;
  parts.optional("merge", merge);
  options.merge_parts_min = merge;
  if (options.build_rows < 1 || options.build_rows > kPartRowsMax) {
    parts.error("rows", "must be 1 to " + std::to_string(kPartRowsMax));
  }
  if (merge < 2 || merge > kMergeMax) {
    parts.error("merge", "must be 2 to " + std::to_string(kMergeMax));
  }
}

}  // namespace

std::unique_ptr<pipeline::Exporter> create(pipeline::CreateContext& context) {
  Options options;
  config::Reader reader(context.config, "exporters::" + context.id, context.errors);
  reader.optional("path", options.path);
  if (options.path.empty()) {
    reader.error("path", "path is missing: name the directory that the store shall live in");
  }
  std::size_t durability = static_cast<std::size_t>(options.durability);
  reader.choice("durability", {"disk", "os", "memory"}, durability);
  options.durability = static_cast<Durability>(durability);
  if (const auto retention = reader.child("retention")) read_retention(*retention, options);
  if (const auto parts = reader.child("parts")) read_parts(*parts, options);
  return std::make_unique<StoreExporter>(context.id, std::move(options));
}

StoreExporter::StoreExporter(std::string id, Options options)
    : id_(std::move(id)), options_(std::move(options)) {}

Status StoreExporter::start(pipeline::Host& host) {
  host_ = &host;
  Result<std::unique_ptr<Engine>> engine =
      Engine::open(options_, system_file_system(), host.clock(),
                   [this](const std::string& line) { log::warn(id_, line); });
  if (!engine) return engine.status();
  engine_ = std::move(*engine);
  register_metrics();
  health_check_ = host.health().add(id_, [this] { return engine_->health(); });
  host.provide<storage::Store>(id_, engine_.get());
  return Status::ok();
}

void StoreExporter::register_metrics() {
  pipeline::TelemetryRegistry& telemetry = host_->telemetry();
  const pipeline::Labels labels = {{"exporter", id_}};
  for (const Signal signal : kAllSignals) {
    const std::string items(items_name(signal));
    counters_of(signal) = {
        &telemetry.counter("otelcol_exporter_sent_" + items, "Sent to the destination.", labels),
        &telemetry.counter("otelcol_exporter_send_failed_" + items,
                           "Failed to be sent to the destination.", labels),
        &telemetry.counter("otelcol_exporter_enqueue_failed_" + items,
                           "Refused because the queue was full.", labels)};
  }
  const auto gauge = [&](const char* name, const char* help, auto read) {
    gauges_.push_back(telemetry.add_gauge(
        name, help, labels, [this, read] { return static_cast<double>(read(engine_->stats())); }));
  };
  using storage::StoreStats;
  gauge("kolben_store_disk_bytes", "Bytes that the store takes on disk.",
        [](const StoreStats& stats) { return stats.disk_bytes; });
  gauge("kolben_store_spans", "Spans in the store.",
        [](const StoreStats& stats) { return stats.spans; });
  gauge("kolben_store_duplicates_dropped", "Copies from senders' retries that were left out.",
        [](const StoreStats& stats) { return stats.duplicates_dropped; });
  gauge("kolben_store_damaged_queries", "Queries that failed because what they read is damaged.",
        [](const StoreStats& stats) { return stats.damaged_queries; });
}

Status StoreExporter::consume(pipeline::Delivery&& delivery) {
  otlp::to_wire(delivery.batch);
  Counters& counters = counters_of(delivery.batch.signal());
  const std::uint64_t items = delivery.batch.items();
  // Shared, so that it can be given back where the store refuses.
  auto receipt = std::make_shared<pipeline::Receipt>(std::move(delivery.receipt));
  Status taken =
      engine_->write(std::move(delivery.batch), [receipt, items, &counters](Status stored) {
        (stored ? counters.sent : counters.failed)->add(items);
        receipt->resolve(std::move(stored));
      });
  if (!taken) {
    delivery.receipt = std::move(*receipt);
    counters.refused->add(items);
  }
  return taken;
}

void StoreExporter::stop(pipeline::Deadline) {
  if (!engine_) return;
  for (const auto gauge : gauges_) host_->telemetry().remove_gauge(gauge);
  gauges_.clear();
  host_->health().remove(health_check_);
  // What was taken is written: on a disk that works this takes milliseconds, on one that does not
  // the writes fail, and with them the receipts.
  if (Status closed = engine_->close(); !closed) log::error(id_, closed.to_string());
}

}  // namespace kolben::exporters::store
