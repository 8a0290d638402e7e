// UTF-8 as strangers write it (Unicode 15, table 3-7): what is not well-formed is replaced, never
// passed on. Overlong forms, surrogates and code points above U+10FFFF are not well-formed. Pure
// functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kolben::wire {

// U+FFFD, which stands for what could not be read.
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

struct Utf8Step {
  std::size_t size;  // bytes to take, at least 1
  bool is_valid;
};

// The sequence at the start of `text`, which is not empty (table 3-7). Where it is invalid: the
// longest part of it that could have begun a valid one.
Utf8Step utf8_step(std::string_view text);

bool is_utf8(std::string_view text);

// Appends `text`, each invalid sequence as one U+FFFD.
void append_utf8(std::string_view text, std::string& out);

}  // namespace kolben::wire
