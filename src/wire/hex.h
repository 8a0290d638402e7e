// Hexadecimal text of bytes. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace kolben::wire {

// Appends two lower-case digits for each byte.
void append_hex(std::string_view bytes, std::string& out);
std::string to_hex(std::string_view bytes);

// Writes digits.size() / 2 bytes at `bytes`. False where a character is no digit (either case is
// read) or their number is odd; `bytes` is then partly written.
bool read_hex(std::string_view digits, char* bytes);

}  // namespace kolben::wire
