// Spans by time and by the power of two of their duration.
#include <array>
#include <bit>

#include "storage/engine/scan/buckets.h"
#include "storage/engine/scan/group_walk.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

// How many durations have each number of bits.
using Heights = std::array<std::uint64_t, HeatMap::kRows>;

void add_heights(const Heights& heights, std::uint32_t bucket, HeatMap& map) {
  for (std::size_t height = 0; height < heights.size(); ++height) {
    map.counts[height * map.buckets + bucket] += heights[height];
    map.total += heights[height];
  }
}

template <typename Duration>
void add_durations(std::span<const Duration> durations, const Selection& rows, std::uint32_t bucket,
                   HeatMap& map) {
  // In turn: neighbours are often alike, and a count waits for the one before.
  std::array<Heights, 4> turns{};
  const auto count = [&](std::size_t row) {
    ++turns[row % turns.size()][static_cast<std::size_t>(std::bit_width(durations[row]))];
  };
  if (rows.count() == durations.size()) {
    for (std::size_t row = 0; row < durations.size(); ++row) count(row);
  } else {
    rows.for_each([&](std::uint32_t row) { count(row); });
  }
  for (const Heights& heights : turns) add_heights(heights, bucket, map);
}

// Where all rows are in one bucket nobody needs to know when each began.
Status count_in_bucket(GroupScan& scan, const Selection& rows, std::uint32_t bucket, HeatMap& map) {
  KOLBEN_TRY(const std::span<const std::uint32_t> narrow, scan.spans().narrow_durations());
  if (!narrow.empty()) {
    add_durations(narrow, rows, bucket, map);
    return Status::ok();
  }
  KOLBEN_TRY(const std::span<const std::uint64_t> durations, scan.spans().durations());
  add_durations(durations, rows, bucket, map);
  return Status::ok();
}

Status count_group(GroupScan& scan, Workplace& place, const Buckets& buckets, HeatMap& map) {
  KOLBEN_TRY(const Selection rows, scan.select(0, place.judge));
  if (rows.none()) return Status::ok();
  const part::GroupFacts& facts = scan.part().group(scan.place().group);
  const std::uint32_t first = buckets.index_of(facts.first_time);
  if (first != buckets.count && first == buckets.index_of(facts.last_time)) {
    return count_in_bucket(scan, rows, first, map);
  }
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, scan.spans().starts());
  KOLBEN_TRY(const std::span<const std::uint64_t> durations, scan.spans().durations());
  BucketCursor cursor(buckets);
  rows.for_each([&](std::uint32_t row) {
    const std::uint32_t bucket = cursor.index_of(starts[row]);
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
  const Buckets buckets = Buckets::of(query.range, query.buckets, context.snapshot.spans);
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
