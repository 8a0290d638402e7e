#include "agent/protocols/memcached/framing.h"

namespace kolben::agent::memcached {
namespace {

struct Command {
  const char* name;
  std::uint8_t value_word;  // which word (0 is the first) is the length of a value; 0: none
  bool may_want_no_answer;
};
constexpr Command kCommands[] = {
    {"get", 0, false},      {"gets", 0, false},     {"gat", 0, false},     {"gats", 0, false},
    {"set", 4, true},       {"add", 4, true},       {"replace", 4, true},  {"append", 4, true},
    {"prepend", 4, true},   {"cas", 4, true},       {"delete", 0, true},   {"incr", 0, true},
    {"decr", 0, true},      {"touch", 0, true},     {"version", 0, false}, {"stats", 0, false},
    {"flush_all", 0, true}, {"verbosity", 0, true}, {"quit", 0, false}};
// Of those, what other protocols do not begin with.
constexpr const char* kFirst[] = {"get",    "gets",    "gat", "gats", "set",  "add",    "replace",
                                  "append", "prepend", "cas", "incr", "decr", "version"};
constexpr char kNoReply[] = "noreply";
constexpr std::uint8_t kValueWordOfReply = 3;  // VALUE key flags bytes

bool is_word(const std::uint8_t* bytes, std::size_t size, const char* word) {
  std::size_t i = 0;
  for (; i < size && word[i] != '\0'; ++i) {
    if (bytes[i] != static_cast<std::uint8_t>(word[i])) return false;
  }
  return i == size && word[i] == '\0';
}

bool is_digit(std::uint8_t byte) {
  return byte >= '0' && byte <= '9';
}

// The first word of a line is complete.
void first_word(SkimState& state, Direction direction, MemcachedSide& side) {
  if (direction == Direction::kReplies) {
    side.value_word = is_word(side.word, side.word_size, "VALUE") ? kValueWordOfReply : 0;
    return;
  }
  bool is_known = false;
  for (const Command& command : kCommands) {
    if (!is_word(side.word, side.word_size, command.name)) continue;
    side.value_word = command.value_word;
    side.may_want_no_answer = command.may_want_no_answer;
    is_known = true;
  }
  if (!is_known) state.lost = true;
}

void end_word(SkimState& state, Direction direction, MemcachedSide& side) {
  if (side.words == 0) first_word(state, direction, side);
  const bool is_length = side.words != 0 && side.words == side.value_word;
  if (is_length) {
    if (side.number > kValueBytesMax) state.lost = true;
    side.value_left = side.number + 2;
  }
  side.is_noreply =
      side.may_want_no_answer && side.words != 0 && is_word(side.word, side.word_size, kNoReply);
  if (side.words != 0xff) ++side.words;
}

void end_line(SkimState& state, SkimSide& skim_side, MemcachedSide& side) {
  if (side.value_word != 0 && side.value_left == 0) state.lost = true;
  skim_side.unseen_left = side.value_left;
  side = {};
}

void begin_word(MemcachedSide& side) {
  side.word_size = 0;
  side.number = 0;
}

void add_to_word(SkimState& state, MemcachedSide& side, std::uint8_t byte) {
  if (side.word_size < kWordBytesMax) side.word[side.word_size] = byte;
  // Longer ones are no word that we know.
  side.word_size = static_cast<std::uint8_t>(side.word_size <= kWordBytesMax ? side.word_size + 1
                                                                             : side.word_size);
  const bool is_length = side.words != 0 && side.words == side.value_word;
  if (!is_length) return;
  if (!is_digit(byte) || side.number > kValueBytesMax) state.lost = true;
  if (!state.lost) side.number = side.number * 10 + (byte - std::uint32_t{'0'});
}

}  // namespace

bool begins(const std::uint8_t* bytes, std::size_t size) {
  std::size_t end = 0;
  while (end < size && end <= kWordBytesMax && bytes[end] != ' ' && bytes[end] != '\r') ++end;
  if (end == size) return false;
  for (const char* word : kFirst) {
    if (!is_word(bytes, end, word)) continue;
    const bool is_alone = is_word(bytes, end, "version");
    return bytes[end] == (is_alone ? '\r' : ' ');
  }
  return false;
}

Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size) {
  SkimSide& skim_side = state.side(direction);
  MemcachedSide& side = state.memcached[static_cast<int>(direction)];
  const std::uint8_t byte = bytes[0];
  const bool is_first = side.words == 0;
  if (++side.line_size > kLineBytesMax) state.lost = true;
  if (byte == '\n') {
    if (side.in_word) end_word(state, direction, side);
    const bool is_shown = direction == Direction::kRequests && !side.is_noreply;
    end_line(state, skim_side, side);
    return {1, is_shown};
  }
  if (byte == ' ' || byte == '\r') {
    if (side.in_word) end_word(state, direction, side);
    side.in_word = false;
    return {1, is_first};
  }
  if (!side.in_word) begin_word(side);
  side.in_word = true;
  add_to_word(state, side, byte);
  if (is_first) return {1, true};
  // What is neither a length nor the last word: keys.
  std::size_t taken = 1;
  while (taken < size && bytes[taken] > ' ') add_to_word(state, side, bytes[taken++]);
  side.line_size += static_cast<std::uint32_t>(taken - 1);
  if (side.line_size > kLineBytesMax) state.lost = true;
  return {taken, false};
}

}  // namespace kolben::agent::memcached
