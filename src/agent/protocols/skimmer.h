// Skimmer: which bytes of a connection the agent process has to see. A result of a million rows is
// its command's tag to us: rows, copied data, parameters, bodies, passwords and long values stay in
// the program, and only their length is told. It knows where messages begin and end, and nothing of
// what they mean.
//
// Runs in the programs: freestanding, no allocation, one object a connection. Each direction is for
// one thread at a time; of MySQL both are.
// Bytes are from strangers: what does not fit ends in lost(), and nothing is guessed after that.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "agent/protocols/kafka/state.h"
#include "agent/protocols/memcached/state.h"
#include "agent/protocols/mongodb/state.h"
#include "agent/protocols/mysql/state.h"
#include "agent/protocols/protocol.h"
#include "agent/protocols/redis/state.h"

namespace kolben::agent {

struct Run {
  std::size_t size = 0;  // from the begin of the bytes; at least 1
  bool is_seen = true;
};

// One direction.
struct SkimSide {
  std::uint64_t seen_left = 0;    // of the message, to be shown
  std::uint8_t texts_left = 0;    // not 0: of these only so many texts, which end in zeros
  std::uint64_t unseen_left = 0;  // of the message after that
  std::uint8_t header[9] = {};
  std::uint8_t header_size = 0;
};

// What both directions look at, each in a thread of its own perhaps.
class SharedFlag {
 public:
  SharedFlag() = default;
  SharedFlag(const SharedFlag& other) : flag_(static_cast<bool>(other)) {}
  SharedFlag& operator=(const SharedFlag& other) {
    *this = static_cast<bool>(other);
    return *this;
  }
  SharedFlag& operator=(bool value) {
    flag_.store(value, std::memory_order_relaxed);
    return *this;
  }
  operator bool() const { return flag_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> flag_{false};
};

struct SkimState {
  SkimSide sides[2];  // by Direction
  // Only ever set: what one direction has lost the other one does not find again.
  SharedFlag lost;
  // PostgreSQL: messages have a type; the next reply is a single byte. HTTP/2: the preface has
  // begun.
  bool is_started = false;
  SharedFlag expects_byte;
  // PostgreSQL, MySQL: both have agreed on TLS, within which the conversation goes on.
  SharedFlag awaits_tls;
  MysqlState mysql;
  MemcachedSide memcached[2];  // by Direction
  RedisSide redis[2];          // by Direction
  MongodbSide mongodb[2];
  KafkaSide kafka[2];
  KafkaAsked kafka_asked;

  SkimSide& side(Direction direction) { return sides[static_cast<int>(direction)]; }
};

class Skimmer {
 public:
  void begin(Protocol protocol) {
    protocol_ = protocol;
    state_ = {};
  }
  // The run of bytes that is to be shown or not; `size` is not 0. Not to be called when lost.
  Run next(Direction direction, const std::uint8_t* bytes, std::size_t size);
  // Bytes that nobody can look at; false: they are not among those that need not be shown.
  bool skip(Direction direction, std::uint64_t bytes);
  // From here on the connection is not understood.
  bool lost() const { return state_.lost; }
  // The next bytes are to be those within TLS, which begins.
  bool awaits_tls() const { return state_.awaits_tls; }
  void tls_begins() { state_.awaits_tls = false; }

 private:
  Protocol protocol_ = Protocol::kNone;
  SkimState state_;
};

}  // namespace kolben::agent
