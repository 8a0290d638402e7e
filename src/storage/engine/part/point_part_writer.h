// PointPartWriter: metric data points into a part, series by series, each in the order of time. One
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "model/metrics.h"
#include "storage/engine/part/part_writer.h"
#include "storage/engine/part/row_size.h"
#include "storage/engine/part/series.h"

namespace kolben::storage::part {

// A data point that lies in memory somewhere, with the number of its series.
struct PointRow {
  using Point = std::variant<const NumberPoint*, const HistogramPoint*,
                             const ExponentialHistogramPoint*, const SummaryPoint*>;
  Point point;
  std::uint32_t series = 0;
  std::uint64_t time = 0;  // of the point
};

class PointPartWriter {
 public:
  explicit PointPartWriter(PartWriter::Append append);
  PointPartWriter(const PointPartWriter&) = delete;
  PointPartWriter& operator=(const PointPartWriter&) = delete;

  // For the numbers of resources and scopes, and for the facts that rows do not tell.
  PartWriter& part() { return part_; }
  // For the numbers of rows' series.
  SeriesTable& series() { return series_; }

  // All rows of the part, in any order; called once.
  void add(std::vector<PointRow> rows);
  // Ends the part.
  Status finish();

 private:
  std::size_t rows_that_fit(std::span<const PointRow> rows);
  void add_run(std::uint32_t series, std::span<const PointRow> rows);
  void add_times(std::span<const PointRow> rows);
  void add_exemplars(const PointRow& row);
  void end_group();

  PartWriter part_;
  GroupWriter group_;
  SeriesTable series_;
  GroupFacts facts_;  // of the row group at hand
  RowSize size_;      // of its rows
  std::string scratch_;
};

}  // namespace kolben::storage::part
