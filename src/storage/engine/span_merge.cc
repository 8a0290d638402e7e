#include "storage/engine/span_merge.h"

#include <algorithm>
#include <list>
#include <tuple>

#include "storage/engine/part/span_group.h"
#include "storage/engine/part/span_part_writer.h"

namespace kolben::storage::engine {
namespace {

using part::SpanGroup;
using part::SpanRow;

// Pieces of traces that one merge keeps track of, 40 bytes each. Parts of many short traces are
// merged fewer at a time.
constexpr std::size_t kPiecesMax = std::size_t{3} << 20;
// Rows that are written at once; a trace has its own rows together, as long as they are fewer than
// the second number.
constexpr std::size_t kRowsAtOnce = 512;
constexpr std::size_t kTraceRowsMax = 64 << 10;
// Row groups in memory.
constexpr std::size_t kGroupsMax = 24;
constexpr std::uint64_t kGroupsBytesMax = 96 << 20;
// What a row group takes decoded, compared with its blocks. Measured on the reference data.
constexpr std::uint64_t kExpansion = 6;
constexpr std::uint64_t kRowBytes = 100;

// The rows of a trace in one row group of one input.
struct Piece {
  TraceId id;
  std::uint64_t start = 0;  // of the trace, once all pieces are known
  std::uint32_t group = 0;
  std::uint16_t input = 0;
  std::uint16_t run = 0;  // in the row group
};

std::uint64_t memory_of(const part::GroupDirectory& directory) {
  std::uint64_t bytes = 0;
  for (const part::Chunk& chunk : directory.chunks) {
    bytes += chunk.dictionary.bytes + chunk.data.bytes;
  }
  return bytes * kExpansion + directory.facts.rows * kRowBytes;
}

// Row groups as they were used last.
class GroupCache {
 public:
  explicit GroupCache(const std::vector<StoredPart>& inputs) : inputs_(inputs) {}

  Result<std::shared_ptr<SpanGroup>> get(std::size_t input, std::uint32_t group) {
    const auto known = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
      return entry.input == input && entry.group == group;
    });
    if (known != entries_.end()) {
      entries_.splice(entries_.begin(), entries_, known);
      return entries_.front().rows;
    }
    KOLBEN_TRY(SpanGroup opened, SpanGroup::open(inputs_[input].part, group));
    const std::uint64_t bytes = memory_of(opened.columns().directory());
    entries_.push_front(
        {input, group, bytes, std::make_shared<SpanGroup>(std::move(opened))});
    bytes_ += bytes;
    while (entries_.size() > kGroupsMax || (bytes_ > kGroupsBytesMax && entries_.size() > 1)) {
      bytes_ -= entries_.back().bytes;
      entries_.pop_back();
    }
    return entries_.front().rows;
  }

 private:
  struct Entry {
    std::size_t input;
    std::uint32_t group;
    std::uint64_t bytes;
    std::shared_ptr<SpanGroup> rows;
  };
  const std::vector<StoredPart>& inputs_;
  std::list<Entry> entries_;
  std::uint64_t bytes_ = 0;
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
  std::uint32_t resource_number(std::size_t input, std::uint64_t resource);
  std::uint32_t scope_number(std::size_t input, std::uint64_t scope);

  const std::vector<StoredPart>& inputs_;
  PartTarget& target_;
  KeepGoing& keep_going_;
  GroupCache groups_;
  std::size_t used_ = 0;  // inputs
  std::vector<Piece> pieces_;
  std::unique_ptr<part::SpanPartWriter> writer_;
  std::vector<std::vector<std::uint32_t>> resources_, scopes_;  // by input: numbers in the output
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
    if (used_ > 1 && expected > kPiecesMax) break;
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
    const bool is_monster = waiting_.size() >= kTraceRowsMax || held_.size() > kGroupsMax;
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
  const part::Part& from = *inputs_[piece.input].part;
  if ((*resources)[row] >= from.resources().size() || (*scopes)[row] >= from.scopes().size()) {
    return data_loss("a row names a resource or scope that the part does not have");
  }
  waiting_.push_back({&span, resource_number(piece.input, (*resources)[row]),
                      scope_number(piece.input, (*scopes)[row]), 0});
  return Status::ok();
}

std::uint32_t SpanMerge::resource_number(std::size_t input, std::uint64_t resource) {
  std::uint32_t& known = resources_[input][resource];
  if (known == UINT32_MAX) {
    const part::ResourceEntry& entry = inputs_[input].part->resources()[resource];
    known = writer_->part().resource(entry.resource, entry.schema_url);
  }
  return known;
}

std::uint32_t SpanMerge::scope_number(std::size_t input, std::uint64_t scope) {
  std::uint32_t& known = scopes_[input][scope];
  if (known == UINT32_MAX) {
    const part::ScopeEntry& entry = inputs_[input].part->scopes()[scope];
    known = writer_->part().scope(entry.scope, entry.schema_url);
  }
  return known;
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
  Merged merged;
  for (std::size_t input = 0; input < used_; ++input) {
    merged.inputs.push_back(inputs_[input].facts.number);
  }
  if (pieces_.empty()) return merged;

  KOLBEN_TRY(const std::unique_ptr<PartOutput> output, target_.begin());
  writer_ = std::make_unique<part::SpanPartWriter>(
      [&output](std::string_view bytes) { return output->append(bytes); });
  part::PartFacts& facts = writer_->part().facts();
  BuiltPart built;
  for (std::size_t input = 0; input < used_; ++input) {
    const part::PartFacts& from = inputs_[input].part->facts();
    facts.first_received = std::min(facts.first_received, from.first_received);
    facts.last_received = std::max(facts.last_received, from.last_received);
    facts.last_sequence = std::max(facts.last_sequence, from.last_sequence);
    facts.retention_class = from.retention_class;
    built.merges = std::max(built.merges, inputs_[input].facts.merges + 1);
    resources_.emplace_back(inputs_[input].part->resources().size(), UINT32_MAX);
    scopes_.emplace_back(inputs_[input].part->scopes().size(), UINT32_MAX);
  }
  KOLBEN_RETURN_IF_ERROR(write_pieces());
  KOLBEN_RETURN_IF_ERROR(writer_->finish());
  // Nothing may get lost here, whatever is wrong with an input or with us.
  const std::uint64_t written = facts.rows + writer_->duplicates() + deleted_;
  if (written != rows_) {
    return internal_error("a merge of " + std::to_string(rows_) + " rows accounts for " +
                          std::to_string(written));
  }
  KOLBEN_TRY(built.part, output->finish());
  built.number = output->number();
  merged.parts.push_back(std::move(built));
  return merged;
}

}  // namespace

Result<Merged> merge_spans(const std::vector<StoredPart>& inputs, PartTarget& target,
                           KeepGoing& keep_going) {
  return SpanMerge(inputs, target, keep_going).run();
}

}  // namespace kolben::storage::engine
