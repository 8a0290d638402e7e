// Counts, errors and latencies over time.
#include <algorithm>

#include "storage/engine/quantiles.h"
#include "storage/engine/queries.h"
#include "storage/engine/span_scan.h"
#include "storage/engine/trace_finder.h"

namespace kolben::storage::engine {
namespace {

// A range without an end is the time that the store has spans of.
TimeRange bounded(TimeRange range, const Views& views) {
  TimeSpan all;
  for (const auto& view : views) {
    if (view->spans.size() > 0) all.cover(view->facts.span_starts);
  }
  if (all.first > all.last) all = {0, 0};
  if (range.begin == 0) range.begin = std::min(all.first, range.end);
  if (range.end == UINT64_MAX) range.end = std::max(all.last + 1, range.begin);
  return range;
}

class Counting {
 public:
  Counting(TimeRange range, std::uint32_t buckets) : begin_(range.begin), quantiles_(buckets) {
    const std::uint64_t width = range.end > range.begin ? range.end - range.begin : 1;
    histogram_.bucket_nanos = std::max<std::uint64_t>(1, (width + buckets - 1) / buckets);
    histogram_.buckets.resize(buckets);
    for (std::uint32_t i = 0; i < buckets; ++i) {
      histogram_.buckets[i].start_unix_nano = begin_ + i * histogram_.bucket_nanos;
    }
  }

  void add(const SpanColumns& spans, std::uint32_t row) {
    const std::uint64_t index = (spans.start[row] - begin_) / histogram_.bucket_nanos;
    if (index >= histogram_.buckets.size()) return;
    HistogramBucket& bucket = histogram_.buckets[index];
    ++bucket.count;
    ++histogram_.total;
    if (span_status(spans.facts[row]) == SpanStatusCode::kError) ++bucket.errors;
    quantiles_[index].add(spans.duration[row]);
  }

  Histogram finish(std::uint64_t spans_scanned) {
    for (std::size_t i = 0; i < quantiles_.size(); ++i) {
      HistogramBucket& bucket = histogram_.buckets[i];
      bucket.p50 = quantiles_[i].at(0.50);
      bucket.p95 = quantiles_[i].at(0.95);
      bucket.p99 = quantiles_[i].at(0.99);
    }
    histogram_.spans_scanned = spans_scanned;
    return std::move(histogram_);
  }

 private:
  const std::uint64_t begin_;
  Histogram histogram_;
  std::vector<Quantiles> quantiles_;
};

}  // namespace

Result<Histogram> histogram(QueryContext& context, const HistogramQuery& query) {
  const TimeRange range = bounded(query.range, context.views);
  Result<SpanQuery> compiled = SpanQuery::compile(query.filter, range);
  if (!compiled) return compiled.error();
  Counting counting(range, std::clamp(query.buckets, 1U, kBucketsMax));
  BodyReader bodies(context.cache);
  const TraceFinder finder(context.views);
  TraceDuration trace_duration([&](const TraceId& id) { return finder.duration(id); });
  std::uint64_t scanned = 0;
  std::vector<std::uint32_t> rows;
  for (const auto& view : context.views) {
    SpanScan scan(*compiled, *view, bodies, trace_duration);
    if (!scan.may_match()) continue;
    for (std::size_t page = 0; page < view->spans.pages.size(); ++page) {
      if (!scan.may_match_page(page)) continue;
      KOLBEN_RETURN_IF_ERROR(context.budget.check());
      rows.clear();
      KOLBEN_RETURN_IF_ERROR(scan.scan(page, rows));
      for (const std::uint32_t row : rows) counting.add(view->spans, row);
    }
    scanned += scan.rows_scanned();
  }
  return counting.finish(scanned);
}

}  // namespace kolben::storage::engine
