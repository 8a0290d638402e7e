#include "agent/protocols/http2/huffman.h"

#include "agent/protocols/http2/huffman_code.h"

namespace kolben::agent::http2 {

bool decode_huffman(std::string_view bytes, std::string& text) {
  HuffmanReader reader;
  for (const char byte : bytes) {
    const bool is_code =
        reader.next(static_cast<std::uint8_t>(byte), [&](char symbol) { text += symbol; });
    if (!is_code) return false;
  }
  return reader.may_end();
}

}  // namespace kolben::agent::http2
