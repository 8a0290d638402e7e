// Parts of metric points into one: all points in memory, dealt out to the series of both.
#include <deque>

#include "storage/engine/merge.h"
#include "storage/engine/part/point_group.h"
#include "storage/engine/part/point_part_writer.h"

namespace kolben::storage::engine {
namespace {

class PointMerge {
 public:
  PointMerge(const std::vector<StoredPart>& inputs, PartTarget& target, KeepGoing& keep_going)
      : inputs_(inputs), target_(target), keep_going_(keep_going) {}

  Result<Merged> run();

 private:
  Status read(const StoredPart& input);
  Status number_series(const StoredPart& input, const part::DecodedSeries& table,
                       std::vector<std::uint32_t>& numbers);

  const std::vector<StoredPart>& inputs_;
  PartTarget& target_;
  KeepGoing& keep_going_;
  std::unique_ptr<part::PointPartWriter> writer_;
  Arena arena_;
  std::deque<part::DecodedSeries> tables_;  // what points and series point into
  std::vector<part::PointRow> rows_;
  std::uint64_t read_ = 0, deleted_ = 0;
};

Status PointMerge::number_series(const StoredPart& input, const part::DecodedSeries& table,
                                 std::vector<std::uint32_t>& numbers) {
  EntryNumbers entries(*input.part);
  for (const part::SeriesKey& key : table.series) {
    KOLBEN_TRY(const std::uint32_t resource, entries.resource(key.resource, writer_->part()));
    KOLBEN_TRY(const std::uint32_t scope, entries.scope(key.scope, writer_->part()));
    numbers.push_back(writer_->series().number_of(resource, scope, key.metric, key.attributes));
  }
  return Status::ok();
}

Status PointMerge::read(const StoredPart& input) {
  part::DecodedSeries& table = tables_.emplace_back();
  KOLBEN_RETURN_IF_ERROR(input.part->series(arena_, table));
  std::vector<std::uint32_t> numbers;
  KOLBEN_RETURN_IF_ERROR(number_series(input, table, numbers));
  std::vector<part::PointRow> points;
  for (std::uint32_t number = 0; number < input.part->groups(); ++number) {
    KOLBEN_RETURN_IF_ERROR(keep_going_());
    KOLBEN_TRY(part::PointGroup group, part::PointGroup::open(input.part, number, table.series));
    points.clear();
    KOLBEN_RETURN_IF_ERROR(group.read(arena_, points));
    read_ += points.size();
    for (std::uint32_t row = 0; row < points.size(); ++row) {
      if (input.deleted && input.deleted->contains(number, row)) {
        ++deleted_;
        continue;
      }
      points[row].series = numbers[points[row].series];
      rows_.push_back(points[row]);
    }
  }
  return Status::ok();
}

Result<Merged> PointMerge::run() {
  KOLBEN_TRY(const std::unique_ptr<PartOutput> output, target_.begin());
  writer_ = std::make_unique<part::PointPartWriter>(
      [&output](std::string_view bytes) { return output->append(bytes); });
  for (const StoredPart& input : inputs_) KOLBEN_RETURN_IF_ERROR(read(input));
  if (rows_.empty()) {
    Merged nothing;
    for (const StoredPart& input : inputs_) nothing.inputs.push_back(input.facts.number);
    return nothing;
  }
  part::PartFacts& facts = writer_->part().facts();
  note_inputs(inputs_, inputs_.size(), facts);
  writer_->add(std::move(rows_));
  KOLBEN_RETURN_IF_ERROR(writer_->finish());
  return finish_merge(inputs_, inputs_.size(), *output, read_, facts.rows + deleted_);
}

}  // namespace

Result<Merged> merge_points(const std::vector<StoredPart>& inputs, PartTarget& target,
                            KeepGoing& keep_going) {
  return PointMerge(inputs, target, keep_going).run();
}

}  // namespace kolben::storage::engine
