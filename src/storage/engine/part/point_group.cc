#include "storage/engine/part/point_group.h"

#include <string>

#include "storage/engine/part/column_finder.h"
#include "storage/engine/part/cursor.h"

namespace kolben::storage::part {
namespace {

using namespace point_column;

}  // namespace

Result<PointGroup> PointGroup::open(std::shared_ptr<const Part> part, std::size_t index,
                                    const std::vector<SeriesKey>& series) {
  KOLBEN_TRY(RowGroup columns, RowGroup::open(std::move(part), index));
  PointGroup group(std::move(columns));
  group.series_ = &series;
  KOLBEN_RETURN_IF_ERROR(group.load_runs(series.size()));
  KOLBEN_RETURN_IF_ERROR(group.load_times());
  return group;
}

Status PointGroup::load_runs(std::size_t series_count) {
  KOLBEN_TRY(const NumberColumn* series, group_.numbers(kSeries));
  ColumnFinder runs(group_, series->size);
  const NumberColumn* counts = nullptr;
  runs.find(counts, kRunRows);
  KOLBEN_RETURN_IF_ERROR(runs.status());
  std::uint32_t first = 0;
  for (std::uint32_t i = 0; i < series->size; ++i) {
    const std::uint64_t count = (*counts)[i];
    if (count == 0 || count > rows() - first || (*series)[i] >= series_count) {
      return data_loss("row group " + std::to_string(group_.index()) +
                       ": a series that is not there, or with too many points");
    }
    runs_.push_back(
        {static_cast<std::uint32_t>((*series)[i]), first, static_cast<std::uint32_t>(count)});
    first += static_cast<std::uint32_t>(count);
  }
  if (first == rows()) return Status::ok();
  return data_loss("row group " + std::to_string(group_.index()) + ": points without a series");
}

Status PointGroup::load_times() {
  ColumnFinder per_run(group_, runs_.size());
  const NumberColumn* run_times = nullptr;
  const NumberColumn* run_starts = nullptr;
  per_run.find(run_times, kRunTime);
  per_run.find(run_starts, kRunStartTime);
  KOLBEN_RETURN_IF_ERROR(per_run.status());
  ColumnFinder per_row(group_, rows());
  const NumberColumn* times = nullptr;
  const NumberColumn* starts = nullptr;
  per_row.find(times, kTime);
  per_row.find(starts, kStartTime);
  KOLBEN_RETURN_IF_ERROR(per_row.status());
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    std::uint64_t time = (*run_times)[i];
    std::uint64_t start = time + unzigzag((*run_starts)[i]);
    std::uint64_t distance = 0;
    for (std::uint32_t row = runs_[i].first; row < runs_[i].first + runs_[i].rows; ++row) {
      distance += unzigzag((*times)[row]);
      time += distance;
      start += unzigzag((*starts)[row]);
      times_.push_back(time);
      starts_.push_back(start);
    }
  }
  return Status::ok();
}

}  // namespace kolben::storage::part
