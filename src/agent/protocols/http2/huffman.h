// HPACK's Huffman code (RFC 7541, 5.2 and Appendix B).
#pragma once

#include <string>
#include <string_view>

namespace kolben::agent::http2 {

// Appends what `bytes` stand for; false: they are no such code. What is appended is never longer
// than `bytes` times 8/5.
bool decode_huffman(std::string_view bytes, std::string& text);

}  // namespace kolben::agent::http2
