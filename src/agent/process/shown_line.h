// How a line of ours is shown on stderr, by the launcher and the agent process alike. What a server
// said may be part of it, or what a variable holds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "agent/process/utf8.h"

namespace kolben::agent {

// What could move a terminal's cursor, or more.
constexpr bool is_control(char c) {
  return (c >= '\0' && c < ' ' && c != '\t') || c == '\x7f';
}

// So that a line is one write that nobody else's comes into, also in a pipe: PIPE_BUF is 4096.
inline constexpr std::size_t kShownBytesMax = 4000;

// The line with blanks for control characters, its end cut where it is too long. Without a newline.
inline std::string shown_line(std::string_view line) {
  constexpr std::string_view kCut = " ...";
  const bool is_cut = line.size() > kShownBytesMax;
  std::string shown(is_cut ? cut_utf8(line, kShownBytesMax - kCut.size()) : line);
  for (char& c : shown) c = is_control(c) ? ' ' : c;
  if (is_cut) shown += kCut;
  return shown;
}

}  // namespace kolben::agent
