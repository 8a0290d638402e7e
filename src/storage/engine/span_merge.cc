// Parts of spans into one: the pieces of traces are found first, then traces are written in the
// order that they have when they are whole.
#include <algorithm>
#include <list>
#include <tuple>

#include "storage/engine/merge.h"
#include "storage/engine/part/span_group.h"
#include "storage/engine/part/span_part_writer.h"

namespace kolben::storage::engine {
namespace {

using part::SpanGroup;
using part::SpanRow;

// Rows that are written at once; a trace has its own rows together, as long as they are fewer than
// the second number.
constexpr std::size_t kRowsAtOnce = 512;
constexpr std::size_t kTraceRowsMax = 64 << 10;
// The rows of a trace in one row group of one input.
struct Piece {
  TraceId id;
  std::uint64_t start = 0;  // of the trace, once all pieces are known
  std::uint32_t group = 0;
  std::uint16_t input = 0;
  std::uint16_t run = 0;  // in the row group
};

class SpanMerge {
 public:
  SpanMerge(const std::vector<StoredPart>& inputs, PartTarget& target, KeepGoing& keep_going)
      : inputs_(inputs), target_(target), keep_going_(keep_going), groups_(inputs) {}

  Result<Merged> run();

 private:
  Status list_pieces();
  Status list_pieces_of(std::size_t input);
  Status list_pieces_of(std::size_t input, std::uint32_t group);
  Result<std::size_t> traces_of(std::size_t input) const;
  void order_pieces();
  Status write_pieces();
  Status add_piece(const Piece& piece);
  Status add_row(const Piece& piece, SpanGroup& group, std::uint32_t row);
  void write_rows();

  const std::vector<StoredPart>& inputs_;
  PartTarget& target_;
  KeepGoing& keep_going_;
  GroupCache<SpanGroup> groups_;
  std::size_t used_ = 0;  // inputs
  std::vector<Piece> pieces_;
  std::unique_ptr<part::SpanPartWriter> writer_;
  std::vector<EntryNumbers> numbers_;  // by input
  std::uint64_t rows_ = 0, deleted_ = 0;

  // Rows that wait to be written, and what they point into.
  std::vector<SpanRow> waiting_;
  std::list<Span> spans_;
  std::vector<std::shared_ptr<SpanGroup>> held_;
  Arena arena_;
};

Result<std::size_t> SpanMerge::traces_of(std::size_t input) const {
  std::size_t traces = 0;
  const part::Part& part = *inputs_[input].part;
  for (std::size_t group = 0; group < part.groups(); ++group) {
    KOLBEN_TRY(const part::GroupDirectory directory, part.directory(group));
    const part::Chunk* ids = directory.find(part::span_column::kTraceId);
    traces += ids == nullptr ? 0 : ids->values;
  }
  return traces;
}

Status SpanMerge::list_pieces() {
  std::size_t expected = 0;
  for (; used_ < inputs_.size(); ++used_) {
    KOLBEN_TRY(const std::size_t traces, traces_of(used_));
    expected += traces;
    if (used_ > 1 && expected > kMergeEntriesMax) break;
  }
  pieces_.reserve(expected);
  for (std::size_t input = 0; input < used_; ++input) {
    KOLBEN_RETURN_IF_ERROR(list_pieces_of(input));
  }
  return Status::ok();
}

Status SpanMerge::list_pieces_of(std::size_t input) {
  for (std::uint32_t group = 0; group < inputs_[input].part->groups(); ++group) {
    KOLBEN_RETURN_IF_ERROR(keep_going_());
    KOLBEN_RETURN_IF_ERROR(list_pieces_of(input, group));
  }
  return Status::ok();
}

Status SpanMerge::list_pieces_of(std::size_t input, std::uint32_t group) {
  KOLBEN_TRY(SpanGroup opened, SpanGroup::open(inputs_[input].part, group));
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, opened.traces());
  KOLBEN_TRY(const std::span<const std::uint64_t> starts, opened.starts());
  const RowSet* deleted = inputs_[input].deleted.get();
  for (std::size_t run = 0; run < runs.size(); ++run) {
    std::uint32_t row = runs[run].first;
    const std::uint32_t end = row + runs[run].rows;
    while (deleted != nullptr && row < end && deleted->contains(group, row)) ++row;
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

Status SpanMerge::write_pieces() {
  for (std::size_t i = 0; i < pieces_.size(); ++i) {
    const bool is_new_trace = i == 0 || pieces_[i].id != pieces_[i - 1].id;
    // A monstrous trace comes in portions rather than fill the memory.
    const bool is_monster =
        waiting_.size() >= kTraceRowsMax || held_.size() > GroupCache<SpanGroup>::kGroupsMax;
    if ((is_new_trace && waiting_.size() >= kRowsAtOnce) || is_monster) {
      KOLBEN_RETURN_IF_ERROR(keep_going_());
      write_rows();
    }
    KOLBEN_RETURN_IF_ERROR(add_piece(pieces_[i]));
  }
  write_rows();
  return Status::ok();
}

Status SpanMerge::add_piece(const Piece& piece) {
  KOLBEN_TRY(const std::shared_ptr<SpanGroup> group, groups_.get(piece.input, piece.group));
  if (std::find(held_.begin(), held_.end(), group) == held_.end()) held_.push_back(group);
  KOLBEN_TRY(const std::span<const part::TraceRun> runs, group->traces());
  const part::TraceRun& run = runs[piece.run];
  const RowSet* deleted = inputs_[piece.input].deleted.get();
  for (std::uint32_t row = run.first; row < run.first + run.rows; ++row) {
    if (deleted != nullptr && deleted->contains(piece.group, row)) {
      ++deleted_;
    } else {
      KOLBEN_RETURN_IF_ERROR(add_row(piece, *group, row));
    }
  }
  return Status::ok();
}

Status SpanMerge::add_row(const Piece& piece, SpanGroup& group, std::uint32_t row) {
  Span& span = spans_.emplace_back();
  KOLBEN_RETURN_IF_ERROR(group.read(row, arena_, span));
  KOLBEN_TRY(const part::NumberColumn* resources,
             group.columns().numbers(part::span_column::kResource));
  KOLBEN_TRY(const part::NumberColumn* scopes, group.columns().numbers(part::span_column::kScope));
  EntryNumbers& numbers = numbers_[piece.input];
  KOLBEN_TRY(const std::uint32_t resource, numbers.resource((*resources)[row], writer_->part()));
  KOLBEN_TRY(const std::uint32_t scope, numbers.scope((*scopes)[row], writer_->part()));
  waiting_.push_back({&span, resource, scope, 0});
  return Status::ok();
}

void SpanMerge::write_rows() {
  part::sort_rows(waiting_);
  writer_->add(waiting_);
  waiting_.clear();
  spans_.clear();
  held_.clear();
  arena_ = Arena();
}

Result<Merged> SpanMerge::run() {
  KOLBEN_RETURN_IF_ERROR(list_pieces());
  order_pieces();
  if (pieces_.empty()) {
    Merged nothing;
    for (std::size_t i = 0; i < used_; ++i) nothing.inputs.push_back(inputs_[i].facts.number);
    return nothing;
  }
  KOLBEN_TRY(const std::unique_ptr<PartOutput> output, target_.begin());
  writer_ = std::make_unique<part::SpanPartWriter>(
      [&output](std::string_view bytes) { return output->append(bytes); });
  part::PartFacts& facts = writer_->part().facts();
  note_inputs(inputs_, used_, facts);
  for (std::size_t i = 0; i < used_; ++i) numbers_.emplace_back(*inputs_[i].part);
  KOLBEN_RETURN_IF_ERROR(write_pieces());
  KOLBEN_RETURN_IF_ERROR(writer_->finish());
  return finish_merge(inputs_, used_, *output, rows_,
                      facts.rows + writer_->duplicates() + deleted_);
}

}  // namespace

Result<Merged> merge_spans(const std::vector<StoredPart>& inputs, PartTarget& target,
                           KeepGoing& keep_going) {
  return SpanMerge(inputs, target, keep_going).run();
}

}  // namespace kolben::storage::engine
