// Relatives: which spans of a trace have a relative that matches, by the ids that they name.
// A parent of a span is any other span with the id that it names; ancestors are reached over
// parents, so that a missing one ends its branch and a circle ends nowhere else than where it
// began. Pure; linear in the spans.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/ids.h"
#include "storage/plan.h"

namespace kolben::storage::scan {

struct Kin {
  SpanId id;
  SpanId parent;  // zero: none
  bool matches = false;
};

// For each span whether it has a relative that matches.
std::vector<std::uint8_t> have_relatives(Relation relation, std::span<const Kin> spans);

}  // namespace kolben::storage::scan
