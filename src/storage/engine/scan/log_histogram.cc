// Log records over time, by severity.
#include <array>
#include <vector>

#include "storage/engine/scan/bound_log_query.h"
#include "storage/engine/scan/buckets.h"
#include "storage/engine/scan/group_walk.h"
#include "storage/engine/scan/questions.h"

namespace kolben::storage::scan {
namespace {

using Counts = std::vector<LogHistogram::Bucket>;

Status count_group(LogGroupScan& scan, TimeRange range, const Buckets& buckets, Counts& counts) {
  KOLBEN_TRY(const Selection rows, scan.select(range, std::nullopt));
  if (rows.none()) return Status::ok();
  KOLBEN_TRY(const std::span<const std::uint64_t> times, scan.logs().effective_times());
  KOLBEN_TRY(const part::NumberColumn* severities,
             scan.logs().columns().numbers(part::log_column::kSeverityNumber));
  if (severities->size != rows.rows()) {
    return data_loss("a row group of log records has rows without a severity");
  }
  BucketCursor cursor(buckets);
  rows.for_each([&](std::uint32_t row) {
    const std::uint32_t index = cursor.index_of(times[row]);
    if (index == buckets.count) return;
    const auto number = static_cast<std::int32_t>(static_cast<std::uint32_t>((*severities)[row]));
    ++counts[index][static_cast<std::size_t>(log_level_of(number))];
  });
  return Status::ok();
}

// The row groups are dealt out to lanes; what the lanes count is added up, in whatever order.
class LogCounting {
 public:
  LogCounting(Context& context, Control& control, const BoundLogQuery& query,
              const Buckets& buckets)
      : context_(context), control_(control), query_(query), buckets_(buckets) {
    control.take(kLanes * buckets.count * sizeof(LogHistogram::Bucket));
    for (Counts& lane : lanes_) lane.resize(buckets.count);
  }

  Result<Counts> run() {
    context_.threads.run(kLanes, [this](std::size_t lane) { failures_[lane] = work(lane); });
    Counts all(buckets_.count);
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      KOLBEN_RETURN_IF_ERROR(failures_[lane]);
      for (std::size_t i = 0; i < all.size(); ++i) {
        for (std::size_t level = 0; level < kLogLevels; ++level) {
          all[i][level] += lanes_[lane][i][level];
        }
      }
    }
    return all;
  }

 private:
  Status work(std::size_t lane) {
    for (std::size_t i = lane; i < query_.groups().size(); i += kLanes) {
      KOLBEN_RETURN_IF_ERROR(control_.check());
      KOLBEN_TRY(LogGroupScan scan, query_.open(query_.groups()[i]));
      KOLBEN_RETURN_IF_ERROR(count_group(scan, query_.range(), buckets_, lanes_[lane]));
      control_.scanned(scan.logs().rows());
    }
    return Status::ok();
  }

  Context& context_;
  Control& control_;
  const BoundLogQuery& query_;
  const Buckets& buckets_;
  std::array<Counts, kLanes> lanes_;
  std::array<Status, kLanes> failures_;
};

}  // namespace

Result<LogHistogram> log_histogram(Context& context, const LogHistogramQuery& query) {
  Control control(context, query.limits);
  KOLBEN_TRY(const BoundLogQuery bound,
             BoundLogQuery::bind(context.snapshot, query.filter, query.range));
  const Buckets buckets = Buckets::of(query.range, query.buckets, context.snapshot.logs);
  LogHistogram histogram;
  KOLBEN_TRY(histogram.buckets, LogCounting(context, control, bound, buckets).run());
  histogram.begin_unix_nano = buckets.begin;
  histogram.bucket_nanos = buckets.nanos;
  for (const LogHistogram::Bucket& bucket : histogram.buckets) {
    for (const std::uint64_t count : bucket) histogram.total += count;
  }
  histogram.records_scanned = control.rows_scanned();
  return histogram;
}

}  // namespace kolben::storage::scan
