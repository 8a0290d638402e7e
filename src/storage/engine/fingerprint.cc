#include "storage/engine/fingerprint.h"

#include <cstring>

namespace kolben::storage::engine {
namespace {

std::uint64_t word_at(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// The two halves of the 128-bit product, folded.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

// Two independent chains of 16 bytes each, so that the multiplier is never idle.
std::uint64_t fingerprint(std::string_view bytes, std::uint64_t seed) {
  constexpr std::uint64_t kOdd1 = 0x9e3779b97f4a7c15;
  constexpr std::uint64_t kOdd2 = 0xd6e8feb86659fd93;
  std::uint64_t left = seed ^ kOdd1;
  std::uint64_t right = bytes.size() ^ kOdd2;
  const char* cursor = bytes.data();
  std::size_t rest = bytes.size();
  for (; rest >= 32; rest -= 32, cursor += 32) {
    left = mix(word_at(cursor) ^ kOdd1, word_at(cursor + 8) ^ left);
    right = mix(word_at(cursor + 16) ^ kOdd2, word_at(cursor + 24) ^ right);
  }
  char tail[32] = {};
  if (rest > 0) std::memcpy(tail, cursor, rest);
  left = mix(word_at(tail) ^ kOdd1, word_at(tail + 8) ^ left);
  right = mix(word_at(tail + 16) ^ kOdd2, word_at(tail + 24) ^ right);
  return mix(left ^ kOdd2, right ^ kOdd1);
}

}  // namespace kolben::storage::engine
