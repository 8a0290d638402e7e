#include "storage/engine/memory_parts.h"

#include <utility>

#include "storage/engine/table_builder.h"

namespace kolben::storage::engine {

void add_part(Snapshot& snapshot, LivePart part) {
  switch (part.part->facts().table) {
    case part::Table::kSpans:
      snapshot.spans.push_back(std::move(part));
      break;
    case part::Table::kLogs:
      snapshot.logs.push_back(std::move(part));
      break;
    case part::Table::kPoints:
      snapshot.points.push_back(std::move(part));
      break;
  }
}

Result<std::vector<MemoryParts::Converted>> MemoryParts::convert(
    const std::vector<Tail::Piece>& pieces) {
  MutexLock lock(mutex_);
  // Another query may have seen a younger tail; older chunks than ours are gone for good.
  while (!runs_.empty() && (pieces.empty() || runs_.begin()->first < pieces.front().chunk)) {
    runs_.erase(runs_.begin());
  }
  std::vector<Converted> all;
  for (const Tail::Piece& piece : pieces) {
    std::vector<Run>& runs = runs_[piece.chunk];
    KOLBEN_RETURN_IF_ERROR(extend(runs, piece.requests));
    Converted& converted = all.emplace_back();
    converted.last_sequence = piece.last_sequence;
    for (const Run& run : runs) {
      converted.parts.insert(converted.parts.end(), run.parts.begin(), run.parts.end());
    }
  }
  return all;
}

// Makes the requests that are not in a run yet into one, together with the runs before it that are
// not twice as large: then each request is converted a number of times that grows with the
// logarithm of the chunk's size.
Status MemoryParts::extend(std::vector<Run>& runs, const Requests& requests) {
  std::size_t begin = runs.empty() ? 0 : runs.back().end;
  if (begin >= requests.size()) return Status::ok();
  Run run;
  run.end = requests.size();
  for (std::size_t i = begin; i < requests.size(); ++i) run.items += requests[i]->items;
  std::size_t kept = runs.size();
  while (kept > 0 && runs[kept - 1].items < 2 * run.items) run.items += runs[--kept].items;
  begin = kept == 0 ? 0 : runs[kept - 1].end;
  MemoryTarget target;
  const Requests chosen(requests.begin() + static_cast<std::ptrdiff_t>(begin), requests.end());
  KOLBEN_TRY(BuildOutcome built, build_parts(chosen, classes_, target));
  for (BuiltPart& part : built.parts) run.parts.push_back({std::move(part.part), nullptr});
  runs.resize(kept);
  runs.push_back(std::move(run));
  return Status::ok();
}

}  // namespace kolben::storage::engine
