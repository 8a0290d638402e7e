// UTF-8 as strangers write it (Unicode 15, table 3-7): what is not well-formed is replaced, never
// passed on. Overlong forms, surrogates and code points above U+10FFFF are not well-formed.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kolben::wire {

inline constexpr std::string_view kUtf8Replacement = "\xEF\xBF\xBD";  // U+FFFD

struct Utf8Step {
  std::size_t size;  // bytes to take, at least 1
  bool valid;
};

// The sequence at the start of `text`, which is not empty. Where it is invalid: the longest part of
// it that could have begun a valid one.
Utf8Step utf8_step(std::string_view text);

// Appends `text`, each invalid sequence as U+FFFD.
void append_utf8(std::string_view text, std::string& out);

}  // namespace kolben::wire
