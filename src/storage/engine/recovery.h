// Recovery: what a start does with the log: records that are in no part yet come into the tail
// again, copies are recognised as they were. And what it does with the logs of version 1.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "storage/engine/builder.h"
#include "storage/engine/duplicate_window.h"
#include "storage/engine/part_set.h"
#include "storage/engine/tail.h"
#include "storage/engine/wal.h"

namespace kolben::storage::engine {

struct Recovered {
  std::uint64_t next_sequence = 1;
  DuplicateWindow window;
  std::uint64_t requests = 0;  // that came into the tail
};

struct RecoverySurroundings {
  DataDirectory& directory;
  PartSet& parts;
  Wal& wal;
  Tail& tail;
  Builder& builder;  // not started: makes room in the tail where a log has more than fits
  const Options& options;
  Report& report;
};

Result<Recovered> recover(const RecoverySurroundings& around);

// Reads the logs of a store of version 1 into parts, one log after the other, and removes each.
Status read_old_logs(const RecoverySurroundings& around);

}  // namespace kolben::storage::engine
