// Parts of spans into one: the pieces of traces are found first, then traces are written in the
// order that they have when they are whole.
#include <algorithm>
#include <tuple>

#include "storage/engine/part/span_group.h"
#include "storage/engine/part/span_part_writer.h"
#include "storage/engine/table_merge.h"

namespace kolben::storage::engine {
namespace {

using part::SpanGroup;
using part::SpanRow;

// A trace has its own rows together, as long as they are fewer than this.
constexpr std::size_t kTraceRowsMax = 64 << 10;

// The rows of a trace in one row group of one input.
struct Piece {
  TraceId id;
  std::uint64_t start = 0;  // of the trace, once all pieces are known
  std::uint32_t group = 0;
  std::uint16_t input = 0;
  std::uint16_t run = 0;  // in the row group
};

class SpanMerge final : public TableMerge<part::SpanPartWriter> {
 public:
  SpanMerge(const std::vector<StoredPart>& inputs, PartTarget& target, KeepGoing& keep_going)
      : TableMerge(inputs, target, keep_going), groups_(inputs) {}

 private:
  // Traces.
  Result<std::size_t> entries_of(const part::Part& part) const override;
  Status list(std::size_t input, std::uint32_t group) override;
  Status write() override;
  std::uint64_t copies() const override { return writer_->duplicates(); }
  void order_pieces();
  Status add_piece(const Piece& piece);
  Status add_row(const Piece& piece, SpanGroup& group, std::uint32_t row);
  void write_waiting();

  MergeGroups<SpanGroup> groups_;
  std::vector<Piece> pieces_;
  WaitingRows<SpanGroup, Span, SpanRow> waiting_;
};

Result<std::size_t> SpanMerge::entries_of(const part::Part& part) const {
  std::size_t traces = 0;
  for (std::size_t group = 0; group < part.groups(); ++group) {
    KOLBEN_TRY(const part::GroupDirectory directory, part.directory(group));
    const part::Chunk* ids = directory.find(part::span_column::kTraceId);
    traces += ids == nullptr ? 0 : ids->values;
  }
  return traces;
}

// The deleted rows of a piece are counted when it is written; of a piece that has no others now.
Status SpanMerge::list(std::size_t input, std::uint32_t group) {
  KOLBEN_TRY(SpanGroup opened, SpanGroup::open(inputs_[input].part, group));
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, opened.traces());
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, opened.starts());
  pieces_.reserve(entries_);
  for (std::size_t run = 0; run < runs.size(); ++run) {
    std::uint32_t row = runs[run].first;
    const std::uint32_t end = row + runs[run].rows;
    while (row < end && is_deleted(input, group, row)) ++row;
    if (row == end) {
      deleted_ += runs[run].rows;
      continue;
    }
    pieces_.push_back({runs[run].id, starts[row], group, static_cast<std::uint16_t>(input),
                       static_cast<std::uint16_t>(run)});
  }
  rows_ += opened.rows();
  return Status::ok();
}

// All pieces of a trace get its earliest start; then traces are in the order of rows.
void SpanMerge::order_pieces() {
  std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.id, a.start) < std::tie(b.id, b.start);
  });
  for (std::size_t i = 1; i < pieces_.size(); ++i) {
    if (pieces_[i].id == pieces_[i - 1].id) pieces_[i].start = pieces_[i - 1].start;
  }
  std::sort(pieces_.begin(), pieces_.end(), [](const Piece& a, const Piece& b) {
    return std::tie(a.start, a.id, a.input, a.group) < std::tie(b.start, b.id, b.input, b.group);
  });
}

Status SpanMerge::write() {
  order_pieces();
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const bool is_new_trace = i == 0 || pieces_[i].id != pieces_[i - 1].id;
    // A monstrous trace comes in portions rather than fill the memory.
    const bool is_monster = waiting_.rows.size() >= kTraceRowsMax || waiting_.holds_many_groups();
    if ((is_new_trace && waiting_.rows.size() >= kMergeRowsAtOnce) || is_monster) {
      KOLBEN_RETURN_IF_ERROR(keep_going_());
      write_waiting();
    }
    KOLBEN_RETURN_IF_ERROR(add_piece(pieces_[i]));
  }
  write_waiting();
  return Status::ok();
}

Status SpanMerge::add_piece(const Piece& piece) {
  KOLBEN_TRY(const std::shared_ptr<SpanGroup> group, groups_.get(piece.input, piece.group));
  waiting_.hold(group);
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, group->traces());
  const part::TraceRun& run = runs[piece.run];
  for (std::uint32_t row = run.first; row < run.first + run.rows; ++row) {
    if (is_deleted(piece.input, piece.group, row)) {
      ++deleted_;
    } else {
      KOLBEN_RETURN_IF_ERROR(add_row(piece, *group, row));
    }
  }
  return Status::ok();
}

Status SpanMerge::add_row(const Piece& piece, SpanGroup& group, std::uint32_t row) {
  Span& span = waiting_.items.emplace_back();
  KOLBEN_RETURN_IF_ERROR(group.read(row, waiting_.arena, span));
  KOLBEN_TRY(const part::NumberColumn* resources,
             group.columns().numbers_of_rows(part::span_column::kResource));
  KOLBEN_TRY(const part::NumberColumn* scopes,
             group.columns().numbers_of_rows(part::span_column::kScope));
  EntryNumbers& numbers = numbers_[piece.input];
  KOLBEN_TRY(const std::uint32_t resource, numbers.resource((*resources)[row], writer_->part()));
  KOLBEN_TRY(const std::uint32_t scope, numbers.scope((*scopes)[row], writer_->part()));
  waiting_.rows.push_back({&span, resource, scope, 0});
  return Status::ok();
}

void SpanMerge::write_waiting() {
  part::sort_rows(waiting_.rows);
  writer_->add(waiting_.rows);
  waiting_.clear();
}

}  // namespace

Result<Merged> merge_spans(const std::vector<StoredPart>& inputs, PartTarget& target,
                           KeepGoing& keep_going) {
  return SpanMerge(inputs, target, keep_going).run();
}

}  // namespace kolben::storage::engine
