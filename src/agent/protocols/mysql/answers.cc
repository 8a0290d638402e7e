// What of the server's packets is shown: its version, and where its answers end.
#include "agent/protocols/mysql/packets.h"

namespace kolben::agent::mysql {
namespace {

constexpr std::uint8_t kProtocolVersion = 10;
constexpr std::uint32_t kColumnsMax = 0xffff;

// First bytes of answers.
constexpr std::uint8_t kOk = 0x00;
constexpr std::uint8_t kFileWanted = 0xfb;
constexpr std::uint8_t kEof = 0xfe;
constexpr std::uint8_t kError = 0xff;
constexpr std::uint32_t kEofBytesMax = 8;

std::uint64_t number_of(const std::uint8_t* bytes) {
  const std::uint8_t size = bytes_of_number(bytes[0]);
  if (size == 1) return bytes[0];
  std::uint64_t value = 0;
  for (std::uint8_t i = size - 1; i > 0; --i) value = value << 8 | bytes[i];
  return value;
}

Seen greeting_byte(SkimState& state, std::uint32_t position, std::uint8_t byte) {
  // Behind the version: int32 thread, 9 of a challenge, flags' lower half, int8, int16, their upper
  // half, int8, 6 nothing, MariaDB's.
  constexpr std::uint32_t kLower = 13;
  constexpr std::uint32_t kUpper = 18;
  constexpr std::uint32_t kMariadbFlags = 27;
  MysqlState& my = state.mysql;
  if (position == 0) {
    if (byte != kProtocolVersion) state.lost = true;
    return {};
  }
  if (my.version_bytes == 0) {
    if (byte == 0) my.version_bytes = position;
    return {true};
  }
  const std::uint32_t behind = position - my.version_bytes - 1;
  if (behind == kLower || behind == kLower + 1) set_byte(my.server_flags, behind, kLower, byte);
  if (behind == kUpper || behind == kUpper + 1) set_byte(my.server_flags, behind, kUpper - 2, byte);
  if (behind != kMariadbFlags) return {};
  my.caches_columns = (byte & kCacheMetadata) != 0;
  return kHideRest;
}

Seen error_byte(MysqlState& my, const MysqlSide& side) {
  if (side.position + 1 < kErrorBytes) return {true};
  // MariaDB tells of progress with this code, and goes on.
  const bool is_progress = side.begun[1] == 0xff && side.begun[2] == 0xff;
  if (!is_progress) end_answer(my, false);
  return {true, true};
}

// Where the status stands, as far as the bytes before `have` tell; beyond them: not yet known.
std::uint32_t status_position(const MysqlState& my, const MysqlSide& side, std::uint32_t have) {
  constexpr std::uint32_t kUnknown = 0xffff;
  if (side.begun[0] == kEof && !negotiated(my, kDeprecateEof)) return 3;
  if (have < 2) return kUnknown;
  const std::uint32_t second = 1U + bytes_of_number(side.begun[1]);
  return have <= second ? kUnknown : second + bytes_of_number(side.begun[second]);
}

Seen status_byte(MysqlState& my, const MysqlSide& side) {
  const std::uint32_t begin = status_position(my, side, side.position);
  if (side.position < begin) return {};
  if (side.position == begin) return {true};
  end_answer(my, (side.begun[begin] & kMoreResults) != 0);
  return {true, true};
}

Seen prepared_byte(MysqlState& my, const MysqlSide& side) {
  // 0x00, int32 statement, int16 columns, int16 parameters
  if (side.position < kPreparedBytes) return {true};
  if (side.position < 8) return {};
  const std::uint8_t* begun = side.begun;
  const std::uint32_t columns = begun[5] | std::uint32_t{begun[6]} << 8;
  const std::uint32_t parameters = begun[7] | std::uint32_t{begun[8]} << 8;
  const std::uint32_t ends = (columns != 0 ? 1U : 0U) + (parameters != 0 ? 1U : 0U);
  my.packets_left = columns + parameters + (negotiated(my, kDeprecateEof) ? 0 : ends);
  my.step = kDefinitions;
  if (my.packets_left == 0) end_answer(my, false);
  return kHideRest;
}

Seen count_byte(SkimState& state, const MysqlSide& side) {
  MysqlState& my = state.mysql;
  const std::uint32_t number = bytes_of_number(side.begun[0]);
  const std::uint32_t wanted = number + (my.caches_columns ? 1 : 0);
  if (side.position + 1 < wanted) return {};
  const std::uint64_t columns = number_of(side.begun);
  if (columns > kColumnsMax) state.lost = true;
  const bool are_told = !my.caches_columns || side.begun[number] != 0;
  my.packets_left = are_told ? static_cast<std::uint32_t>(columns) : 0;
  if (!negotiated(my, kDeprecateEof)) ++my.packets_left;
  my.step = my.packets_left == 0 ? kRows : kColumns;
  return kHideRest;
}

Seen first_byte_decides(SkimState& state, const MysqlSide& side) {
  MysqlState& my = state.mysql;
  switch (side.begun[0]) {
    case kError:
      return error_byte(my, side);
    case kOk:
      return my.command == kPrepare ? prepared_byte(my, side) : status_byte(my, side);
    case kEof:
      return status_byte(my, side);
    case kFileWanted:
      my.sends_file = true;
      return kHideRest;
    default:
      return count_byte(state, side);
  }
}

// The end of what columns are; with a cursor it is the answer's too.
Seen columns_end_byte(MysqlState& my, const MysqlSide& side) {
  constexpr std::uint32_t kStatus = 3;
  if (side.position < kStatus) return {};
  const bool has_cursor = (side.begun[kStatus] & kCursorExists) != 0;
  if (side.position == kStatus) return {has_cursor};
  if (has_cursor) end_answer(my, false);
  return {has_cursor, true};
}

Seen answer_byte(SkimState& state, MysqlSide& side, std::uint32_t length) {
  MysqlState& my = state.mysql;
  const std::uint8_t first = side.begun[0];
  if (side.goes_on) return kHideRest;
  switch (my.step) {
    case kFirst:
      return first_byte_decides(state, side);
    case kRows: {
      const bool is_long =
          length > (negotiated(my, kDeprecateEof) ? kPacketBytesMax - 1 : kEofBytesMax);
      if (first == kError) return error_byte(my, side);
      return first == kEof && !is_long ? status_byte(my, side) : kHideRest;
    }
    case kColumns:
      if (first == kError) return error_byte(my, side);
      if (my.packets_left == 1 && !negotiated(my, kDeprecateEof)) return columns_end_byte(my, side);
      return kHideRest;
    default:
      return kHideRest;
  }
}

}  // namespace

void end_answer(MysqlState& my, bool has_more) {
  my.step = kFirst;
  my.sends_file = false;
  if (!has_more) my.command = kNoCommand;
}

Seen reply_byte(SkimState& state, MysqlSide& side, std::uint8_t byte) {
  MysqlState& my = state.mysql;
  if (my.phase == kGreeting) return greeting_byte(state, side.position, byte);
  if (my.phase == kAuth) {
    if (byte == kOk) my.phase = kCommands;
    return kHideRest;
  }
  if (my.phase == kResponse || my.command == kNoCommand) {
    state.lost = true;
    return kHideRest;
  }
  if (side.position == 0) side.is_description = my.step == kColumns || my.step == kDefinitions;
  return answer_byte(state, side, length_of(side.header));
}

}  // namespace kolben::agent::mysql
