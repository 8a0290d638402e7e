// Parts of metric points into one: all points in memory, dealt out to the series of both.
#include <deque>

#include "storage/engine/part/point_group.h"
#include "storage/engine/part/point_part_writer.h"
#include "storage/engine/table_merge.h"

namespace kolben::storage::engine {
namespace {

class PointMerge final : public TableMerge<part::PointPartWriter> {
 public:
  using TableMerge::TableMerge;

 private:
  // The plan has seen to it that all fit.
  Result<std::size_t> entries_of(const part::Part&) const override { return 0; }
  Status list(std::size_t input, std::uint32_t group) override;
  Status write() override {
    writer_->add(std::move(points_));
    return Status::ok();
  }
  Status list_series(std::size_t input);

  Arena arena_;
  std::deque<part::DecodedSeries> tables_;     // what points and series point into
  std::vector<std::uint32_t> series_numbers_;  // of the input at hand, in the output
  std::vector<part::PointRow> points_;
};

Status PointMerge::list_series(std::size_t input) {
  part::DecodedSeries& table = tables_.emplace_back();
  KOLBEN_RETURN_IF_ERROR(inputs_[input].part->series(arena_, table));
  series_numbers_.clear();
  for (const part::SeriesKey& key : table.series) {
    KOLBEN_TRY(const std::uint32_t resource,
               numbers_[input].resource(key.resource, writer_->part()));
    KOLBEN_TRY(const std::uint32_t scope, numbers_[input].scope(key.scope, writer_->part()));
    series_numbers_.push_back(
        writer_->series().number_of(resource, scope, key.metric, key.attributes));
  }
  return Status::ok();
}

Status PointMerge::list(std::size_t input, std::uint32_t group) {
  if (group == 0) KOLBEN_RETURN_IF_ERROR(list_series(input));
  KOLBEN_TRY(part::PointGroup opened,
             part::PointGroup::open(inputs_[input].part, group, tables_.back().series));
  std::vector<part::PointRow> points;
  KOLBEN_RETURN_IF_ERROR(opened.read(arena_, points));
  rows_ += points.size();
  for (std::uint32_t row = 0; row < points.size(); ++row) {
    if (is_deleted(input, group, row)) {
      ++deleted_;
      continue;
    }
    points[row].series = series_numbers_[points[row].series];
    points_.push_back(points[row]);
  }
  return Status::ok();
}

}  // namespace

Result<Merged> merge_points(const std::vector<StoredPart>& inputs, PartTarget& target,
                            KeepGoing& keep_going) {
  return PointMerge(inputs, target, keep_going).run();
}

}  // namespace kolben::storage::engine
