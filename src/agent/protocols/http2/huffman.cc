#include "agent/protocols/http2/huffman.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace kolben::agent::http2 {
namespace {

constexpr std::size_t kSymbols = 257;  // bytes, and EOS
constexpr std::uint32_t kEos = 256;
constexpr std::uint32_t kBitsMax = 30;

// Appendix B: how many bits each symbol has. The codes themselves follow from that, for they are in
// the order of their lengths, and of the symbols where those are the same.
constexpr std::array<std::uint8_t, kSymbols> kBits = {
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6,  10, 10, 12, 13, 6,  8,  11, 10, 10, 8,  11, 8,  6,  6,  6,
    5,  5,  5,  6,  6,  6,  6,  6,  6,  6,  7,  8,  15, 6,  12, 10, 13, 6,  7,  7,  7,  7,  7,  7,
    7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  7,  8,  7,  8,  13, 19, 13, 14, 6,
    15, 5,  6,  5,  6,  5,  6,  6,  6,  5,  7,  7,  6,  6,  6,  5,  6,  7,  6,  5,  5,  6,  7,  7,
    7,  7,  7,  15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
    23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
    21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
};

struct Code {
  // By length: the first code of it, and where its symbols begin.
  std::array<std::uint32_t, kBitsMax + 2> first_code = {};
  std::array<std::uint16_t, kBitsMax + 2> first_symbol = {};
  std::array<std::uint16_t, kSymbols> symbols = {};
};

constexpr Code make_code() {
  Code code;
  std::uint32_t next = 0;
  std::uint16_t count = 0;
  for (std::uint32_t bits = 1; bits <= kBitsMax; ++bits) {
    next <<= 1;
    code.first_code[bits] = next;
    code.first_symbol[bits] = count;
    for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
      if (kBits[symbol] != bits) continue;
      code.symbols[count++] = static_cast<std::uint16_t>(symbol);
      ++next;
    }
  }
  code.first_symbol[kBitsMax + 1] = count;
  return code;
}

constexpr Code kCode = make_code();
static_assert(kCode.first_symbol[kBitsMax + 1] == kSymbols);
static_assert(kCode.first_code[kBitsMax] == 0x3ffffffc);  // Appendix B: the code of LF

}  // namespace

bool decode_huffman(std::string_view bytes, std::string& text) {
  std::uint32_t code = 0;
  std::uint32_t bits = 0;
  for (const char byte : bytes) {
    for (int shift = 7; shift >= 0; --shift) {
      code = code << 1 | (static_cast<unsigned char>(byte) >> shift & 1U);
      ++bits;
      if (bits > kBitsMax) return false;
      const std::uint32_t index = code - kCode.first_code[bits];
      const auto of_this_length =
          static_cast<std::uint32_t>(kCode.first_symbol[bits + 1] - kCode.first_symbol[bits]);
      if (code < kCode.first_code[bits] || index >= of_this_length) continue;
      const std::uint32_t symbol = kCode.symbols[kCode.first_symbol[bits] + index];
      if (symbol == kEos) return false;
      text += static_cast<char>(symbol);
      code = 0;
      bits = 0;
    }
  }
  // 5.2: the rest is less than a byte of ones.
  return bits < 8 && code == (1U << bits) - 1;
}

}  // namespace kolben::agent::http2
