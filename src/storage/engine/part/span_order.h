// The order of spans in a part: by the start of their trace, its id, their own start, their id.
// Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "model/traces.h"

namespace kolben::storage::part {

// A span that lies in memory somewhere, with the numbers of its resource and scope.
struct SpanRow {
  const Span* span = nullptr;
  std::uint32_t resource = 0;
  std::uint32_t scope = 0;
  std::uint64_t fingerprint = 0;  // of a span straight from the log; 0: none
};

void sort_rows(std::vector<SpanRow>& rows);

// Whether two spans say the same in everything.
bool is_same(const Span& a, const Span& b);

}  // namespace kolben::storage::part
