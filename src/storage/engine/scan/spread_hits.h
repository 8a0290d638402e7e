// spread_hits(): from values that only some rows have to the rows. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kolben::storage::scan {

// What spread_hits() may read behind the values' hits: zeros, for each row and this many.
inline constexpr std::size_t kHitsPadding = 64;

// `has_value`: a byte for each row, 0 or 1, and zeros up to a multiple of 64. `hits`: one for each
// value in turn, and the padding. Adds the rows whose value has a hit to `words`, a bit for each.
void spread_hits(std::span<const std::uint8_t> has_value, const std::uint8_t* hits,
                 std::span<std::uint64_t> words);

// What spread_hits() does where the processor has no instruction for it. For tests.
void spread_hits_portably(std::span<const std::uint8_t> has_value, const std::uint8_t* hits,
                          std::span<std::uint64_t> words);

}  // namespace kolben::storage::scan
