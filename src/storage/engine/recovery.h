// Recovery: what a start does with the segments that it finds. Those with an index are mapped; the
// others' logs are read again, record by record, into columns.
#pragma once

#include "base/result.h"
#include "storage/engine/data_directory.h"
#include "storage/engine/duplicate_window.h"
#include "storage/engine/options.h"
#include "storage/engine/segment_set.h"
#include "storage/engine/writer.h"

namespace kolben::storage::engine {

// Fills `segments` and returns where writing goes on.
Result<Writer::Beginning> recover(const DataDirectory& directory, SegmentSet& segments,
                                  Report& report);

// A log's records as columns. Spans that `window` knows are left out.
Result<std::shared_ptr<ActiveSegment>> replay(std::uint64_t number, std::shared_ptr<const File> log,
                                              DuplicateWindow& window);

// Teaches the window the newest spans of sealed segments, as many as it can hold.
void remember(const Views& sealed, DuplicateWindow& window);

RecordEntry entry_of(std::uint64_t offset, const RecordHeader& header);

}  // namespace kolben::storage::engine
