// Spans by time and by the power of two of their duration.
#include <bit>

#include "storage/engine/scan/buckets.h"
#include "storage/engine/scan/group_walk.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

Status count_group(GroupScan& scan, Workplace& place, const Buckets& buckets, HeatMap& map) {
  KOLBEN_TRY(const Selection rows, scan.select(0, place.judge));
  if (rows.none()) return Status::ok();
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, scan.spans().starts());
  KOLBEN_TRY(const std::span<const std::uint64_t> durations, scan.spans().durations());
  rows.for_each([&](std::uint32_t row) {
    const std::uint32_t bucket = buckets.index_of(starts[row]);
    if (bucket == buckets.count) return;
    const auto height = static_cast<std::size_t>(std::bit_width(durations[row]));
    ++map.counts[height * buckets.count + bucket];
    ++map.total;
  });
  return Status::ok();
}

}  // namespace

Result<HeatMap> heat_map(Context& context, const HeatMapQuery& query) {
  Control control(context, query.limits);
  const Filter* const filters[] = {&query.filter};
  KOLBEN_TRY(const std::unique_ptr<BoundQuery> bound,
             BoundQuery::bind(context.snapshot, filters, query.range));
  const Buckets buckets = Buckets::of(query.range, query.buckets, context.snapshot);
  HeatMap map;
  map.begin_unix_nano = buckets.begin;
  map.bucket_nanos = buckets.nanos;
  map.buckets = buckets.count;
  map.counts.assign(std::size_t{HeatMap::kRows} * buckets.count, 0);
  std::array<HeatMap, kLanes> lanes;
  lanes.fill(map);
  KOLBEN_TRY(map.coverage, GroupWalk(context, control, *bound)
                               .run([&](std::size_t lane, GroupScan& scan, Workplace& place) {
                                 return count_group(scan, place, buckets, lanes[lane]);
                               }));
  for (const HeatMap& lane : lanes) {
    map.total += lane.total;
    for (std::size_t i = 0; i < map.counts.size(); ++i) map.counts[i] += lane.counts[i];
  }
  map.spans_scanned = control.rows_scanned();
  return map;
}

}  // namespace kolben::storage::scan
