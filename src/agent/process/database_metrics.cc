#include "agent/process/database_metrics.h"

#include "agent/process/metric_attributes.h"

namespace kolben::agent {
namespace {

constexpr double kBounds[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0};
constexpr std::string_view kKeys[] = {
    "db.system.name",   "db.namespace",   "db.collection.name", "db.operation.name",
    "db.query.summary", "server.address", "server.port",        "db.response.status_code",
    "error.type"};

}  // namespace

void DatabaseMetrics::record(const Span& span, std::uint64_t now) {
  if (!conventions_.stable_database) return;
  Measured measured;
  measured.scope = MetricScope::kDatabase;
  measured.kind = InstrumentKind::kHistogram;
  measured.name = "db.client.operation.duration";
  measured.unit = "s";
  measured.description = "Duration of database client operations.";
  measured.bounds = kBounds;
  measured.whom = measured_for(span);
  measured.value = static_cast<double>(span.duration_nanos()) / 1e9;
  readers_.record(measured, selected_attributes(span.attributes, kKeys, scratch_), now);
  trim_scratch(scratch_);
}

}  // namespace kolben::agent
