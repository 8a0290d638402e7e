// Merging parts of spans into one: traces that came in pieces are made whole, copies and deleted
// rows are left out, rows are in the order of the merged traces. Reads row groups through a bounded
// cache. On the caller's thread.
#pragma once

#include <vector>

#include "base/unique_function.h"
#include "storage/engine/part_output.h"
#include "storage/engine/part_set.h"

namespace kolben::storage::engine {

// Asked every few hundred rows; an error ends the merge with it. May wait.
using KeepGoing = UniqueFunction<Status()>;

struct Merged {
  std::vector<BuiltPart> parts;        // none where every row was deleted
  std::vector<std::uint64_t> inputs;   // the numbers of those that are in it, the first ones
};

// All of one table and retention class.
Result<Merged> merge_spans(const std::vector<StoredPart>& inputs, PartTarget& target,
                           KeepGoing& keep_going);

}  // namespace kolben::storage::engine
