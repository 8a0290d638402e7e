// Where lines and values of Memcached's text protocol begin and end. Freestanding, see skimmer.h.
//
// What is shown: of a line its first word with the byte behind it (a blank, or '\r'); of a command
// the '\n' too, unless it says `noreply`.
// Source: memcached, doc/protocol.txt.
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/skimmer.h"

namespace kolben::agent::memcached {

inline constexpr std::uint32_t kLineBytesMax = 64 * 1024;  // a client may ask for many keys
inline constexpr std::uint64_t kValueBytesMax = std::uint64_t{1} << 30;
inline constexpr std::size_t kWordBytesMax = sizeof(MemcachedSide::word);

bool begins(const std::uint8_t* bytes, std::size_t size);
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size);

}  // namespace kolben::agent::memcached
