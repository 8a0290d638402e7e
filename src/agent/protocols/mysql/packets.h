// What the two directions of MySQL's framing share: a byte of a packet at a time, and what is done
// with it. Private to framing.cc, requests.cc and answers.cc.
#pragma once

#include <cstdint>

#include "agent/protocols/mysql/framing.h"

namespace kolben::agent::mysql {

// MariaDB's servers and clients do not set the first capability, and have more of them.
constexpr std::uint32_t kIsMysql = 1;
constexpr std::uint8_t kCacheMetadata = 1U << 4;

enum Phase : std::uint8_t { kGreeting, kResponse, kAuth, kCommands };
// Of an answer, and of the columns and parameters that are described in it; the client's first
// packet has steps of its own (requests.cc).
enum AnswerStep : std::uint8_t { kFirst, kColumns, kRows, kDefinitions };

// What is done with a byte.
struct Seen {
  bool is_shown = false;
  bool hides_rest = false;  // of the packet; it is understood
};
constexpr Seen kHideRest = {false, true};

inline std::uint32_t length_of(const std::uint8_t* header) {
  return header[0] | std::uint32_t{header[1]} << 8 | std::uint32_t{header[2]} << 16;
}

// How long a number is that tells it itself.
inline std::uint8_t bytes_of_number(std::uint8_t first) {
  if (first < 0xfb) return 1;
  return first == 0xfc ? 3 : first == 0xfd ? 4 : 9;
}
inline bool negotiated(const MysqlState& my, std::uint32_t flags) {
  return (my.server_flags & my.client_flags & flags) != 0;
}

// Byte `position` of a number of four bytes that begins at `from`.
inline void set_byte(std::uint32_t& number, std::uint32_t position, std::uint32_t from,
                     std::uint8_t byte) {
  number |= std::uint32_t{byte} << (8 * (position - from));
}

// The client's first packet is no more than what comes before its name: in TLS it begins again.
inline bool asks_for_tls(const MysqlState& my, std::uint32_t length) {
  return my.phase == kResponse && (my.client_flags & kTls) != 0 && !my.is_in_tls &&
         length == kFixedBytesOfResponse;
}

// `side` has the byte's place in the packet, and what of the packet comes after it.
Seen request_byte(SkimState& state, SkimSide& skim_side, MysqlSide& side, std::uint8_t byte);
Seen reply_byte(SkimState& state, MysqlSide& side, std::uint8_t byte);
// The answer is complete, or the first of several.
void end_answer(MysqlState& my, bool has_more);

}  // namespace kolben::agent::mysql
