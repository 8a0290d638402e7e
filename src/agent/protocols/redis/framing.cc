#include "agent/protocols/redis/framing.h"

namespace kolben::agent::redis {
namespace {

bool is_digit(std::uint8_t c) {
  return c >= '0' && c <= '9';
}

constexpr std::uint8_t kWordBytesMax = 8;

constexpr std::uint64_t with_letter(std::uint64_t word, std::uint8_t c) {
  const bool is_small = c >= 'a' && c <= 'z';
  return word << 8 | (is_small ? c - 32U : c);
}

constexpr std::uint64_t word_of(const char* text) {
  std::uint64_t word = 0;
  for (; *text != '\0'; ++text) word = with_letter(word, static_cast<std::uint8_t>(*text));
  return word;
}

bool shows_second(std::uint64_t word) {
  if (word == word_of("SELECT")) return true;
  for (const char* container : kContainers) {
    if (word == word_of(container)) return true;
  }
  return false;
}

// Lines that say how long the text is that follows them.
bool tells_length(std::uint8_t type) {
  return type == '$' || type == '=' || type == '!';
}

bool is_line_type(Direction direction, std::uint8_t type) {
  if (direction == Direction::kRequests) return type == '*' || type == '$';
  constexpr char kTypes[] = "+-:$*_#,(!=%~>|";
  for (const char* known = kTypes; *known != '\0'; ++known) {
    if (type == static_cast<std::uint8_t>(*known)) return true;
  }
  return false;
}

// The line's number; false: it is none (a stream of unknown length, say).
bool add_digit(SkimSide& side, std::uint8_t c) {
  if (c == '\r') return true;
  if (c == '-' && side.header_size == 1) {
    side.header[1] = 1;  // null: no text follows
    return true;
  }
  if (!is_digit(c) || side.number > kNumberMax) return false;
  side.number = side.number * 10 + (c - std::uint32_t{'0'});
  return true;
}

void end_of_line(SkimState& state, Direction direction, SkimSide& side) {
  const std::uint8_t type = side.header[0];
  const bool is_request = direction == Direction::kRequests;
  if (is_request && type == '*') side.argument = 0;
  if (tells_length(type) && side.header[1] == 0) {
    const std::uint64_t whole = side.number + 2;
    if (is_request) {
      const bool is_first = side.argument == 0;
      const bool is_shown = is_first || (side.argument == 1 && shows_second(side.word));
      if (is_first) side.word = 0;
      const bool is_word = is_first && side.number <= kWordBytesMax;
      side.word_left = static_cast<std::uint8_t>(is_word ? side.number : 0);
      side.seen_left = side.number <= kArgumentBytesMax && is_shown ? whole
                       : is_shown                                   ? kArgumentBytesMax
                                                                    : 0;
      ++side.argument;
    } else {
      side.seen_left = side.number <= kTextBytesMax ? whole : type == '!' ? kTextBytesMax : 0;
    }
    side.unseen_left = whole - side.seen_left;
  }
  if (side.number > kNumberMax) state.lost = true;
  side.header_size = 0;
  side.header[1] = 0;
  side.number = 0;
}

}  // namespace

bool add_to_word(SkimSide& side, const std::uint8_t* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size && side.word_left != 0; ++i, --side.word_left) {
    side.word = with_letter(side.word, bytes[i]);
  }
  if (side.word_left != 0) return false;
  return side.word == word_of("MONITOR") || side.word == word_of("SYNC") ||
         side.word == word_of("PSYNC");
}

bool begins(const std::uint8_t* bytes, std::size_t size) {
  // *3\r\n, and if there is more: $
  constexpr std::size_t kDigitsMax = 7;
  if (size < 4 || bytes[0] != '*' || bytes[1] < '1') return false;
  std::size_t i = 1;
  while (i < size && i <= kDigitsMax && is_digit(bytes[i])) ++i;
  if (i == 1 || i + 1 >= size || bytes[i] != '\r' || bytes[i + 1] != '\n') return false;
  return i + 2 == size || bytes[i + 2] == '$';
}

// A line, or a part of one.
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size) {
  SkimSide& side = state.side(direction);
  std::size_t taken = 0;
  if (side.header_size == 0) {
    side.header[0] = bytes[taken++];
    side.header_size = 1;
    if (!is_line_type(direction, side.header[0])) {
      state.lost = true;
      return {taken, true};
    }
  }
  const bool has_number = tells_length(side.header[0]);
  while (taken < size) {
    const std::uint8_t c = bytes[taken++];
    if (c == '\n') {
      end_of_line(state, direction, side);
      break;
    }
    if (has_number && !add_digit(side, c)) {
      state.lost = true;
      break;
    }
    side.header_size = 2;
  }
  return {taken, true};
}

}  // namespace kolben::agent::redis
