// SplitTraces: the traces of a snapshot that lie in more than one row group: their spans came at
// different times and were not merged yet, or they are huge. Whoever looks at whole traces looks
// further only for these. Immutable once found; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/ids.h"
#include "storage/engine/scan/context.h"

namespace kolben::storage::scan {

class SplitTraces {
 public:
  // Reads the ids of all traces. Null where there are so many that half of the query's memory would
  // not hold them: then any trace may be split.
  static Result<std::unique_ptr<SplitTraces>> find(Context& context, Control& control);

  // May say so of a few that are not.
  bool contains(const TraceId& id) const;
  std::size_t size() const { return hashes_.size(); }

 private:
  SplitTraces() = default;

  std::vector<std::uint64_t> hashes_;  // ascending
};

}  // namespace kolben::storage::scan
