// Parts whose checksums are right and whose rows are not: whoever reads them says DATA_LOSS.
#include <gtest/gtest.h>

#include "storage/engine/export.h"
#include "storage/engine/merge.h"
#include "storage/engine/part/forged_part.h"
#include "storage/engine/part/random_telemetry.h"

namespace kolben::storage::engine {
namespace {

std::shared_ptr<const part::Part> short_part(const Batch& batch, std::uint32_t column) {
  return part::open_part(part::with_short_column(part::part_bytes_of(batch), column));
}

StatusCode exported(std::shared_ptr<const part::Part> part, Signal signal) {
  Snapshot snapshot;
  auto& parts = signal == Signal::kTraces ? snapshot.spans
                : signal == Signal::kLogs ? snapshot.logs
                                          : snapshot.points;
  parts.push_back({std::move(part), nullptr});
  return export_signal(snapshot, signal, TimeRange(),
                       [](Batch&&, const ExportProgress&) { return Status::ok(); })
      .code();
}

StatusCode merged(const std::shared_ptr<const part::Part>& part) {
  const std::vector<StoredPart> inputs{{facts_of(*part, 1, 0), part, nullptr},
                                       {facts_of(*part, 2, 0), part, nullptr}};
  MemoryTarget target;
  KeepGoing keep_going = [] { return Status::ok(); };
  return merge_parts(inputs, target, keep_going).status().code();
}

TEST(ForgedPart, SpansWithoutAResourceOrScopeAreDataLoss) {
  part::RandomTelemetry random(1);
  const Batch batch = random.spans(500, 30);
  for (const std::uint32_t column : {part::span_column::kResource, part::span_column::kScope}) {
    const auto part = short_part(batch, column);
    EXPECT_EQ(exported(part, Signal::kTraces), StatusCode::kDataLoss) << column;
    EXPECT_EQ(merged(part), StatusCode::kDataLoss) << column;
  }
}

TEST(ForgedPart, LogRecordsWithoutAResourceOrScopeAreDataLoss) {
  part::RandomTelemetry random(2);
  const Batch batch = random.logs(500);
  for (const std::uint32_t column : {part::log_column::kResource, part::log_column::kScope}) {
    const auto part = short_part(batch, column);
    EXPECT_EQ(exported(part, Signal::kLogs), StatusCode::kDataLoss) << column;
    EXPECT_EQ(merged(part), StatusCode::kDataLoss) << column;
  }
}

TEST(ForgedPart, SeriesOfAResourceThatIsNotThereAreDataLoss) {
  std::string bytes;
  part::PointPartWriter writer([&bytes](std::string_view more) {
    bytes += more;
    return Status::ok();
  });
  NumberPoint point;
  point.time_unix_nano = 1;
  Metric metric;
  metric.kind = MetricKind::kGauge;
  writer.add({{&point, writer.series().number_of(7, 0, metric, {}), 1}});
  ASSERT_TRUE(writer.finish().is_ok());
  const auto part = part::open_part(bytes);
  EXPECT_EQ(exported(part, Signal::kMetrics), StatusCode::kDataLoss);
  EXPECT_EQ(merged(part), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace kolben::storage::engine
