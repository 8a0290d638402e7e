// match_codes(): which of many small codes are among those that are wanted. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kolben::storage::scan {

// A byte for each code: by_code[code], which is 0 or 1. Every code is below by_code.size(). Of few
// wanted codes each is compared with, in steps of a fixed number, which the compiler vectorises;
// otherwise the table is asked.
inline void match_codes(std::span<const std::uint8_t> codes, std::span<const std::uint8_t> by_code,
                        std::uint8_t* __restrict hits) {
  constexpr std::size_t kStep = 64;
  constexpr std::size_t kComparedMax = 8;
  std::uint8_t wanted[kComparedMax] = {};
  std::size_t count = 0;
  for (std::size_t code = 0; code < by_code.size() && count <= kComparedMax; ++code) {
    if (by_code[code] == 0) continue;
    if (count < kComparedMax) wanted[count] = static_cast<std::uint8_t>(code);
    ++count;
  }
  std::size_t i = 0;
  for (; count <= kComparedMax && i + kStep <= codes.size(); i += kStep) {
    const std::uint8_t* step = codes.data() + i;
    std::uint8_t found[kStep] = {};
    for (std::size_t w = 0; w < count; ++w) {
      for (std::size_t j = 0; j < kStep; ++j) {
        found[j] = static_cast<std::uint8_t>(found[j] | (step[j] == wanted[w] ? 1 : 0));
      }
    }
    std::copy_n(found, kStep, hits + i);
  }
  for (; i < codes.size(); ++i) hits[i] = by_code[codes[i]];
}

}  // namespace kolben::storage::scan
