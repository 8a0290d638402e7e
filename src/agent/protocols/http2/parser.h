// Calls in a connection of HTTP/2, from the client's preface on: a stream that the client opens is
// a call, until the server has ended it or one of both has given it up.
//
// The answer may be told before its request, by another thread's read (stream_parser.h): it is kept
// until the request comes.
//
// Source: RFC 9113; gRPC's status: "gRPC over HTTP2". Not: the upgrade from HTTP/1.1, pushed
// responses (their headers are read, for the table's sake).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocols/http2/framing.h"
#include "agent/protocols/http2/hpack.h"
#include "agent/protocols/stream_parser.h"

namespace kolben::agent::http2 {

inline constexpr std::size_t kStreamsMax = 1024;  // open at a time, or answered too early
inline constexpr std::size_t kBlockBytesMax = 64 * 1024;
inline constexpr std::size_t kSettingsMax = 16;  // that are not acknowledged
inline constexpr std::size_t kValueBytesMax = 2048;

class Parser final : public StreamParser {
 public:
  explicit Parser(CallSink& sink) : sink_(sink) {}

  bool take(Direction direction, std::string_view bytes, const Moment& moment) override;
  bool pass(Direction direction, std::uint64_t bytes, const Moment& moment) override;
  // The server speaks at any time; what it says too early is kept here.
  bool awaits_reply() const override { return true; }
  std::size_t bytes() const override;
  void finish(std::uint64_t time, CallEnd end) override;

 private:
  struct Frame {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;
    std::uint32_t length = 0;
  };
  struct Call {
    WebCall told;
    bool is_asked = false;
    bool is_ended = false;  // before it was asked
  };
  // One direction.
  struct Side {
    std::string header;
    Frame frame;
    bool in_payload = false;
    std::uint64_t left = 0;
    std::string payload;
    // A block of headers that goes on in CONTINUATION.
    bool in_block = false;
    bool block_is_promise = false;
    bool block_ends_stream = false;
    std::uint32_t block_stream = 0;
    std::string block;
    Moment block_begun;
    HpackDecoder decoder;
    // Table sizes that this side has announced and that are not acknowledged; 0: nothing of tables.
    std::deque<std::size_t> announced;
    std::size_t acknowledged_early = 0;
  };

  Side& side(Direction direction) { return sides_[static_cast<int>(direction)]; }
  bool frame_begun(Side& side);
  bool frame_complete(Direction direction, const Moment& moment);
  bool headers(Direction direction, const Moment& moment);
  bool promise(Direction direction, const Moment& moment);
  bool continuation(Direction direction, const Moment& moment);
  bool block_complete(Direction direction, const Moment& moment);
  bool settings(Direction direction);
  bool data(Direction direction, const Moment& moment);
  bool reset(std::uint64_t time, const Side& side);
  bool request(std::uint32_t stream, const std::vector<Field>& fields, const Moment& moment);
  bool response(std::uint32_t stream, const std::vector<Field>& fields);
  Call* find_or_begin(std::uint32_t stream, bool is_answer);
  void stream_ended(std::uint32_t stream, std::uint64_t time, CallEnd end);

  CallSink& sink_;
  Side sides_[2];  // by Direction
  std::uint32_t preface_left_ = kPrefaceBytes;
  std::map<std::uint32_t, Call> calls_;
  std::size_t text_bytes_ = 0;     // of theirs
  std::uint32_t last_stream_ = 0;  // that the client has opened
  // Calls that began in the bytes of this time.
  std::uint64_t bytes_time_ = 0;
  std::uint32_t calls_of_bytes_ = 0;
};

}  // namespace kolben::agent::http2
