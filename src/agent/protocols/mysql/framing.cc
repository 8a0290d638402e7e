#include "agent/protocols/mysql/framing.h"

namespace kolben::agent::mysql {
namespace {

constexpr std::uint8_t kHeaderBytes = 4;
constexpr std::uint8_t kProtocolVersion = 10;
constexpr std::uint32_t kGreetingBytesMax = 512;
constexpr std::uint32_t kColumnsMax = 0xffff;

// First bytes of answers.
constexpr std::uint8_t kOk = 0x00;
constexpr std::uint8_t kFileWanted = 0xfb;
constexpr std::uint8_t kEof = 0xfe;
constexpr std::uint8_t kError = 0xff;
constexpr std::uint32_t kEofBytesMax = 8;

// MariaDB's servers and clients do not set the first capability, and have more of them.
constexpr std::uint32_t kIsMysql = 1;
constexpr std::uint8_t kCacheMetadata = 1U << 4;

enum Phase : std::uint8_t { kGreeting, kResponse, kAuth, kCommands };
// Of the client's first packet.
enum ResponseStep : std::uint8_t { kFixed, kUser, kSecretLength, kSecret, kDatabase };
// Of an answer: its first packet, what columns are, rows; what a prepared statement has.
enum AnswerStep : std::uint8_t { kFirst, kColumns, kRows, kDefinitions };

// What is done with a byte.
struct Seen {
  bool is_shown = false;
  bool hides_rest = false;  // of the packet; it is understood
};
constexpr Seen kHideRest = {false, true};

std::uint32_t length_of(const std::uint8_t* header) {
  return header[0] | std::uint32_t{header[1]} << 8 | std::uint32_t{header[2]} << 16;
}

// A number that tells its own length: how long, and its value.
std::uint8_t bytes_of_number(std::uint8_t first) {
  if (first < 0xfb) return 1;
  return first == 0xfc ? 3 : first == 0xfd ? 4 : 9;
}
std::uint64_t number_of(const std::uint8_t* bytes) {
  const std::uint8_t size = bytes_of_number(bytes[0]);
  if (size == 1) return bytes[0];
  std::uint64_t value = 0;
  for (std::uint8_t i = size - 1; i > 0; --i) value = value << 8 | bytes[i];
  return value;
}

bool negotiated(const MysqlState& my, std::uint32_t flags) {
  return (my.server_flags & my.client_flags & flags) != 0;
}

// --- what the client says ------------------------------------------------------------------------

// Byte `position` of a number of four bytes that begins at `from`.
void set_byte(std::uint32_t& number, std::uint32_t position, std::uint32_t from,
              std::uint8_t byte) {
  number |= std::uint32_t{byte} << (8 * (position - from));
}

// The client's first packet is no more than what comes before its name: in TLS it begins again.
bool asks_for_tls(const MysqlState& my, std::uint32_t length) {
  return my.phase == kResponse && (my.client_flags & kTls) != 0 && !my.is_in_tls &&
         length == kFixedBytesOfResponse;
}

bool is_followed(const MysqlState& my, std::uint32_t length) {
  const bool has_tls = (my.client_flags & kTls) != 0;
  return (my.client_flags & kProtocol41) != 0 &&
         (!has_tls || my.is_in_tls || asks_for_tls(my, length)) &&
         !negotiated(my, kCompress | kZstd | kOptionalMetadata);
}

Seen after_secret(MysqlState& my) {
  my.step = kDatabase;
  return {false, (my.client_flags & kConnectWithDatabase) == 0};
}

Seen response_byte(SkimState& state, const MysqlSide& side, std::uint8_t byte) {
  const std::uint32_t position = side.position;
  const std::uint32_t length = length_of(side.header);
  constexpr std::uint32_t kMariadbFlags = 28;
  MysqlState& my = state.mysql;
  switch (my.step) {
    case kFixed:
      if (position < 4) set_byte(my.client_flags, position, 0, byte);
      if (position == 3 && !is_followed(my, length)) state.lost = true;
      if (position == kMariadbFlags) {
        const bool is_mariadb = ((my.client_flags | my.server_flags) & kIsMysql) == 0;
        my.caches_columns = my.caches_columns && is_mariadb && (byte & kCacheMetadata) != 0;
      }
      if (position + 1 == kFixedBytesOfResponse) my.step = kUser;
      return {true, side.left == 0 && asks_for_tls(my, length)};
    case kUser:
      if (byte == 0) my.step = kSecretLength;
      if (position > kFixedBytesOfResponse + kNameBytesMax) state.lost = true;
      return {true};
    case kSecretLength:
      if ((my.client_flags & (kAuthLengthByte | kAuthLengthEncoded)) == 0) {
        return byte == 0 ? after_secret(my) : Seen{};
      }
      if (bytes_of_number(byte) != 1) state.lost = true;
      my.hidden_left = byte;
      my.step = kSecret;
      return byte == 0 ? after_secret(my) : Seen{};
    case kSecret:
      return --my.hidden_left == 0 ? after_secret(my) : Seen{};
    default:
      return {true, byte == 0};
  }
}

// How much of a command is shown after its first byte.
std::uint32_t shown_bytes(std::uint8_t command) {
  switch (command) {
    case kQuery:
    case kPrepare:
      return kQueryBytesMax;
    case kInitDatabase:
      return kNameBytesMax;
    case kExecute:
    case kCloseStatement:
      return kStatementIdBytes;
    default:
      return 0;
  }
}

bool is_known(std::uint8_t command) {
  switch (command) {
    case kQuit:
    case kInitDatabase:
    case kQuery:
    case kFieldList:
    case kCreateDatabase:
    case kDropDatabase:
    case kRefresh:
    case kProcessInfo:
    case kProcessKill:
    case kDebug:
    case kPing:
    case kPrepare:
    case kExecute:
    case kSendLongData:
    case kCloseStatement:
    case kResetStatement:
    case kSetOption:
    case kFetch:
    case kResetConnection:
      return true;
    default:
      return false;
  }
}

Seen begin_command(SkimState& state, SkimSide& skim_side, MysqlSide& side, std::uint8_t command) {
  MysqlState& my = state.mysql;
  const bool is_answered = !is_unanswered(command);
  if (!is_known(command) || (is_answered && my.command != kNoCommand)) state.lost = true;
  if (is_answered) {
    my.command = command;
    my.step = command == kFieldList || command == kFetch ? kRows : kFirst;
  }
  const std::uint32_t most = shown_bytes(command);
  skim_side.seen_left = side.left < most ? side.left : most;
  side.left -= static_cast<std::uint32_t>(skim_side.seen_left);
  return {true, true};
}

Seen request_byte(SkimState& state, SkimSide& skim_side, MysqlSide& side, std::uint8_t byte) {
  MysqlState& my = state.mysql;
  switch (my.phase) {
    case kResponse:
      return response_byte(state, side, byte);
    case kAuth:
      return kHideRest;
    case kCommands:
      if (my.sends_file || side.goes_on) return kHideRest;
      return begin_command(state, skim_side, side, byte);
    default:
      state.lost = true;
      return kHideRest;
  }
}

// --- what the server says ------------------------------------------------------------------------

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

void end_answer(MysqlState& my, bool has_more) {
  my.step = kFirst;
  my.sends_file = false;
  if (!has_more) my.command = kNoCommand;
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

// --- packets -------------------------------------------------------------------------------------

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
      my.step = kFixed;
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

bool greets(const std::uint8_t* bytes, std::size_t size) {
  if (size < kHeaderBytes + 2) return false;
  const std::uint32_t length = length_of(bytes);
  return length <= kGreetingBytesMax && size == kHeaderBytes + length && bytes[3] == 0 &&
         bytes[4] == kProtocolVersion && bytes[5] >= '0' && bytes[5] <= '9';
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
