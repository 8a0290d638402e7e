// The wire protocols beside HTTP/1.x, and how the first bytes tell which one a connection speaks.
// Freestanding: the preload library asks, once a connection.
#pragma once

#include <cstddef>
#include <cstdint>

namespace kolben::agent {

// In the ring's records: writer and reader are of one build.
enum class Protocol : std::uint8_t {
  kNone = 0,
  kPostgresql = 1,
  kRedis = 2,
  kHttp2 = 3,
  kMysql = 4,
  kMemcached = 5,
  kMongodb = 6,
  kKafka = 7,
};

// Of the bytes on a connection: what the client says, and what it is told.
enum class Direction : std::uint8_t { kRequests = 0, kReplies = 1 };

// The first bytes on a client's connection: its own, or a server's that speaks first.
// kNone: none of ours, or too few bytes to be sure.
Protocol detect_protocol(Direction direction, const std::uint8_t* bytes, std::size_t size);
// Whether these first words of a server, too few to be sure, may be those of one that speaks first.
bool may_greet(const std::uint8_t* bytes, std::size_t size);
// So many bytes tell.
inline constexpr std::size_t kFirstWordsMax = 6;

}  // namespace kolben::agent
