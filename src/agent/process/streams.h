// Streams: the connections in other protocols than HTTP/1.x that the library tells of
// (StreamPiece): puts their bytes in order, lets a parser of agent/protocols find the calls.
//
// One thread. A connection with a gap, or that its parser does not understand any more, is given up
// and counted, and its program told so. Beyond a bound of connections, or of their memory, those
// that were silent for the longest time make room; they are counted too.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/process/records.h"
#include "agent/protocols/stream_parser.h"
#include "agent/ring/refusals.h"

namespace kolben::agent {

// The other side of a connection: the server, or, where the program serves, its client.
struct StreamPeer {
  std::string address;     // or the path of a Unix socket
  std::uint16_t port = 0;  // 0: a path
  bool is_client = false;
  std::string local_address;  // the program's own, where it serves
  std::uint16_t local_port = 0;
};

class Streams {
 public:
  // Of all programs together; as many as one of them tells of. The record of an end may be lost.
  static constexpr std::size_t kStreamsMax = 4096;
  // What is not answered, prepared statements, tables of headers: a fraction of it in practice.
  static constexpr std::size_t kBytesMax = 64 * 1024 * 1024;
  // Replies told before what they answer: less than a socket's buffer.
  static constexpr std::size_t kHeldBytesMax = 64 * 1024;
  // Requests of a connection that have not ended, and whose context the library chose; as many as
  // the parser follows.
  static constexpr std::size_t kRequestsMax = 1024;

  // Where calls go, in the order in which they end.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void begins(const WebCall& /*call*/, const StreamPeer& /*peer*/) {}
    virtual void take(const DatabaseCall& call, const StreamPeer& peer) = 0;
    virtual void take(const WebCall& call, const StreamPeer& peer) = 0;
    virtual void take(const MessagingCall& call, const StreamPeer& peer) = 0;
  };
  // The sink outlives the streams.
  explicit Streams(Sink& sink, std::size_t bytes_max = kBytesMax);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  // Of SQL, on connections that begin from now on.
  void set_query_texts(QueryTexts texts) { texts_ = texts; }
  // Where the programs are told of what is not followed any more; null: nowhere.
  void set_refusals(RefusalTable* table) { refusals_ = table; }

  void piece(std::uint32_t pid, const StreamPieceView& view);
  void end(std::uint32_t pid, const StreamEnd& end);
  // What its connections still wait for is told as unfinished.
  void process_ended(std::uint32_t pid, std::uint64_t time);

  std::size_t size() const { return streams_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::uint64_t given_up() const { return given_up_; }
  std::uint64_t made_room() const { return made_room_; }

 private:
  class Stream;

  Stream* find_or_begin(std::uint32_t pid, const StreamPieceView& view);
  using Map = std::unordered_map<std::uint64_t, std::unique_ptr<Stream>>;  // by pid and number

  void make_room();
  void weigh(Stream& stream);
  Map::iterator erase(Map::iterator stream);
  void refuse(std::uint64_t key) const;

  Sink& sink_;
  const std::size_t bytes_max_;
  QueryTexts texts_ = QueryTexts::kSanitized;
  RefusalTable* refusals_ = nullptr;
  Map streams_;
  std::size_t bytes_ = 0;
  std::uint64_t given_up_ = 0;
  std::uint64_t made_room_ = 0;
};

}  // namespace kolben::agent
