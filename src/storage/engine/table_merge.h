// What merges of all tables have in common; a file for each table. Where a row goes is found first,
// in one pass over the inputs; then rows are read in that order, through a bounded cache of row
// groups. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <vector>

#include "base/arena.h"
#include "storage/engine/merge.h"
#include "storage/engine/part/part_writer.h"

namespace kolben::storage::engine {

Result<Merged> merge_spans(const std::vector<StoredPart>& inputs, PartTarget& target,
                           KeepGoing& keep_going);
Result<Merged> merge_logs(const std::vector<StoredPart>& inputs, PartTarget& target,
                          KeepGoing& keep_going);
Result<Merged> merge_points(const std::vector<StoredPart>& inputs, PartTarget& target,
                            KeepGoing& keep_going);

// Rows (or pieces of traces) that one merge keeps track of, up to 40 bytes each.
inline constexpr std::size_t kMergeEntriesMax = std::size_t{3} << 20;
// Rows that are written at once.
inline constexpr std::size_t kMergeRowsAtOnce = 512;

// The numbers that the resources and scopes of one input have in the output.
class EntryNumbers {
 public:
  explicit EntryNumbers(const part::Part& from)
      : from_(from),
        resources_(from.resources().size(), UINT32_MAX),
        scopes_(from.scopes().size(), UINT32_MAX) {}

  // DATA_LOSS where the input has no such entry.
  Result<std::uint32_t> resource(std::uint64_t number, part::PartWriter& to);
  Result<std::uint32_t> scope(std::uint64_t number, part::PartWriter& to);

 private:
  const part::Part& from_;
  std::vector<std::uint32_t> resources_, scopes_;
};

// Memory that a row group takes once it is decoded, about.
std::uint64_t memory_of(const part::GroupDirectory& directory);

// Row groups (SpanGroup, LogGroup) as they were used last.
template <typename Group>
class MergeGroups {
 public:
  static constexpr std::size_t kGroupsMax = 24;
  static constexpr std::uint64_t kBytesMax = 96 << 20;

  explicit MergeGroups(const std::vector<StoredPart>& inputs) : inputs_(inputs) {}

  Result<std::shared_ptr<Group>> get(std::size_t input, std::uint32_t group) {
    for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
      if (entry->input != input || entry->group != group) continue;
      entries_.splice(entries_.begin(), entries_, entry);
      return entries_.front().rows;
    }
    KOLBEN_TRY(Group opened, Group::open(inputs_[input].part, group));
    const std::uint64_t bytes = memory_of(opened.columns().directory());
    entries_.push_front({input, group, bytes, std::make_shared<Group>(std::move(opened))});
    bytes_ += bytes;
    while (entries_.size() > kGroupsMax || (bytes_ > kBytesMax && entries_.size() > 1)) {
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
    std::shared_ptr<Group> rows;
  };
  const std::vector<StoredPart>& inputs_;
  std::list<Entry> entries_;
  std::uint64_t bytes_ = 0;
};

// Rows that were read and wait to be written, with what they point into: Item is a Span or a
// LogRecord, Row what the table's writer takes.
template <typename Group, typename Item, typename Row>
struct WaitingRows {
  std::vector<Row> rows;
  std::deque<Item> items;
  std::vector<std::shared_ptr<Group>> groups;
  Arena arena;

  // Keeps a row group alive: rows point into it from now on.
  void hold(const std::shared_ptr<Group>& group) {
    if (std::find(groups.begin(), groups.end(), group) == groups.end()) groups.push_back(group);
  }
  bool holds_many_groups() const { return groups.size() > MergeGroups<Group>::kGroupsMax; }
  void clear() {
    rows.clear();
    items.clear();
    groups.clear();
    arena = Arena();
  }
};

// What the inputs' facts say of the output.
void note_inputs(const std::vector<StoredPart>& inputs, std::size_t count, part::PartFacts& facts);
// The outcome of a merge of the first `count` inputs; `output` is null where no row is left.
Result<Merged> finish_merge(const std::vector<StoredPart>& inputs, std::size_t count,
                            PartOutput* output);
// Whether each of the rows was written or left out for a reason: nothing may get lost here,
// whatever is wrong with an input or with us.
Status check_account(std::uint64_t rows, std::uint64_t accounted);

// One merge into a part of the table that Writer (SpanPartWriter, ...) writes. A table says what it
// lists of an input's row groups, and how it writes what it has listed.
template <typename Writer>
class TableMerge {
 public:
  TableMerge(const std::vector<StoredPart>& inputs, PartTarget& target, KeepGoing& keep_going)
      : inputs_(inputs), target_(target), keep_going_(keep_going) {}
  virtual ~TableMerge() = default;

  Result<Merged> run() {
    KOLBEN_TRY(const std::unique_ptr<PartOutput> output, target_.begin());
    writer_ = std::make_unique<Writer>(
        [&output](std::string_view bytes) { return output->append(bytes); });
    KOLBEN_RETURN_IF_ERROR(list_all());
    if (rows_ == deleted_) return finish_merge(inputs_, numbers_.size(), nullptr);
    note_inputs(inputs_, numbers_.size(), writer_->part().facts());
    KOLBEN_RETURN_IF_ERROR(write());
    KOLBEN_RETURN_IF_ERROR(writer_->finish());
    KOLBEN_RETURN_IF_ERROR(
        check_account(rows_, writer_->part().facts().rows + copies() + deleted_));
    return finish_merge(inputs_, numbers_.size(), output.get());
  }

 protected:
  // What it keeps track of for an input, as kMergeEntriesMax counts it.
  virtual Result<std::size_t> entries_of(const part::Part& part) const = 0;
  // Notes where the rows of a row group go. Counts all in rows_.
  virtual Status list(std::size_t input, std::uint32_t group) = 0;
  // Writes what was listed, in the order of the table.
  virtual Status write() = 0;
  // Rows that the writer has left out.
  virtual std::uint64_t copies() const { return 0; }

  bool is_deleted(std::size_t input, std::uint32_t group, std::uint32_t row) const {
    const RowSet* deleted = inputs_[input].deleted.get();
    return deleted != nullptr && deleted->contains(group, row);
  }

  const std::vector<StoredPart>& inputs_;
  PartTarget& target_;
  KeepGoing& keep_going_;
  std::unique_ptr<Writer> writer_;
  std::vector<EntryNumbers> numbers_;  // by input; of those that are in it
  std::size_t entries_ = 0;            // of those, at most
  std::uint64_t rows_ = 0;
  std::uint64_t deleted_ = 0;

 private:
  // Two inputs whatever they are, further ones while there is room.
  Status choose_inputs() {
    for (const StoredPart& input : inputs_) {
      KOLBEN_TRY(const std::size_t more, entries_of(*input.part));
      if (numbers_.size() > 1 && entries_ + more > kMergeEntriesMax) break;
      entries_ += more;
      numbers_.emplace_back(*input.part);
    }
    return Status::ok();
  }

  Status list_all() {
    KOLBEN_RETURN_IF_ERROR(choose_inputs());
    for (std::size_t input = 0; input < numbers_.size(); ++input) {
      for (std::uint32_t group = 0; group < inputs_[input].part->groups(); ++group) {
        KOLBEN_RETURN_IF_ERROR(keep_going_());
        KOLBEN_RETURN_IF_ERROR(list(input, group));
      }
    }
    return Status::ok();
  }
};

}  // namespace kolben::storage::engine
