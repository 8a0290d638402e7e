#include "storage/engine/part/point_columns.h"

#include <bit>
#include <string_view>
#include <type_traits>
#include <vector>

#include "storage/engine/part/cursor.h"
#include "storage/engine/part/double_run.h"

namespace kolben::storage::part {
namespace {

using namespace point_column;

std::string_view as_text(const double* values, std::size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(double)};
}

// Counts that grow from point to point, as differences; one writer a column and run.
class DifferenceWriter {
 public:
  explicit DifferenceWriter(NumberChunkWriter& out) : out_(out) {}
  void add(std::uint64_t value) {
    out_.add(zigzag(value - before_));
    before_ = value;
  }

 private:
  NumberChunkWriter& out_;
  std::uint64_t before_ = 0;
};

// Lists of counts: each as differences to the list before, where that is as long.
class CountsWriter {
 public:
  CountsWriter(NumberChunkWriter& sizes, NumberChunkWriter& counts)
      : sizes_(sizes), counts_(counts) {}
  void add(const List<std::uint64_t>& counts) {
    sizes_.add(counts.size());
    const bool is_same_size = counts.size() == before_.size();
    for (std::uint32_t i = 0; i < counts.size(); ++i) {
      counts_.add(zigzag(counts[i] - (is_same_size ? before_[i] : 0)));
    }
    before_ = {counts.begin(), counts.size()};
  }

 private:
  NumberChunkWriter& sizes_;
  NumberChunkWriter& counts_;
  std::span<const std::uint64_t> before_;
};

// The optional doubles of a run: written together at its end.
class DoublesWriter {
 public:
  DoublesWriter(NumberChunkWriter& scales, NumberChunkWriter& values)
      : scales_(scales), values_(values) {}
  ~DoublesWriter() {
    if (!run_.empty()) write_double_run(run_, scales_, values_);
  }
  DoublesWriter(const DoublesWriter&) = delete;
  DoublesWriter& operator=(const DoublesWriter&) = delete;
  void add(double value) { run_.push_back(value); }

 private:
  NumberChunkWriter& scales_;
  NumberChunkWriter& values_;
  std::vector<double> run_;
};

template <typename Point>
std::uint64_t presence_of(const Point& point) {
  std::uint64_t presence =
      (point.has_sum ? kHasSum : 0) | (point.has_min ? kHasMin : 0) | (point.has_max ? kHasMax : 0);
  if constexpr (std::is_same_v<Point, ExponentialHistogramPoint>) {
    presence |= (point.has_positive ? kHasPositive : 0) | (point.has_negative ? kHasNegative : 0);
  }
  return presence;
}

// What both kinds of histograms have.
class DistributionWriter {
 public:
  explicit DistributionWriter(GroupWriter& group)
      : presence_(group.numbers(kPresence)),
        count_(group.numbers(kCount)),
        sum_(group.numbers(kSumScale), group.numbers(kSum)),
        min_(group.numbers(kMinScale), group.numbers(kMin)),
        max_(group.numbers(kMaxScale), group.numbers(kMax)) {}
  template <typename Point>
  void add(const Point& point) {
    count_.add(point.count);
    presence_.add(presence_of(point));
    if (point.has_sum) sum_.add(point.sum);
    if (point.has_min) min_.add(point.min);
    if (point.has_max) max_.add(point.max);
  }

 private:
  NumberChunkWriter& presence_;
  DifferenceWriter count_;
  DoublesWriter sum_, min_, max_;
};

template <typename Point>
const Point& point_of(const PointRow& row) {
  return **std::get_if<const Point*>(&row.point);
}

void write(std::span<const PointRow> rows, GroupWriter& group, const NumberPoint*) {
  DifferenceWriter integers(group.numbers(kInteger));
  DoublesWriter doubles(group.numbers(kDoubleScale), group.numbers(kDouble));
  for (const PointRow& row : rows) {
    const Number& value = point_of<NumberPoint>(row).value;
    group.numbers(kValueType).add(static_cast<std::uint64_t>(value.type));
    if (value.type == NumberType::kInt) integers.add(static_cast<std::uint64_t>(value.integer));
    if (value.type == NumberType::kDouble) doubles.add(value.real);
  }
}

void write(std::span<const PointRow> rows, GroupWriter& group, const HistogramPoint*) {
  DistributionWriter distribution(group);
  CountsWriter counts(group.numbers(kBucketSizes), group.numbers(kBucketCounts));
  for (const PointRow& row : rows) {
    const auto& point = point_of<HistogramPoint>(row);
    distribution.add(point);
    group.texts(kBounds).add(as_text(point.explicit_bounds.begin(), point.explicit_bounds.size()));
    counts.add(point.bucket_counts);
  }
}

void write(std::span<const PointRow> rows, GroupWriter& group, const ExponentialHistogramPoint*) {
  DistributionWriter distribution(group);
  DifferenceWriter zeros(group.numbers(kZeroCount));
  CountsWriter positive(group.numbers(kPositiveSizes), group.numbers(kPositiveCounts));
  CountsWriter negative(group.numbers(kNegativeSizes), group.numbers(kNegativeCounts));
  for (const PointRow& row : rows) {
    const auto& point = point_of<ExponentialHistogramPoint>(row);
    distribution.add(point);
    group.numbers(kExponentScale).add(static_cast<std::uint32_t>(point.scale));
    zeros.add(point.zero_count);
    group.numbers(kZeroThreshold).add(std::bit_cast<std::uint64_t>(point.zero_threshold));
    group.numbers(kPositiveOffset).add(static_cast<std::uint32_t>(point.positive.offset));
    group.numbers(kNegativeOffset).add(static_cast<std::uint32_t>(point.negative.offset));
    positive.add(point.positive.bucket_counts);
    negative.add(point.negative.bucket_counts);
  }
}

void write(std::span<const PointRow> rows, GroupWriter& group, const SummaryPoint*) {
  DifferenceWriter count(group.numbers(kCount));
  DoublesWriter sum(group.numbers(kSumScale), group.numbers(kSum));
  std::vector<double> quantiles;
  for (const PointRow& row : rows) {
    const auto& point = point_of<SummaryPoint>(row);
    count.add(point.count);
    sum.add(point.sum);
    quantiles.clear();
    for (const QuantileValue& value : point.quantile_values) {
      quantiles.push_back(value.quantile);
      group.numbers(kQuantileValues).add(std::bit_cast<std::uint64_t>(value.value));
    }
    group.texts(kQuantiles).add(as_text(quantiles.data(), quantiles.size()));
  }
}

}  // namespace

PointFacts facts_of(const PointRow::Point& point) {
  return std::visit(
      [](const auto* one) {
        PointFacts facts{one->start_time_unix_nano, one->flags, nullptr};
        if constexpr (requires { one->exemplars; }) facts.exemplars = &one->exemplars;
        return facts;
      },
      point);
}

std::uint64_t bits_of(const Number& number) {
  return number.type == NumberType::kDouble ? std::bit_cast<std::uint64_t>(number.real)
                                            : static_cast<std::uint64_t>(number.integer);
}

void declare_point_columns(GroupWriter& group) {
  group.plain_numbers(kSeries, Order::kDifferences);
  group.plain_numbers(kRunTime, Order::kDifferences);
  group.plain_numbers(kRunStartTime);
  for (const std::uint32_t column :
       {kRunRows, kTime, kStartTime, kInteger, kDouble, kExemplars, kCount, kSum, kMin, kMax,
        kBucketCounts, kPositiveCounts, kNegativeCounts, kQuantileValues, kExemplarTime,
        kExemplarValue, kExemplarShape}) {
    group.plain_numbers(column);
  }
  for (const std::uint32_t column :
       {kFlags, kValueType, kDoubleScale, kPresence, kSumScale, kMinScale, kMaxScale, kBucketSizes,
        kExponentScale, kZeroCount, kZeroThreshold, kPositiveOffset, kPositiveSizes,
        kNegativeOffset, kNegativeSizes, kExemplarValueType}) {
    group.numbers(column);
  }
  group.texts(kBounds);
  group.texts(kQuantiles);
  group.raw(kExemplarTraceId, 16);
  group.raw(kExemplarSpanId, 8);
}

void write_points(std::span<const PointRow> rows, GroupWriter& group) {
  std::visit([&](const auto* kind) { write(rows, group, kind); }, rows.front().point);
}

}  // namespace kolben::storage::part
