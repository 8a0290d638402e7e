// Parts of log records into one: the place of every row in the merged order is found first, then
// rows are read in that order.
#include <algorithm>
#include <deque>
#include <tuple>

#include "storage/engine/merge.h"
#include "storage/engine/part/log_group.h"
#include "storage/engine/part/log_part_writer.h"

namespace kolben::storage::engine {
namespace {

using part::LogGroup;

constexpr std::uint64_t kMinuteNanos = 60'000'000'000;
constexpr std::size_t kRowsAtOnce = 512;

// Where a row is, and where it goes.
struct Place {
  std::uint64_t time = 0;
  std::uint32_t resource = 0;  // in the output
  std::uint32_t group = 0;
  std::uint16_t input = 0;
  std::uint16_t row = 0;
};

class LogMerge {
 public:
  LogMerge(const std::vector<StoredPart>& inputs, PartTarget& target, KeepGoing& keep_going)
      : inputs_(inputs), target_(target), keep_going_(keep_going), groups_(inputs) {}

  Result<Merged> run();

 private:
  Status list_rows();
  Status list_rows_of(std::size_t input, std::uint32_t group);
  Status write_rows();
  Status add_row(const Place& place);
  void write_waiting();

  const std::vector<StoredPart>& inputs_;
  PartTarget& target_;
  KeepGoing& keep_going_;
  GroupCache<LogGroup> groups_;
  std::size_t used_ = 0;  // inputs
  std::vector<Place> places_;
  std::unique_ptr<part::LogPartWriter> writer_;
  std::vector<EntryNumbers> numbers_;  // by input
  std::uint64_t rows_ = 0, deleted_ = 0;

  // Rows that wait to be written, and what they point into.
  std::vector<part::LogRow> waiting_;
  std::deque<LogRecord> records_;
  std::vector<std::shared_ptr<LogGroup>> held_;
  Arena arena_;
};

Status LogMerge::list_rows() {
  std::uint64_t rows = 0;
  for (; used_ < inputs_.size(); ++used_) {
    rows += inputs_[used_].part->facts().rows;
    if (used_ > 1 && rows > kMergeEntriesMax) break;
    numbers_.emplace_back(*inputs_[used_].part);
  }
  for (std::size_t input = 0; input < used_; ++input) {
    for (std::uint32_t group = 0; group < inputs_[input].part->groups(); ++group) {
      KOLBEN_RETURN_IF_ERROR(keep_going_());
      KOLBEN_RETURN_IF_ERROR(list_rows_of(input, group));
    }
  }
  return Status::ok();
}

Status LogMerge::list_rows_of(std::size_t input, std::uint32_t group) {
  KOLBEN_TRY(LogGroup opened, LogGroup::open(inputs_[input].part, group));
  KOLBEN_TRY(const std::span<const std::uint64_t> times, opened.effective_times());
  KOLBEN_TRY(const part::NumberColumn* resources,
             opened.columns().numbers(part::log_column::kResource));
  rows_ += opened.rows();
  const RowSet* deleted = inputs_[input].deleted.get();
  for (std::uint32_t row = 0; row < opened.rows(); ++row) {
    if (deleted != nullptr && deleted->contains(group, row)) {
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

Status LogMerge::write_rows() {
  std::sort(places_.begin(), places_.end(), [](const Place& a, const Place& b) {
    return std::tuple(a.time / kMinuteNanos, a.resource, a.time, a.input, a.group, a.row) <
           std::tuple(b.time / kMinuteNanos, b.resource, b.time, b.input, b.group, b.row);
  });
  for (const Place& place : places_) {
    if (waiting_.size() >= kRowsAtOnce || held_.size() > GroupCache<LogGroup>::kGroupsMax) {
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
  if (std::find(held_.begin(), held_.end(), group) == held_.end()) held_.push_back(group);
  LogRecord& record = records_.emplace_back();
  KOLBEN_RETURN_IF_ERROR(group->read(place.row, arena_, record));
  KOLBEN_TRY(const part::NumberColumn* scopes, group->columns().numbers(part::log_column::kScope));
  KOLBEN_TRY(const std::uint32_t scope,
             numbers_[place.input].scope((*scopes)[place.row], writer_->part()));
  waiting_.push_back({&record, place.resource, scope});
  return Status::ok();
}

void LogMerge::write_waiting() {
  writer_->add(waiting_);
  waiting_.clear();
  records_.clear();
  held_.clear();
  arena_ = Arena();
}

Result<Merged> LogMerge::run() {
  KOLBEN_TRY(const std::unique_ptr<PartOutput> output, target_.begin());
  writer_ = std::make_unique<part::LogPartWriter>(
      [&output](std::string_view bytes) { return output->append(bytes); });
  KOLBEN_RETURN_IF_ERROR(list_rows());
  if (places_.empty()) {
    Merged nothing;
    for (std::size_t i = 0; i < used_; ++i) nothing.inputs.push_back(inputs_[i].facts.number);
    return nothing;
  }
  part::PartFacts& facts = writer_->part().facts();
  note_inputs(inputs_, used_, facts);
  KOLBEN_RETURN_IF_ERROR(write_rows());
  KOLBEN_RETURN_IF_ERROR(writer_->finish());
  return finish_merge(inputs_, used_, *output, rows_, facts.rows + deleted_);
}

}  // namespace

Result<Merged> merge_logs(const std::vector<StoredPart>& inputs, PartTarget& target,
                          KeepGoing& keep_going) {
  return LogMerge(inputs, target, keep_going).run();
}

}  // namespace kolben::storage::engine
