// Where messages of PostgreSQL's protocol 3.0 begin and end. Freestanding, see skimmer.h.
// Source: PostgreSQL documentation, "Frontend/Backend Protocol", "Message Formats".
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/skimmer.h"

namespace kolben::agent::postgresql {

// The first messages of a connection have no type: int32 length, int32 code.
inline constexpr std::uint32_t kStartupCode = 196608;  // protocol 3.0
inline constexpr std::uint32_t kCancelCode = 80877102;
inline constexpr std::uint32_t kSslCode = 80877103;
inline constexpr std::uint32_t kGssCode = 80877104;
inline constexpr std::uint32_t kStartupBytesMax = 10000;  // as the server's bound
inline constexpr std::uint32_t kMessageBytesMax = 0x3fff'ffff;

// What is shown of a message's content: of a query's text, of names, of a command's tag.
inline constexpr std::uint32_t kQueryBytesMax = 8192;
inline constexpr std::uint32_t kNameBytesMax = 256;
inline constexpr std::uint32_t kErrorBytesMax = 256;

bool begins(const std::uint8_t* bytes, std::size_t size);
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size);

constexpr std::uint32_t big_endian32(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | bytes[3];
}

}  // namespace kolben::agent::postgresql
