// Where the parts of RESP2 and RESP3 (Redis, Valkey, KeyDB) begin and end. Freestanding, see
// skimmer.h.
//
// What is shown: of commands the counts and lengths, the name, and what else belongs to it; of
// answers the types, counts and lengths, and the code of an error. No value is.
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
// After these the server speaks without being asked, of what others do: neither calls, nor ours to
// see.
inline constexpr const char* kLeaving[] = {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE",
                                           "MONITOR",   "SYNC",       "PSYNC"};
// Of an error's code, which its first word is.
inline constexpr std::uint8_t kCodeBytesMax = 32;
inline constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 40;

// The name of a command as it comes. True: it is one of kLeaving.
bool add_to_word(RedisSide& side, const std::uint8_t* bytes, std::size_t size);

bool begins(const std::uint8_t* bytes, std::size_t size);
Run skim(SkimState& state, Direction direction, const std::uint8_t* bytes, std::size_t size);

}  // namespace kolben::agent::redis
