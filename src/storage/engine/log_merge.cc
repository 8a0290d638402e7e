// Parts of log records into one.
#include <algorithm>
#include <tuple>

#include "storage/engine/part/log_group.h"
#include "storage/engine/part/log_part_writer.h"
#include "storage/engine/table_merge.h"

namespace kolben::storage::engine {
namespace {

using part::LogGroup;

constexpr std::uint64_t kMinuteNanos = 60'000'000'000;

// Where a row is, and where it goes.
struct Place {
  std::uint64_t time = 0;
  std::uint32_t resource = 0;  // in the output
  std::uint32_t group = 0;
  std::uint16_t input = 0;
  std::uint16_t row = 0;
};

class LogMerge final : public TableMerge<part::LogPartWriter> {
 public:
  LogMerge(const std::vector<StoredPart>& inputs, PartTarget& target, KeepGoing& keep_going)
      : TableMerge(inputs, target, keep_going), groups_(inputs) {}

 private:
  Result<std::size_t> entries_of(const part::Part& part) const override {
    return part.facts().rows;
  }
  Status list(std::size_t input, std::uint32_t group) override;
  Status write() override;
  Status add_row(const Place& place);
  void write_waiting();

  MergeGroups<LogGroup> groups_;
  std::vector<Place> places_;
  WaitingRows<LogGroup, LogRecord, part::LogRow> waiting_;
};

Status LogMerge::list(std::size_t input, std::uint32_t group) {
  KOLBEN_TRY(LogGroup opened, LogGroup::open(inputs_[input].part, group));
  KOLBEN_TRY(const std::span<const std::uint64_t> times, opened.effective_times());
  KOLBEN_TRY(const part::NumberColumn* resources,
             opened.columns().numbers_of_rows(part::log_column::kResource));
  rows_ += opened.rows();
  places_.reserve(entries_);
  for (std::uint32_t row = 0; row < opened.rows(); ++row) {
    if (is_deleted(input, group, row)) {
      ++deleted_;
      continue;
    }
    KOLBEN_TRY(const std::uint32_t resource,
               numbers_[input].resource((*resources)[row], writer_->part()));
    places_.push_back({times[row], resource, group, static_cast<std::uint16_t>(input),
                       static_cast<std::uint16_t>(row)});
  }
  return Status::ok();
}

Status LogMerge::write() {
  std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::tuple(a.time / kMinuteNanos, a.resource, a.time, a.input, a.group, a.row) <
           std::tuple(b.time / kMinuteNanos, b.resource, b.time, b.input, b.group, b.row);
  });
  for (const Place& place : places_) {
    if (waiting_.rows.size() >= kMergeRowsAtOnce || waiting_.holds_many_groups()) {
      KOLBEN_RETURN_IF_ERROR(keep_going_());
      write_waiting();
    }
    KOLBEN_RETURN_IF_ERROR(add_row(place));
  }
  write_waiting();
  return Status::ok();
}

Status LogMerge::add_row(const Place& place) {
  KOLBEN_TRY(const std::shared_ptr<LogGroup> group, groups_.get(place.input, place.group));
  waiting_.hold(group);
  LogRecord& record = waiting_.items.emplace_back();
  KOLBEN_RETURN_IF_ERROR(group->read(place.row, waiting_.arena, record));
  KOLBEN_TRY(const part::NumberColumn* scopes,
             group->columns().numbers_of_rows(part::log_column::kScope));
  KOLBEN_TRY(const std::uint32_t scope,
             numbers_[place.input].scope((*scopes)[place.row], writer_->part()));
  waiting_.rows.push_back({&record, place.resource, scope});
  return Status::ok();
}

void LogMerge::write_waiting() {
  writer_->add(waiting_.rows);
  waiting_.clear();
}

}  // namespace

Result<Merged> merge_logs(const std::vector<StoredPart>& inputs, PartTarget& target,
                          KeepGoing& keep_going) {
  return LogMerge(inputs, target, keep_going).run();
}

}  // namespace kolben::storage::engine
