// The tables of HPACK's Huffman code (RFC 7541, Appendix B). Freestanding.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kolben::agent::http2 {

inline constexpr std::size_t kHuffmanSymbols = 257;  // bytes, and EOS
inline constexpr std::uint32_t kHuffmanEos = 256;
inline constexpr std::uint32_t kHuffmanBitsMax = 30;

// Appendix B: how many bits each symbol has. The codes themselves follow from that, for they are in
// the order of their lengths, and of the symbols where those are the same.
inline constexpr std::array<std::uint8_t, kHuffmanSymbols> kHuffmanBits = {
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

struct HuffmanCode {
  // By length: the first code of it, and where its symbols begin.
  std::array<std::uint32_t, kHuffmanBitsMax + 2> first_code = {};
  std::array<std::uint16_t, kHuffmanBitsMax + 2> first_symbol = {};
  std::array<std::uint16_t, kHuffmanSymbols> symbols = {};
};

constexpr HuffmanCode make_huffman_code() {
  HuffmanCode code;
  std::uint32_t next = 0;
  std::uint16_t count = 0;
  for (std::uint32_t bits = 1; bits <= kHuffmanBitsMax; ++bits) {
    next <<= 1;
    code.first_code[bits] = next;
    code.first_symbol[bits] = count;
    for (std::size_t symbol = 0; symbol < kHuffmanSymbols; ++symbol) {
      if (kHuffmanBits[symbol] != bits) continue;
      code.symbols[count++] = static_cast<std::uint16_t>(symbol);
      ++next;
    }
  }
  code.first_symbol[kHuffmanBitsMax + 1] = count;
  return code;
}

inline constexpr HuffmanCode kHuffmanCode = make_huffman_code();
static_assert(kHuffmanCode.first_symbol[kHuffmanBitsMax + 1] == kHuffmanSymbols);
static_assert(kHuffmanCode.first_code[kHuffmanBitsMax] ==
              0x3ffffffc);  // Appendix B: the code of LF

// Takes the code bit by bit.
class HuffmanReader {
 public:
  // Calls take(symbol) for each byte that is complete; false: no such code.
  template <typename Take>
  bool next(std::uint8_t byte, Take take) {
    for (int shift = 7; shift >= 0; --shift) {
      code_ = code_ << 1 | (std::uint32_t{byte} >> shift & 1U);
      if (++bits_ > kHuffmanBitsMax) return false;
      const HuffmanCode& code = kHuffmanCode;
      const std::uint32_t index = code_ - code.first_code[bits_];
      const auto of_this_length =
          static_cast<std::uint32_t>(code.first_symbol[bits_ + 1] - code.first_symbol[bits_]);
      if (code_ < code.first_code[bits_] || index >= of_this_length) continue;
      const std::uint32_t symbol = code.symbols[code.first_symbol[bits_] + index];
      if (symbol == kHuffmanEos) return false;
      take(static_cast<char>(symbol));
      code_ = 0;
      bits_ = 0;
    }
    return true;
  }
  // 5.2: what is left is less than a byte of ones.
  bool may_end() const { return bits_ < 8 && code_ == (1U << bits_) - 1; }

 private:
  std::uint32_t code_ = 0;
  std::uint32_t bits_ = 0;
};

}  // namespace kolben::agent::http2
