#include "storage/engine/scan/spread_hits.h"

#include <bit>

#include "storage/engine/scan/selection.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace kolben::storage::scan {
namespace {

constexpr std::size_t kRowsPerWord = 64;

inline std::uint64_t word_of(const std::uint8_t* hits) {
  std::uint64_t word = 0;
  for (unsigned i = 0; i < kRowsPerWord; i += 8) word |= bits_of_hits(hits + i) << i;
  return word;
}

#if defined(__x86_64__)
// The instruction takes a hundred times as long on AMD's processors before Zen 3, which is what
// spread_hits_portably() takes too.
__attribute__((target("bmi2,popcnt"))) void spread_hits_by_instruction(
    std::span<const std::uint8_t> has_value, const std::uint8_t* hits,
    std::span<std::uint64_t> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::uint64_t rows = word_of(&has_value[i * kRowsPerWord]);
    words[i] |= _pdep_u64(word_of(hits), rows);
    hits += _mm_popcnt_u64(rows);
  }
}
#endif

}  // namespace

void spread_hits_portably(std::span<const std::uint8_t> has_value, const std::uint8_t* hits,
                          std::span<std::uint64_t> words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::uint64_t left = word_of(&has_value[i * kRowsPerWord]);
    std::uint64_t found = 0;
    for (; left != 0; left &= left - 1) {
      found |= (left & (~left + 1)) & (0 - std::uint64_t{*hits++});
    }
    words[i] |= found;
  }
}

void spread_hits(std::span<const std::uint8_t> has_value, const std::uint8_t* hits,
                 std::span<std::uint64_t> words) {
#if defined(__x86_64__)
  static const bool has_instruction =
      __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
  if (has_instruction) return spread_hits_by_instruction(has_value, hits, words);
#endif
  spread_hits_portably(has_value, hits, words);
}

}  // namespace kolben::storage::scan
