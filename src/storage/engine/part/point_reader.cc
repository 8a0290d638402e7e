// PointGroup::read(): points put together again from their columns, run by run, because most values
// are differences to those of the point before.
#include <bit>
#include <string>

#include "storage/engine/part/column_finder.h"
#include "storage/engine/part/cursor.h"
#include "storage/engine/part/double_run.h"
#include "storage/engine/part/point_columns.h"
#include "storage/engine/part/point_group.h"

namespace kolben::storage::part {
namespace {

using namespace point_column;

constexpr std::uint64_t kCountsMax = std::uint64_t{1} << 20;  // buckets of one point

// The values of one column in their order. Running out is a failure of the reader that it belongs
// to.
class Feed {
 public:
  Feed(const NumberColumn* column, bool& failed) : column_(column), failed_(failed) {}
  std::uint64_t next() {
    if (at_ < column_->size) return (*column_)[at_++];
    failed_ = true;
    return 0;
  }
  std::uint32_t left() const { return column_->size - at_; }

 private:
  const NumberColumn* column_;
  bool& failed_;
  std::uint32_t at_ = 0;
};

// All columns of a row group of points as feeds, and what the readers of the kinds share.
class PointColumns {
 public:
  static Result<std::unique_ptr<PointColumns>> load(RowGroup& group) {
    auto columns = std::unique_ptr<PointColumns>(new PointColumns());
    for (std::uint32_t column = 0; column <= kRunStartTime; ++column) {
      const Chunk* chunk = group.directory().find(column);
      const bool is_number = column != kBounds && column != kQuantiles &&
                             column != kExemplarTraceId && column != kExemplarSpanId;
      if (chunk == nullptr) return data_loss("column " + std::to_string(column) + " is missing");
      if (!is_number) {
        columns->feeds_.emplace_back(nullptr, columns->failed_);
        continue;
      }
      KOLBEN_TRY(const NumberColumn* numbers, group.numbers(column));
      columns->feeds_.emplace_back(numbers, columns->failed_);
    }
    KOLBEN_TRY(columns->bounds_, group.texts(kBounds));
    KOLBEN_TRY(columns->quantiles_, group.texts(kQuantiles));
    return columns;
  }

  bool failed() const { return failed_; }
  Feed& feed(std::uint32_t column) { return feeds_[column]; }
  std::uint64_t next(std::uint32_t column) { return feeds_[column].next(); }
  std::uint32_t next32(std::uint32_t column) { return static_cast<std::uint32_t>(next(column)); }

  // Doubles out of one of the texts.
  List<double> next_doubles(bool are_bounds, Arena& arena) {
    const TextColumn& texts = are_bounds ? *bounds_ : *quantiles_;
    std::uint32_t& at = are_bounds ? next_bounds_ : next_quantiles_;
    List<double> values;
    if (at >= texts.size) {
      failed_ = true;
      return values;
    }
    const std::string_view text = texts[at++];
    const std::size_t count = text.size() / sizeof(double);
    values.reserve(arena, count);
    for (std::size_t i = 0; i < count; ++i) {
      std::memcpy(&values.add(arena), text.data() + i * sizeof(double), sizeof(double));
    }
    return values;
  }
  void fail() { failed_ = true; }

 private:
  PointColumns() = default;

  bool failed_ = false;
  std::vector<Feed> feeds_;
  const TextColumn* bounds_ = nullptr;
  const TextColumn* quantiles_ = nullptr;
  std::uint32_t next_bounds_ = 0, next_quantiles_ = 0;
};

class DifferenceReader {
 public:
  DifferenceReader(PointColumns& columns, std::uint32_t column)
      : columns_(columns), column_(column) {}
  std::uint64_t next() { return value_ += unzigzag(columns_.next(column_)); }

 private:
  PointColumns& columns_;
  const std::uint32_t column_;
  std::uint64_t value_ = 0;
};

// The scale of a run is read with its first value: a run without values has none.
class DoublesReader {
 public:
  DoublesReader(PointColumns& columns, std::uint32_t scale_column, std::uint32_t column)
      : columns_(columns), scale_column_(scale_column), column_(column) {}
  double next() {
    if (!is_begun_ && !run_.begin(columns_.next(scale_column_))) columns_.fail();
    is_begun_ = true;
    return columns_.failed() ? 0 : run_.next(columns_.next(column_));
  }

 private:
  PointColumns& columns_;
  const std::uint32_t scale_column_, column_;
  DoubleRunReader run_;
  bool is_begun_ = false;
};

class CountsReader {
 public:
  CountsReader(PointColumns& columns, std::uint32_t size_column, std::uint32_t column)
      : columns_(columns), size_column_(size_column), column_(column) {}
  void next(Arena& arena, List<std::uint64_t>& out) {
    const std::uint64_t size = columns_.next(size_column_);
    if (size > kCountsMax || size > columns_.feed(column_).left()) return columns_.fail();
    out.reserve(arena, static_cast<std::size_t>(size));
    const bool is_same_size = size == before_.size();
    for (std::uint32_t i = 0; i < size; ++i) {
      out.push_back(arena, unzigzag(columns_.next(column_)) + (is_same_size ? before_[i] : 0));
    }
    before_ = {out.begin(), out.size()};
  }

 private:
  PointColumns& columns_;
  const std::uint32_t size_column_, column_;
  std::span<const std::uint64_t> before_;
};

class DistributionReader {
 public:
  explicit DistributionReader(PointColumns& columns)
      : columns_(columns),
        count_(columns, kCount),
        sum_(columns, kSumScale, kSum),
        min_(columns, kMinScale, kMin),
        max_(columns, kMaxScale, kMax) {}
  template <typename Point>
  void next(Point& point) {
    point.count = count_.next();
    const std::uint64_t presence = columns_.next(kPresence);
    point.has_sum = (presence & kHasSum) != 0;
    point.has_min = (presence & kHasMin) != 0;
    point.has_max = (presence & kHasMax) != 0;
    if (point.has_sum) point.sum = sum_.next();
    if (point.has_min) point.min = min_.next();
    if (point.has_max) point.max = max_.next();
    if constexpr (std::is_same_v<Point, ExponentialHistogramPoint>) {
      point.has_positive = (presence & kHasPositive) != 0;
      point.has_negative = (presence & kHasNegative) != 0;
    }
  }

 private:
  PointColumns& columns_;
  DifferenceReader count_;
  DoublesReader sum_, min_, max_;
};

// One reader for the points of a run of each kind: next() fills a fresh point.
class NumberReader {
 public:
  explicit NumberReader(PointColumns& columns)
      : columns_(columns), integers_(columns, kInteger), doubles_(columns, kDoubleScale, kDouble) {}
  void next(Arena&, NumberPoint& point) {
    const std::uint64_t type = columns_.next(kValueType);
    if (type > static_cast<std::uint64_t>(NumberType::kDouble)) return columns_.fail();
    point.value.type = static_cast<NumberType>(type);
    if (point.value.type == NumberType::kInt) {
      point.value.integer = static_cast<std::int64_t>(integers_.next());
    }
    if (point.value.type == NumberType::kDouble) point.value.real = doubles_.next();
  }

 private:
  PointColumns& columns_;
  DifferenceReader integers_;
  DoublesReader doubles_;
};

class HistogramReader {
 public:
  explicit HistogramReader(PointColumns& columns)
      : columns_(columns), distribution_(columns), counts_(columns, kBucketSizes, kBucketCounts) {}
  void next(Arena& arena, HistogramPoint& point) {
    distribution_.next(point);
    point.explicit_bounds = columns_.next_doubles(true, arena);
    counts_.next(arena, point.bucket_counts);
  }

 private:
  PointColumns& columns_;
  DistributionReader distribution_;
  CountsReader counts_;
};

class ExponentialReader {
 public:
  explicit ExponentialReader(PointColumns& columns)
      : columns_(columns),
        distribution_(columns),
        zeros_(columns, kZeroCount),
        positive_(columns, kPositiveSizes, kPositiveCounts),
        negative_(columns, kNegativeSizes, kNegativeCounts) {}
  void next(Arena& arena, ExponentialHistogramPoint& point) {
    distribution_.next(point);
    point.scale = static_cast<std::int32_t>(columns_.next32(kExponentScale));
    point.zero_count = zeros_.next();
    point.zero_threshold = std::bit_cast<double>(columns_.next(kZeroThreshold));
    point.positive.offset = static_cast<std::int32_t>(columns_.next32(kPositiveOffset));
    point.negative.offset = static_cast<std::int32_t>(columns_.next32(kNegativeOffset));
    positive_.next(arena, point.positive.bucket_counts);
    negative_.next(arena, point.negative.bucket_counts);
  }

 private:
  PointColumns& columns_;
  DistributionReader distribution_;
  DifferenceReader zeros_;
  CountsReader positive_, negative_;
};

class SummaryReader {
 public:
  explicit SummaryReader(PointColumns& columns)
      : columns_(columns), count_(columns, kCount), sum_(columns, kSumScale, kSum) {}
  void next(Arena& arena, SummaryPoint& point) {
    point.count = count_.next();
    point.sum = sum_.next();
    for (const double quantile : columns_.next_doubles(false, arena)) {
      point.quantile_values.add(arena) = {quantile,
                                          std::bit_cast<double>(columns_.next(kQuantileValues))};
    }
  }

 private:
  PointColumns& columns_;
  DifferenceReader count_;
  DoublesReader sum_;
};

template <typename Reader, typename Point>
void read_run(const SeriesRun& run, PointColumns& columns, std::span<const std::uint64_t> times,
              std::span<const std::uint64_t> starts, Arena& arena, std::vector<PointRow>& out) {
  Reader reader(columns);
  for (std::uint32_t row = run.first; row < run.first + run.rows && !columns.failed(); ++row) {
    auto* point = new (arena.allocate(sizeof(Point), alignof(Point))) Point();
    point->time_unix_nano = times[row];
    point->start_time_unix_nano = starts[row];
    point->flags = columns.next32(kFlags);
    reader.next(arena, *point);
    out.push_back({point, run.series, times[row]});
  }
}

// Exemplars belong to points that are const for everybody else.
void set_exemplars(const PointRow& row, const List<Exemplar>& exemplars) {
  std::visit(
      [&](const auto* point) {
        if constexpr (requires { point->exemplars; }) {
          const_cast<List<Exemplar>&>(point->exemplars) = exemplars;
        }
      },
      row.point);
}

}  // namespace

Status PointGroup::read(Arena& arena, std::vector<PointRow>& out) {
  KOLBEN_TRY(const std::unique_ptr<PointColumns> columns, PointColumns::load(group_));
  const std::size_t before = out.size();
  for (const SeriesRun& run : runs_) {
    const auto read = [&]<typename Reader, typename Point>() {
      read_run<Reader, Point>(run, *columns, times_, starts_, arena, out);
    };
    switch ((*series_)[run.series].metric.kind) {
      case MetricKind::kGauge:
      case MetricKind::kSum:
        read.template operator()<NumberReader, NumberPoint>();
        break;
      case MetricKind::kHistogram:
        read.template operator()<HistogramReader, HistogramPoint>();
        break;
      case MetricKind::kExponentialHistogram:
        read.template operator()<ExponentialReader, ExponentialHistogramPoint>();
        break;
      case MetricKind::kSummary:
        read.template operator()<SummaryReader, SummaryPoint>();
        break;
      case MetricKind::kNone:
        columns->fail();
        break;
    }
    if (columns->failed()) {
      return data_loss("row group " + std::to_string(group_.index()) + ": malformed points");
    }
  }
  std::vector<List<Exemplar>> exemplars;
  KOLBEN_RETURN_IF_ERROR(read_exemplars(arena, exemplars));
  for (std::size_t i = 0; i < exemplars.size(); ++i) {
    if (!exemplars[i].empty()) set_exemplars(out[before + i], exemplars[i]);
  }
  return Status::ok();
}

// The exemplars of each row.
Status PointGroup::read_exemplars(Arena& arena, std::vector<List<Exemplar>>& out) {
  ColumnFinder per_row(group_, rows());
  const NumberColumn* counts = nullptr;
  per_row.find(counts, kExemplars);
  KOLBEN_RETURN_IF_ERROR(per_row.status());
  KOLBEN_TRY(const NumberColumn* times, group_.numbers(kExemplarTime));
  ColumnFinder per_item(group_, times->size);
  const NumberColumn* types = nullptr;
  const NumberColumn* values = nullptr;
  std::string_view trace_ids;
  std::string_view span_ids;
  per_item.find(types, kExemplarValueType);
  per_item.find(values, kExemplarValue);
  per_item.find_ids(trace_ids, kExemplarTraceId, sizeof(TraceId));
  per_item.find_ids(span_ids, kExemplarSpanId, sizeof(SpanId));
  KOLBEN_RETURN_IF_ERROR(per_item.status());
  std::uint32_t item = 0;
  out.resize(rows());
  for (std::uint32_t row = 0; row < rows(); ++row) {
    for (std::uint64_t i = (*counts)[row]; i > 0; --i, ++item) {
      if (item >= times->size || (*types)[item] > static_cast<std::uint64_t>(NumberType::kDouble)) {
        return data_loss("row group " + std::to_string(group_.index()) + ": malformed exemplars");
      }
      Exemplar& exemplar = out[row].add(arena);
      exemplar.time_unix_nano = times_[row] + unzigzag((*times)[item]);
      exemplar.value.type = static_cast<NumberType>((*types)[item]);
      if (exemplar.value.type == NumberType::kDouble) {
        exemplar.value.real = std::bit_cast<double>((*values)[item]);
      } else {
        exemplar.value.integer = static_cast<std::int64_t>((*values)[item]);
      }
      exemplar.trace_id = id_at<TraceId>(trace_ids, item);
      exemplar.span_id = id_at<SpanId>(span_ids, item);
      KOLBEN_RETURN_IF_ERROR(
          attributes_.read(group_, Place::kEvent, item, arena, exemplar.filtered_attributes));
    }
  }
  return Status::ok();
}

}  // namespace kolben::storage::part
