// Snapshot: what a query sees of the store: the parts that were live when it began, in memory and
// on disk, without the rows that were deleted. Immutable and cheap to copy; it keeps alive what it
// names, so that a merge or a retention that happens meanwhile does not disturb the query.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/ids.h"
#include "storage/engine/part/part.h"

namespace kolben::storage::engine {

// Rows of one part that were deleted and not yet rewritten. Immutable; any thread.
class DeletedRows {
 public:
  virtual ~DeletedRows() = default;
  virtual bool contains(std::uint32_t group, std::uint32_t row) const = 0;
  // Whether any row of the row group is deleted.
  virtual bool any(std::uint32_t group) const = 0;
};

struct LivePart {
  std::shared_ptr<const part::Part> part;
  std::shared_ptr<const DeletedRows> deleted;  // null: none
};

struct Snapshot {
  std::vector<LivePart> spans, logs, points;  // in no particular order
};

}  // namespace kolben::storage::engine
