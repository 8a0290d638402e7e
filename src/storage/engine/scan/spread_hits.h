// spread_hits(): from values that only some rows have to the rows. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kolben::storage::scan {

// Hits are a byte, 0 or 1, for each value of a column, and behind them zeros: one for each item
// (row, event, link) and this many. An item's shape says that it has a value, the column how many
// values there are: in a damaged part shapes may name more items than that, and these have no hit.
// The padding is for who reads hits in steps of 64.
inline constexpr std::size_t kHitsPadding = 64;

// `has_value`: a byte for each item, 0 or 1, and zeros up to a multiple of 64. Adds the items whose
// value has a hit to `words`, a bit for each.
void spread_hits(std::span<const std::uint8_t> has_value, const std::uint8_t* hits,
                 std::span<std::uint64_t> words);

// What spread_hits() does where the processor has no instruction for it. For tests.
void spread_hits_portably(std::span<const std::uint8_t> has_value, const std::uint8_t* hits,
                          std::span<std::uint64_t> words);

}  // namespace kolben::storage::scan
