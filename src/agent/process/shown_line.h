// How a line of ours is shown on stderr, by the launcher and the agent process alike. What a server
// said may be part of it, or what a variable holds.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

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
  std::size_t end = line.size();
  if (end > kShownBytesMax) {
    end = kShownBytesMax - kCut.size();
    const auto is_continued = [line](std::size_t at) { return (line[at] & '\xc0') == '\x80'; };
    // Not within a character of UTF-8, which has at most three following bytes.
    for (int i = 0; i < 3 && is_continued(end); ++i) --end;
  }
  std::string shown(line.substr(0, end));
  for (char& c : shown) c = is_control(c) ? ' ' : c;
  if (end != line.size()) shown += kCut;
  return shown;
}

}  // namespace kolben::agent
