// Merging parts of one table and retention class into one: copies and deleted rows are left out,
// rows are in the order of their table, traces that came in pieces are made whole. Reads row groups
// through a bounded cache. A file for each table. On the caller's thread.
#pragma once

#include <list>
#include <vector>

#include "base/unique_function.h"
#include "storage/engine/part/part_writer.h"
#include "storage/engine/part_output.h"
#include "storage/engine/part_set.h"

namespace kolben::storage::engine {

// Asked every few hundred rows; an error ends the merge with it. May wait.
using KeepGoing = UniqueFunction<Status()>;

struct Merged {
  std::vector<BuiltPart> parts;       // none where every row was deleted
  std::vector<std::uint64_t> inputs;  // the numbers of those that are in it, the first ones
};

// All of one table and retention class.
Result<Merged> merge_parts(const std::vector<StoredPart>& inputs, PartTarget& target,
                           KeepGoing& keep_going);
Result<Merged> merge_spans(const std::vector<StoredPart>& inputs, PartTarget& target,
                           KeepGoing& keep_going);
Result<Merged> merge_logs(const std::vector<StoredPart>& inputs, PartTarget& target,
                          KeepGoing& keep_going);
// Holds all points in memory: the plan gives it fewer rows.
Result<Merged> merge_points(const std::vector<StoredPart>& inputs, PartTarget& target,
                            KeepGoing& keep_going);

// Rows (or pieces of traces) that one merge keeps track of, up to 40 bytes each.
inline constexpr std::size_t kMergeEntriesMax = std::size_t{3} << 20;

// What the inputs' facts say of the output.
void note_inputs(const std::vector<StoredPart>& inputs, std::size_t count, part::PartFacts& facts);
// Ends the output; checks that every row is accounted for, since nothing may get lost here whatever
// is wrong with an input or with us.
Result<Merged> finish_merge(const std::vector<StoredPart>& inputs, std::size_t count,
                            PartOutput& output, std::uint64_t rows, std::uint64_t accounted);

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
class GroupCache {
 public:
  static constexpr std::size_t kGroupsMax = 24;
  static constexpr std::uint64_t kBytesMax = 96 << 20;

  explicit GroupCache(const std::vector<StoredPart>& inputs) : inputs_(inputs) {}

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

}  // namespace kolben::storage::engine
