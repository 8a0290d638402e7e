// The spans of one trace in the order in which a person reads them: parent before child, siblings
// by start. Every span gets a row, whatever its parent ids say:
//  - a parent that is not in the trace: the span is an orphan, at depth 0;
//  - spans that are each other's ancestors: the earliest of them counts as an orphan;
//  - several spans with one id: children go to the first, except that a client and a server span
//    that share an id (Zipkin's way) are parent and child, and children go to the server.
// Pure functions; time and memory linear but for the sorting, no recursion.
#pragma once

#include <cstdint>
#include <vector>

#include "model/batch.h"

namespace kolben::query::page {

inline constexpr std::int32_t kRootParent = -1;
inline constexpr std::int32_t kMissingParent = -2;

struct TraceRow {
  const Span* span = nullptr;
  const Scope* scope = nullptr;
  const Resource* resource = nullptr;
  std::int32_t parent = kRootParent;  // the parent's row
  std::uint32_t depth = 0;
};

std::vector<TraceRow> trace_rows(const DecodedTraces& traces);

}  // namespace kolben::query::page
