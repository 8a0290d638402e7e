#include "agent/protocols/redis/framing.h"

namespace kolben::agent::redis {
namespace {

bool is_digit(std::uint8_t c) {
  return c >= '0' && c <= '9';
}

bool has_type(const char* types, std::uint8_t type) {
  for (; *types != '\0'; ++types) {
    if (type == static_cast<std::uint8_t>(*types)) return true;
  }
  return false;
}

bool is_line_type(Direction direction, std::uint8_t type) {
  return has_type(direction == Direction::kRequests ? "*$" : "+-:$*_#,(!=%~>|", type);
}

// Lines that say how long the text is that follows them.
bool tells_length(std::uint8_t type) {
  return has_type("$=!", type);
}

// Lines that are a value themselves.
bool is_value(std::uint8_t type) {
  return has_type("+:_#,(", type);
}

bool is_word(const RedisSide& side, const char* text) {
  std::size_t size = 0;
  while (text[size] != '\0') {
    if (size == side.word_size || side.word[size] != text[size]) return false;
    ++size;
  }
  return size == side.word_size;
}

bool shows_second(const RedisSide& side) {
  if (is_word(side, "SELECT")) return true;
  for (const char* container : kContainers) {
    if (is_word(side, container)) return true;
  }
  return false;
}

// The line's number; false: it is none (a stream of unknown length, say).
bool add_digit(RedisSide& side, std::uint8_t c) {
  const bool is_first = !side.has_begun;
  side.has_begun = true;
  if (c == '\r') return true;
  if (c == '-' && is_first) {
    side.is_null = true;  // no text follows
    return true;
  }
  if (!is_digit(c) || side.number > kNumberMax) return false;
  side.number = side.number * 10 + (c - std::uint32_t{'0'});
  return true;
}

// An argument of a command follows: how much of it is shown.
std::uint64_t begin_argument(RedisSide& side, std::uint64_t whole) {
  const bool is_name = side.argument == 0;
  const bool is_shown = is_name || (side.argument == 1 && shows_second(side));
  ++side.argument;
  if (is_name) {
    side.word_size = 0;
    const bool fits = side.number <= sizeof(side.word);
    side.word_left = static_cast<std::uint8_t>(fits ? side.number : 0);
  }
  if (!is_shown) return 0;
  return side.number <= kArgumentBytesMax ? whole : kArgumentBytesMax;
}

void begin_text(Direction direction, SkimSide& skim_side, RedisSide& side) {
  const std::uint64_t whole = side.number + 2;
  if (direction == Direction::kRequests) {
    skim_side.seen_left = begin_argument(side, whole);
    skim_side.unseen_left = whole - skim_side.seen_left;
  } else if (side.type == '!') {
    side.error_left = whole;
    side.code_left = kCodeBytesMax;
  } else {
    skim_side.unseen_left = whole;
  }
}

void end_line(SkimState& state, Direction direction, RedisSide& side) {
  if (direction == Direction::kRequests && side.type == '*') side.argument = 0;
  if (side.number > kNumberMax) state.lost = true;
  side.code_left = 0;
  if (tells_length(side.type) && !side.is_null) begin_text(direction, state.side(direction), side);
  side.type = 0;
  side.number = 0;
  side.is_null = false;
  side.has_begun = false;
}

// How many bytes the code of an error still has among these.
std::size_t code_bytes(RedisSide& side, const std::uint8_t* bytes, std::size_t size) {
  std::size_t taken = 0;
  while (taken < size && side.code_left != 0 && bytes[taken] > ' ') {
    ++taken;
    --side.code_left;
  }
  if (taken < size) side.code_left = 0;
  return taken;
}

// A text that tells of an error: its code is shown.
Run error_text(SkimSide& skim_side, RedisSide& side, const std::uint8_t* bytes, std::size_t size) {
  if (size > side.error_left) size = static_cast<std::size_t>(side.error_left);
  const std::size_t shown = code_bytes(side, bytes, size);
  side.error_left -= shown;
  if (side.code_left == 0) {
    skim_side.unseen_left = side.error_left;
    side.error_left = 0;
  }
  if (shown != 0) return {shown, true};
  skim_side.unseen_left -= size;
  return {size, false};
}

// A part of a line that is a value, or an error: of the value nothing is shown, but for its end.
Run value(SkimState& state, Direction direction, RedisSide& side, const std::uint8_t* bytes,
          std::size_t size) {
  if (bytes[0] == '\n') {
    end_line(state, direction, side);
    return {1, true};
  }
  const std::size_t shown = code_bytes(side, bytes, size);
  if (shown != 0) return {shown, true};
  std::size_t taken = 1;
  while (taken < size && bytes[taken] != '\n') ++taken;
  return {taken, false};
}

// A part of a line with a number.
Run number(SkimState& state, Direction direction, RedisSide& side, const std::uint8_t* bytes,
           std::size_t size) {
  const bool has_number = tells_length(side.type);
  std::size_t taken = 0;
  while (taken < size) {
    const std::uint8_t c = bytes[taken++];
    if (c == '\n') {
      end_line(state, direction, side);
      break;
    }
    if (has_number && !add_digit(side, c)) {
      state.lost = true;
      break;
    }
  }
  return {taken, true};
}

}  // namespace

bool add_to_word(RedisSide& side, const std::uint8_t* bytes, std::size_t size) {
  for (std::size_t i = 0; i < size && side.word_left != 0; ++i, --side.word_left) {
    const bool is_small = bytes[i] >= 'a' && bytes[i] <= 'z';
    side.word[side.word_size++] = static_cast<char>(is_small ? bytes[i] - 32 : bytes[i]);
  }
  if (side.word_left != 0) return false;
  for (const char* leaving : kLeaving) {
    if (is_word(side, leaving)) return true;
  }
  return false;
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

Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size) {
  RedisSide& side = state.redis[static_cast<int>(direction)];
  if (side.error_left != 0) return error_text(state.side(direction), side, bytes, size);
  if (side.type != 0) {
    const bool is_shown = !is_value(side.type) && side.type != '-';
    return is_shown ? number(state, direction, side, bytes, size)
                    : value(state, direction, side, bytes, size);
  }
  side.type = bytes[0];
  if (!is_line_type(direction, side.type)) state.lost = true;
  if (side.type == '-') side.code_left = kCodeBytesMax;
  const bool goes_on = size > 1 && !is_value(side.type) && side.type != '-' && !state.lost;
  return goes_on ? Run{1 + number(state, direction, side, bytes + 1, size - 1).size, true}
                 : Run{1, true};
}

}  // namespace kolben::agent::redis
