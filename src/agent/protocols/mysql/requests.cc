// What of the client's packets is shown.
#include "agent/protocols/mysql/packets.h"

namespace kolben::agent::mysql {
namespace {

// Of the client's first packet.
enum ResponseStep : std::uint8_t { kFixed, kUser, kSecretLength, kSecret, kDatabase };

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

// So much of what is left of the packet.
Seen show(SkimSide& skim_side, MysqlSide& side, std::uint32_t most) {
  skim_side.seen_left = side.left < most ? side.left : most;
  side.left -= static_cast<std::uint32_t>(skim_side.seen_left);
  return {true, true};
}

Seen begin_command(SkimState& state, SkimSide& skim_side, MysqlSide& side, std::uint8_t command) {
  MysqlState& my = state.mysql;
  const bool is_answered = !is_unanswered(command);
  if (!is_known(command) || (is_answered && my.command != kNoCommand)) state.lost = true;
  if (is_answered) {
    my.command = command;
    my.step = command == kFieldList || command == kFetch ? kRows : kFirst;
  }
  // Attributes of a query come before its text.
  const bool may_have_attributes = command == kQuery && (my.client_flags & kQueryAttributes) != 0;
  if (may_have_attributes && side.left != 0) return {true};
  return show(skim_side, side, shown_bytes(command));
}

}  // namespace

Seen request_byte(SkimState& state, SkimSide& skim_side, MysqlSide& side, std::uint8_t byte) {
  MysqlState& my = state.mysql;
  switch (my.phase) {
    case kResponse:
      return response_byte(state, side, byte);
    case kAuth:
      return kHideRest;
    case kCommands:
      if (my.sends_file || side.goes_on) return kHideRest;
      // How many attributes a query has. Where they are, and its text, is not told of more than
      // none.
      if (side.position == 1) return show(skim_side, side, byte == 0 ? kQueryBytesMax - 1 : 0);
      return begin_command(state, skim_side, side, byte);
    default:
      state.lost = true;
      return kHideRest;
  }
}

}  // namespace kolben::agent::mysql
