// UTF-8 that strangers wrote, over wire/utf8.h: what is not well-formed reads as U+FFFD, each
// longest part that could have begun something once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kolben::agent {

inline constexpr std::uint32_t kReplacement = 0xfffd;

// The code point at `at` (which must be inside `text`); moves `at` behind it or what was no one.
std::uint32_t next_code_point(std::string_view text, std::size_t& at);

// The longest prefix of at most `bytes_max` bytes that does not cut a code point in two. Here, for
// the launcher has no more of this.
inline std::string_view cut_utf8(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  // A code point has at most three following bytes.
  for (int i = 0; i < 3 && end > 0 && (text[end] & '\xc0') == '\x80'; ++i) --end;
  return text.substr(0, end);
}

// Whether all of `text` is well-formed.
bool is_utf8(std::string_view text);
// `text` with each ill-formed sequence replaced by U+FFFD.
std::string repair_utf8(std::string_view text);

}  // namespace kolben::agent
