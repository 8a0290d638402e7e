#include "agent/protocols/mysql/framing.h"

#include "agent/protocols/mysql/packets.h"

namespace kolben::agent::mysql {
namespace {

constexpr std::uint8_t kHeaderBytes = 4;
constexpr std::uint32_t kGreetingBytesMax = 512;

void end_packet(SkimState& state, Direction direction, MysqlSide& side) {
  MysqlState& my = state.mysql;
  const bool is_whole = length_of(side.header) != kPacketBytesMax;
  side.header_size = 0;
  side.goes_on = !is_whole;
  if (!is_whole) return;
  if (direction == Direction::kRequests) {
    if (asks_for_tls(my, length_of(side.header))) {
      state.awaits_tls = true;
      my.is_in_tls = true;
      my.client_flags = 0;
      my.step = 0;
    } else if (my.phase == kResponse) {
      my.phase = kAuth;
    }
    return;
  }
  if (my.phase == kGreeting) my.phase = kResponse;
  // An error or a cursor may have ended the answer.
  const bool counts = side.is_description && (my.step == kColumns || my.step == kDefinitions);
  side.is_description = false;
  if (!counts || --my.packets_left != 0) return;
  if (my.step == kColumns) {
    my.step = kRows;
  } else {
    end_answer(my, false);
  }
}

Run header(SkimState& state, Direction direction, MysqlSide& side, const std::uint8_t* bytes,
           std::size_t size) {
  const MysqlState& my = state.mysql;
  const bool is_request = direction == Direction::kRequests;
  const bool is_command = my.phase == kCommands && !my.sends_file && !side.goes_on;
  const bool is_shown = is_request && (my.phase == kResponse || is_command);
  std::size_t taken = 0;
  while (taken < size && side.header_size < kHeaderBytes)
    side.header[side.header_size++] = bytes[taken++];
  if (side.header_size < kHeaderBytes) return {taken, is_shown};
  side.left = length_of(side.header);
  side.position = 0;
  if (side.left != 0) return {taken, is_shown};
  // Empty ones end a file, or go on with one that was just as long as a packet can be.
  const bool may_be_empty = side.goes_on || my.phase == kAuth || (is_request && my.sends_file);
  if (!may_be_empty) state.lost = true;
  end_packet(state, direction, side);
  return {taken, is_shown};
}

}  // namespace

bool may_greet(const std::uint8_t* bytes, std::size_t size) {
  // int24 length, the packet's number, the protocol's, a version
  constexpr std::uint8_t kProtocolVersion = 10;
  return (size < 2 || bytes[1] <= 2) && (size < 3 || bytes[2] == 0) &&
         (size < 4 || bytes[3] == 0) && (size < 5 || bytes[4] == kProtocolVersion) &&
         (size < 6 || (bytes[5] >= '0' && bytes[5] <= '9'));
}

bool greets(const std::uint8_t* bytes, std::size_t size) {
  if (size < kGreetingBytesSure || !may_greet(bytes, size)) return false;
  const std::uint32_t length = length_of(bytes);
  return length <= kGreetingBytesMax && size <= kHeaderBytes + length;
}

Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size) {
  SkimSide& skim_side = state.side(direction);
  MysqlSide& side = state.mysql.sides[static_cast<int>(direction)];
  if (side.header_size < kHeaderBytes) return header(state, direction, side, bytes, size);
  const std::uint8_t byte = bytes[0];
  if (side.position < sizeof(side.begun)) side.begun[side.position] = byte;
  --side.left;
  const Seen seen = direction == Direction::kRequests ? request_byte(state, skim_side, side, byte)
                                                      : reply_byte(state, side, byte);
  ++side.position;
  if (seen.hides_rest) {
    skim_side.unseen_left = side.left;
    side.left = 0;
  }
  if (side.left == 0) {
    // What an answer's packet is was not told in time.
    if (!seen.hides_rest) state.lost = true;
    end_packet(state, direction, side);
  }
  return {1, seen.is_shown};
}

}  // namespace kolben::agent::mysql
