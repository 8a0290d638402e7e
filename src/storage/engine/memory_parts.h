// MemoryParts: what queries see of the tail. Requests that are in no part yet are made into parts
// in memory when somebody asks; these are kept, and small ones are made into larger ones, so that
// many questions while little comes in stay cheap. Any thread; one converts, others wait for it.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/mutex.h"
#include "storage/engine/retention_classes.h"
#include "storage/engine/scan/snapshot.h"
#include "storage/engine/tail.h"

namespace kolben::storage::engine {

// Appends a part to its table of the snapshot.
void add_part(Snapshot& snapshot, LivePart part);

class MemoryParts {
 public:
  // Outlives it.
  explicit MemoryParts(const RetentionClasses& classes) : classes_(classes) {}

  struct Converted {
    std::uint64_t last_sequence = 0;  // of the requests that are in it, and all before
    std::vector<LivePart> parts;
  };
  // One for each piece of the tail, in order.
  Result<std::vector<Converted>> convert(const std::vector<Tail::Piece>& pieces)
      KOLBEN_EXCLUDES(mutex_);

 private:
  // Neighbouring requests of a chunk, as parts.
  struct Run {
    std::size_t end = 0;  // behind its last request
    std::uint64_t items = 0;
    std::vector<LivePart> parts;
  };
  Status extend(std::vector<Run>& runs, const Requests& requests) KOLBEN_REQUIRES(mutex_);

  const RetentionClasses& classes_;
  Mutex mutex_;
  std::map<std::uint64_t, std::vector<Run>> runs_ KOLBEN_GUARDED_BY(mutex_);  // by chunk
};

}  // namespace kolben::storage::engine
