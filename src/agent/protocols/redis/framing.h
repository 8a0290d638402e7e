// Where the parts of RESP2 and RESP3 (Redis, Valkey, KeyDB) begin and end. Freestanding, see
// skimmer.h.
// Source: Redis documentation, "Redis serialization protocol specification".
#pragma once

#include <cstddef>
#include <cstdint>

#include "agent/protocols/skimmer.h"

namespace kolben::agent::redis {

// Of a command its name is shown, and the argument after it where it is a part of the name
// ("CONFIG GET") or the number of a database.
inline constexpr std::uint32_t kArgumentBytesMax = 64;
inline constexpr const char* kContainers[] = {
    "ACL",    "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DEBUG",   "FUNCTION", "LATENCY",
    "MEMORY", "MODULE", "OBJECT",  "PUBSUB",  "SCRIPT", "SLOWLOG", "XGROUP",   "XINFO"};
// Of replies, texts up to this; the values of longer ones are not shown.
inline constexpr std::uint32_t kTextBytesMax = 64;
inline constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 40;

// The first argument of a command as it comes, up to eight letters. True: behind it the server
// tells of what others do (MONITOR, replication), which is neither a call nor ours to see.
bool add_to_word(SkimSide& side, const std::uint8_t* bytes, std::size_t size);

bool begins(const std::uint8_t* bytes, std::size_t size);
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size);

}  // namespace kolben::agent::redis
