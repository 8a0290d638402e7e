// Calls in a connection of MongoDB: a command is one, with its name, its database and its
// collection; of what is in it nothing is told. What a driver says for itself (hello, to prove who
// it is) is none.
//
// Source: MongoDB manual, "MongoDB Wire Protocol", "Error Codes". Not: compressed messages.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "agent/protocols/mongodb/framing.h"
#include "agent/protocols/run_parser.h"

namespace kolben::agent::mongodb {

// Commands that are not answered.
inline constexpr std::size_t kPendingMax = 1024;

class Parser final : public RunParser {
 public:
  explicit Parser(CallSink& sink) : sink_(sink) {}

  bool awaits_reply() const override { return !pending_.empty() || in_reply_; }
  std::size_t bytes() const override {
    return sizeof(*this) + pending_.size() * (sizeof(Pending) + 3 * kTextBytesMax);
  }
  void finish(std::uint64_t time, CallEnd end) override;

 private:
  struct Pending {
    DatabaseCall call;
    bool is_told = true;
  };
  // What is known of the message that comes.
  struct Message {
    std::uint32_t id = 0;
    std::uint32_t answers = 0;  // the id of another one
    std::string value;          // that is shown
    double ok = 1;
    std::int64_t code = 0;
    Pending command;
  };

  std::size_t next_run(Direction direction, std::size_t size) const override {
    return run_of(sides_[static_cast<int>(direction)], size);
  }
  bool shows_next(Direction direction) const override {
    return is_shown(sides_[static_cast<int>(direction)]);
  }
  bool take_run(Direction direction, const std::uint8_t* bytes, std::size_t size,
                const Moment& moment) override;
  bool complete(Direction direction, Event event, const Moment& moment);
  void header_complete(Direction direction, const Moment& moment);
  void name_complete(Direction direction);
  void value_complete(Direction direction);
  bool command_complete(const Moment& moment);
  bool answer_complete(const Moment& moment);
  void emit(Pending& pending, std::uint64_t time, CallEnd end);

  CallSink& sink_;
  MongodbSide sides_[2];  // by Direction
  Message messages_[2];
  std::map<std::uint32_t, Pending> pending_;  // by the id of the message that is answered
  bool in_reply_ = false;
  // Calls that began in the bytes of this time.
  std::uint64_t bytes_time_ = 0;
  std::uint32_t calls_of_bytes_ = 0;
};

}  // namespace kolben::agent::mongodb
