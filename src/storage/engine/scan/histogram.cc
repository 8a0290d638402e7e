// Counts, errors and latencies over time.
#include "storage/engine/scan/buckets.h"
#include "storage/engine/scan/group_walk.h"
#include "storage/engine/scan/quantiles.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

struct Bucket {
  std::uint64_t count = 0;
  std::uint64_t errors = 0;
  Quantiles durations;

  void add(const Bucket& other) {
    count += other.count;
    errors += other.errors;
    durations.add(other.durations);
  }
};

Status count_group(GroupScan& scan, Workplace& place, const Buckets& buckets,
                   std::vector<Bucket>& counts, Control& control) {
  KOLBEN_TRY(const Selection rows, scan.select(0, place.judge));
  if (rows.none()) return Status::ok();
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, scan.spans().starts());
  KOLBEN_TRY(const std::span<const std::uint64_t> durations, scan.spans().durations());
  KOLBEN_TRY(const part::NumberColumn* statuses,
             scan.spans().columns().numbers(part::span_column::kStatus));
  if (statuses->size != scan.rows()) return data_loss("a row group has rows without a status");
  BucketCursor cursor(buckets);
  rows.for_each([&](std::uint32_t row) {
    const std::uint32_t index = cursor.index_of(starts[row]);
    if (index == buckets.count) return;
    Bucket& bucket = counts[index];
    ++bucket.count;
    if ((*statuses)[row] == static_cast<std::uint64_t>(SpanStatusCode::kError)) ++bucket.errors;
    if (const std::size_t grown = bucket.durations.add(static_cast<double>(durations[row]))) {
      control.take(grown);
    }
  });
  return Status::ok();
}

}  // namespace

Result<Histogram> histogram(Context& context, const HistogramQuery& query) {
  Control control(context, query.limits);
  const Filter* const filters[] = {&query.filter};
  KOLBEN_TRY(const std::unique_ptr<BoundQuery> bound,
             BoundQuery::bind(context.snapshot, filters, query.range));
  const Buckets buckets = Buckets::of(query.range, query.buckets, context.snapshot.spans);
  std::array<std::vector<Bucket>, kLanes> lanes;
  control.take(kLanes * buckets.count * sizeof(Bucket));
  for (std::vector<Bucket>& lane : lanes) lane.resize(buckets.count);
  Histogram histogram;
  KOLBEN_TRY(histogram.coverage, GroupWalk(context, control, *bound)
                                     .run([&](std::size_t lane, GroupScan& scan, Workplace& place) {
                                       return count_group(scan, place, buckets, lanes[lane],
                                                          control);
                                     }));
  KOLBEN_RETURN_IF_ERROR(control.check_memory());
  histogram.bucket_nanos = buckets.nanos;
  for (std::uint32_t i = 0; i < buckets.count; ++i) {
    Bucket all;
    for (const std::vector<Bucket>& lane : lanes) all.add(lane[i]);
    HistogramBucket& bucket = histogram.buckets.emplace_back();
    bucket.start_unix_nano = buckets.begin + i * buckets.nanos;
    bucket.count = all.count;
    bucket.errors = all.errors;
    bucket.p50 = all.durations.at(0.50);
    bucket.p95 = all.durations.at(0.95);
    bucket.p99 = all.durations.at(0.99);
    histogram.total += all.count;
  }
  histogram.spans_scanned = control.rows_scanned();
  return histogram;
}

}  // namespace kolben::storage::scan
