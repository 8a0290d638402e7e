// Calls in a connection of Memcached, by its text protocol: each command is one; of its keys and
// values nothing is told. Commands that want no answer (`noreply`) end where they begin.
//
// Source: memcached, doc/protocol.txt. Not: meta commands (mg, ms ...), the binary protocol.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "agent/protocols/memcached/framing.h"
#include "agent/protocols/stream_parser.h"

namespace kolben::agent::memcached {

// Commands that are not answered; a client that pipelines more is not followed.
inline constexpr std::size_t kPendingMax = 16 * 1024;

class Parser final : public StreamParser {
 public:
  explicit Parser(CallSink& sink) : sink_(sink) {}

  bool take(Direction direction, std::string_view bytes, const Moment& moment) override;
  bool pass(Direction direction, std::uint64_t bytes, const Moment& moment) override;
  bool awaits_reply() const override { return !pending_.empty() || in_reply_; }
  std::size_t bytes() const override {
    return sizeof(*this) + pending_.size() * sizeof(DatabaseCall);
  }
  void finish(std::uint64_t time, CallEnd end) override;

 private:
  bool request_byte(char byte, const Moment& moment);
  void begin(const Moment& moment);
  bool reply_byte(char byte, std::uint64_t time);
  bool answered(std::uint64_t time);
  void emit(DatabaseCall& call, std::uint64_t time, CallEnd end);

  CallSink& sink_;
  std::string command_;  // its first word, as far as it has come
  bool is_named_ = false;
  DatabaseCall call_;  // of that command
  std::deque<DatabaseCall> pending_;
  std::string word_;  // of the server's line
  bool in_reply_ = false;
  // Calls that began in the bytes of this time.
  std::uint64_t bytes_time_ = 0;
  std::uint32_t calls_of_bytes_ = 0;
};

}  // namespace kolben::agent::memcached
