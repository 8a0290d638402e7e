// Where packets of MySQL's protocol begin and end, and where an answer does. Freestanding, see
// skimmer.h.
//
// What is shown: of the server's greeting its version; of the client's first packet what stands
// before the user's name, the name, and the database's; of commands their beginning, packet headers
// included. Of an answer only its end, which is one of
//   - two bytes of status (kMoreResults: another answer follows),
//   - an error: 0xff, two bytes of code, '#', five of SQLSTATE,
//   - of a command that prepares: 0x00 and the four bytes of the statement's id.
//
// A client that asks for TLS says its first packet again within it.
// A client that asks before it is answered, compresses, or leaves out what columns are, is not
// followed.
// Source: MySQL documentation, "Client/Server Protocol"; MariaDB documentation, "Clientserver
// Protocol".
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/skimmer.h"

namespace kolben::agent::mysql {

inline constexpr std::uint32_t kPacketBytesMax = 0xff'ffff;  // so long ones go on in the next
inline constexpr std::uint32_t kQueryBytesMax = 8192;
inline constexpr std::uint32_t kNameBytesMax = 256;
inline constexpr std::uint32_t kStatementIdBytes = 4;
inline constexpr std::uint8_t kErrorBytes = 9;
inline constexpr std::uint8_t kPreparedBytes = 5;
inline constexpr std::uint8_t kStatusBytes = 2;
inline constexpr std::uint8_t kFixedBytesOfResponse = 32;

// Capabilities (CLIENT_...).
inline constexpr std::uint32_t kConnectWithDatabase = 1U << 3;
inline constexpr std::uint32_t kCompress = 1U << 5;
inline constexpr std::uint32_t kProtocol41 = 1U << 9;
inline constexpr std::uint32_t kTls = 1U << 11;
inline constexpr std::uint32_t kAuthLengthByte = 1U << 15;  // SECURE_CONNECTION
inline constexpr std::uint32_t kAuthLengthEncoded = 1U << 21;
inline constexpr std::uint32_t kDeprecateEof = 1U << 24;
inline constexpr std::uint32_t kOptionalMetadata = 1U << 25;
inline constexpr std::uint32_t kZstd = 1U << 26;
inline constexpr std::uint32_t kQueryAttributes = 1U << 27;

// Status flags (SERVER_...).
inline constexpr std::uint16_t kMoreResults = 1U << 3;
inline constexpr std::uint16_t kCursorExists = 1U << 6;
inline constexpr std::uint16_t kNoBackslashes = 1U << 9;

enum Command : std::uint8_t {
  kNoCommand = 0,
  kQuit = 0x01,
  kInitDatabase = 0x02,
  kQuery = 0x03,
  kFieldList = 0x04,
  kCreateDatabase = 0x05,
  kDropDatabase = 0x06,
  kRefresh = 0x07,
  kProcessInfo = 0x0a,
  kProcessKill = 0x0c,
  kDebug = 0x0d,
  kPing = 0x0e,
  kPrepare = 0x16,
  kExecute = 0x17,
  kSendLongData = 0x18,
  kCloseStatement = 0x19,
  kResetStatement = 0x1a,
  kSetOption = 0x1b,
  kFetch = 0x1c,
  kResetConnection = 0x1f,
};

// Commands that the server does not answer.
constexpr bool is_unanswered(std::uint8_t command) {
  return command == kQuit || command == kSendLongData || command == kCloseStatement;
}

// A server's greeting.
bool greets(const std::uint8_t* bytes, std::size_t size);
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size);

}  // namespace kolben::agent::mysql
