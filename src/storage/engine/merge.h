// Merging parts of one table and retention class into one: copies and deleted rows are left out,
// rows are in the order of their table, traces that came in pieces are made whole. On the caller's
// thread; memory is bounded, see table_merge.h.
#pragma once

#include <cstdint>
#include <vector>

#include "base/unique_function.h"
#include "storage/engine/part_output.h"
#include "storage/engine/part_set.h"

namespace kolben::storage::engine {

// Asked every few hundred rows; an error ends the merge with it. May wait.
using KeepGoing = UniqueFunction<Status()>;

struct Merged {
  std::vector<BuiltPart> parts;       // none where every row was deleted
  std::vector<std::uint64_t> inputs;  // the numbers of those that are in it, the first ones
};

// All of one table and retention class. Of metric points the plan gives it fewer: they are all in
// memory at once.
Result<Merged> merge_parts(const std::vector<StoredPart>& inputs, PartTarget& target,
                           KeepGoing& keep_going);

}  // namespace kolben::storage::engine
