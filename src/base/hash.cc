#include "base/hash.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace kolben {
namespace {

constexpr std::array<std::uint32_t, 256> make_crc_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78U : 0U);
    table[i] = crc;
  }
  return table;
}

constexpr auto kCrcTable = make_crc_table();

std::uint32_t crc32c_by_table(std::string_view bytes, std::uint32_t crc) {
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  }
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(std::string_view bytes,
                                                                      std::uint32_t crc) {
  const char* cursor = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t wide = crc;
  for (; left >= 8; left -= 8, cursor += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, cursor, 8);
    wide = _mm_crc32_u64(wide, word);
  }
  crc = static_cast<std::uint32_t>(wide);
  for (; left > 0; --left, ++cursor) crc = _mm_crc32_u8(crc, static_cast<unsigned char>(*cursor));
  return crc;
}
#endif

std::uint64_t read_word(const char* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, 8);
  return word;
}

std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc) {
  crc = ~crc;
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2");
  crc = has_instruction ? crc32c_by_instruction(bytes, crc) : crc32c_by_table(bytes, crc);
#else
  crc = crc32c_by_table(bytes, crc);
#endif
  return ~crc;
}

std::uint64_t hash64(std::string_view bytes, std::uint64_t seed) {
  constexpr std::uint64_t kOdd1 = 0xa0761d6478bd642f;
  constexpr std::uint64_t kOdd2 = 0xe7037ed1a0b428db;
  std::uint64_t hash = fold(seed ^ kOdd1, bytes.size() ^ kOdd2);
  const char* cursor = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 16; left -= 16, cursor += 16) {
    hash = fold(read_word(cursor) ^ kOdd1, read_word(cursor + 8) ^ hash);
  }
  char tail[16] = {};
  if (left > 0) std::memcpy(tail, cursor, left);
  return fold(fold(read_word(tail) ^ kOdd2, read_word(tail + 8) ^ hash), kOdd1);
}

}  // namespace kolben
