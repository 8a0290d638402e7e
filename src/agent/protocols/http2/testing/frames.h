// Frames and header blocks of HTTP/2, for tests.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "agent/protocols/http2/huffman_code.h"

namespace kolben::agent::http2::testing {

inline constexpr std::uint8_t kEndStream = 1;
inline constexpr std::uint8_t kEndHeaders = 4;
inline constexpr std::uint8_t kPadded = 8;
inline constexpr std::uint8_t kPriority = 0x20;
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

inline std::string big_endian(std::uint32_t value, int size) {
  std::string bytes;
  for (int i = size - 1; i >= 0; --i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

inline std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                         const std::string& payload) {
  return big_endian(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + big_endian(stream, 4) + payload;
}

inline std::string integer(std::uint32_t value, int prefix_bits, std::uint8_t first) {
  const std::uint32_t most = (1U << prefix_bits) - 1;
  if (value < most) return std::string(1, static_cast<char>(first | value));
  std::string bytes(1, static_cast<char>(first | most));
  for (value -= most; value >= 128; value /= 128) bytes += static_cast<char>(value % 128 + 128);
  return bytes + static_cast<char>(value);
}

inline std::string huffman(std::string_view text) {
  std::string bits;
  for (const char c : text) {
    const auto symbol = static_cast<std::uint8_t>(c);
    const std::uint32_t size = kHuffmanBits[symbol];
    std::uint32_t code = kHuffmanCode.first_code[size];
    for (std::uint32_t i = kHuffmanCode.first_symbol[size]; kHuffmanCode.symbols[i] != symbol;
         ++i) {
      ++code;
    }
    for (std::uint32_t bit = size; bit-- != 0;) bits += (code >> bit & 1U) != 0 ? '1' : '0';
  }
  while (bits.size() % 8 != 0) bits += '1';
  std::string bytes;
  for (std::size_t i = 0; i < bits.size(); i += 8) {
    unsigned byte = 0;
    for (std::size_t j = 0; j < 8; ++j) byte = byte * 2 + (bits[i + j] == '1' ? 1 : 0);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

inline std::string text(std::string_view value, bool is_huffman = false) {
  const std::string bytes = is_huffman ? huffman(value) : std::string(value);
  return integer(static_cast<std::uint32_t>(bytes.size()), 7, is_huffman ? 0x80 : 0) + bytes;
}

// A literal without indexing (RFC 7541, 6.2.2), or one that goes into the table (6.2.1).
inline std::string literal(std::string_view name, std::string_view value, bool is_huffman = false) {
  return std::string(1, '\0') + text(name, is_huffman) + text(value, is_huffman);
}
inline std::string indexed_literal(std::string_view name, std::string_view value,
                                   bool is_huffman = false) {
  return "\x40" + text(name, is_huffman) + text(value, is_huffman);
}

inline std::string block(std::initializer_list<std::pair<std::string, std::string>> fields) {
  std::string bytes;
  for (const auto& [name, value] : fields) bytes += literal(name, value);
  return bytes;
}

}  // namespace kolben::agent::http2::testing
