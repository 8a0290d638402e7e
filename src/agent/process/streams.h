// Streams: the connections in other protocols than HTTP/1.x that the library tells of
// (StreamPiece): puts their bytes in order, lets a parser of agent/protocols find the calls.
//
// One thread. A connection with a gap, or that its parser does not understand any more, is given up
// and counted.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "agent/process/records.h"
#include "agent/protocols/stream_parser.h"

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
  // Of all programs together; as many as one of them tells of. Beyond it the one that was silent
  // for the longest time makes room: the record of its end may have been lost.
  static constexpr std::size_t kStreamsMax = 4096;
  // Replies told before what they answer: less than a socket's buffer.
  static constexpr std::size_t kHeldBytesMax = 64 * 1024;
  // Requests of a connection that have not ended, and whose context the library chose; as many as
  // the parser follows.
  static constexpr std::size_t kRequestsMax = 1024;

  // Where calls go, in the order in which they end.
  class Sink {
   public:
    virtual ~Sink() = default;
    virtual void take(const DatabaseCall& call, const StreamPeer& peer) = 0;
    virtual void take(const WebCall& call, const StreamPeer& peer) = 0;
    virtual void take(const MessagingCall& call, const StreamPeer& peer) = 0;
  };
  // The sink outlives the streams.
  explicit Streams(Sink& sink);
  ~Streams();
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  void piece(std::uint32_t pid, const StreamPieceView& view);
  void end(std::uint32_t pid, const StreamEnd& end);
  // What its connections still wait for is told as unfinished.
  void process_ended(std::uint32_t pid, std::uint64_t time);

  std::size_t size() const { return streams_.size(); }
  std::uint64_t given_up() const { return given_up_; }

 private:
  class Stream;

  Stream* find_or_begin(std::uint32_t pid, const StreamPieceView& view);
  void give_up_the_most_silent();

  Sink& sink_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Stream>> streams_;  // by pid and number
  std::uint64_t given_up_ = 0;
};

}  // namespace kolben::agent
