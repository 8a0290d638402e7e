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

#include "agent/protocols/protocol.h"

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
  std::uint64_t number = 0;       // that a line is telling (RESP)
  std::uint32_t argument = 0;     // of the command (RESP)
  std::uint64_t word = 0;         // its first argument in capitals, see redis/framing.h
  std::uint8_t word_left = 0;
  std::uint8_t header[9] = {};
  std::uint8_t header_size = 0;
};

// MySQL: where in a packet a direction is.
struct MysqlSide {
  std::uint32_t left = 0;      // of the packet's content
  std::uint32_t position = 0;  // in its content
  std::uint8_t header[4] = {};
  std::uint8_t header_size = 0;
  std::uint8_t begun[24] = {};  // the first bytes of the content
  bool goes_on = false;         // the packet before was as long as one can be
  bool is_description = false;  // of columns or parameters: one of packets_left
};

// MySQL: where in a conversation both are; see mysql/framing.cc. One thread at a time, whichever
// the direction.
struct MysqlState {
  MysqlSide sides[2];  // by Direction
  std::uint32_t server_flags = 0;
  std::uint32_t client_flags = 0;
  std::uint32_t packets_left = 0;  // descriptions of columns and parameters
  std::uint32_t version_bytes = 0;
  std::uint32_t hidden_left = 0;  // of the client's secret
  std::uint8_t phase = 0;
  std::uint8_t step = 0;  // of what the client's first packet or an answer is made of
  std::uint8_t command = 0;
  bool sends_file = false;  // the client does
  bool caches_columns = false;
};

// Memcached: where in a line a direction is.
struct MemcachedSide {
  std::uint64_t number = 0;      // that a word is telling
  std::uint64_t value_left = 0;  // with its line end
  std::uint32_t line_size = 0;
  std::uint8_t word[10] = {};
  std::uint8_t word_size = 0;
  std::uint8_t words = 0;       // complete ones
  std::uint8_t value_word = 0;  // which one is a value's length; 0: none
  bool in_word = false;
  bool may_want_no_answer = false;
  bool is_noreply = false;  // the last word
};

// MongoDB: where in a message a direction is; see mongodb/framing.h.
struct MongodbSide {
  std::uint32_t left = 0;           // of what it is at
  std::uint32_t message_left = 0;   // after the header
  std::uint32_t document_left = 0;  // after its length
  std::uint32_t operation = 0;
  std::uint32_t flags = 0;
  std::uint8_t phase = 0;
  std::uint8_t type = 0;      // of the element
  std::uint8_t elements = 0;  // complete ones, up to 255
  bool shows = false;         // the value
  bool is_get_more = false;
  bool has_document = false;
  std::uint8_t number_bytes = 0;
  std::uint8_t name_size = 0;  // one more than there is room for: longer
  std::uint8_t number[16] = {};
  std::uint8_t name[32] = {};  // of the element
};

// Kafka: where in a message a direction is; see kafka/framing.h.
struct KafkaSide {
  std::uint32_t left = 0;          // of what it is at
  std::uint32_t message_left = 0;  // after its size
  std::uint32_t correlation = 0;
  std::uint32_t count = 0;  // of topics, or of a topic's partitions
  std::uint32_t partition = 0;
  std::uint16_t api = 0;
  std::uint16_t version = 0;
  std::uint8_t step = 0;
  std::uint8_t number_bytes = 0;
  bool is_compact = false;  // a length, a count
  bool in_text = false;     // after its length
  bool ends = false;        // the message did, with what was taken last
  std::uint8_t number[8] = {};
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
  MysqlState mysql;
  MemcachedSide memcached[2];  // by Direction
  MongodbSide mongodb[2];
  KafkaSide kafka[2];

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
  // From here on the connection is not understood, or encrypted.
  bool lost() const { return state_.lost; }

 private:
  Protocol protocol_ = Protocol::kNone;
  SkimState state_;
};

}  // namespace kolben::agent
