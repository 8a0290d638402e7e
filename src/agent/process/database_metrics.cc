#include "agent/process/database_metrics.h"

#include <algorithm>
#include <iterator>

namespace kolben::agent {
namespace {

constexpr double kBounds[] = {0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0};
constexpr std::string_view kKeys[] = {
    "db.system.name",   "db.namespace",   "db.collection.name", "db.operation.name",
    "db.query.summary", "server.address", "server.port",        "db.response.status_code",
    "error.type"};
constexpr std::size_t kScratchBytesMax = 64 * 1024;

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
  Attributes attributes;
  attributes.reserve(scratch_, std::size(kKeys));
  for (const KeyValue& attribute : span.attributes) {
    const bool is_wanted =
        std::find(std::begin(kKeys), std::end(kKeys), attribute.key) != std::end(kKeys);
    if (is_wanted) attributes.push_back(scratch_, attribute);
  }
  readers_.record(measured, attributes, now);
  if (scratch_.reserved_bytes() > kScratchBytesMax) scratch_ = Arena();
}

}  // namespace kolben::agent
