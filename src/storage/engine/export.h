// Everything that a snapshot holds, batch by batch, in OTLP's model: for export, and for whoever
// moves a store. One thread.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/unique_function.h"
#include "model/batch.h"
#include "storage/engine/scan/snapshot.h"
#include "storage/plan.h"

namespace kolben::storage::engine {

struct ExportProgress {
  std::uint64_t rows_done = 0;
  std::uint64_t rows_total = 0;  // of the signal
};

// Takes a decoded batch of some rows of one row group, with what was deleted left out. An error
// ends the export.
using TakeBatch = UniqueFunction<Status(Batch&& batch, const ExportProgress& progress)>;

// All rows of `signal` whose time (a span's start) lies in `range`: spans in the order of their
// traces, log records about in the order of time, points series by series, part by part. Spans that
// are in two parts come twice.
Status export_signal(const Snapshot& snapshot, Signal signal, TimeRange range, TakeBatch take);

}  // namespace kolben::storage::engine
