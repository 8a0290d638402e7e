// Calls in a client's connection of Kafka: a Produce is one, and a Fetch; other requests are none.
//
// Source: https://kafka.apache.org/protocol.html. Not: topics beyond the first of a request.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "agent/protocols/kafka/framing.h"
#include "agent/protocols/kafka/records_reader.h"
#include "agent/protocols/run_parser.h"

namespace kolben::agent::kafka {

// Requests that are not answered.
inline constexpr std::size_t kPendingMax = 1024;
// Of the contexts in their records; what goes beyond that is dropped.
inline constexpr std::size_t kContextBytesHeldMax = 256U << 10U;

class Parser final : public RunParser {
 public:
  explicit Parser(CallSink& sink) : sink_(sink) {}

  bool awaits_reply() const override { return !pending_.empty() || in_reply_; }
  std::size_t bytes() const override {
    return sizeof(*this) + pending_.size() * (sizeof(Pending) + 2 * kTextBytesMax) +
           context_bytes_ + 2 * kContextsMax * (kContextLinesMax + sizeof(std::string));
  }
  void finish(std::uint64_t time, CallEnd end) override;

 private:
  struct Pending {
    MessagingCall call;
    std::uint32_t correlation = 0;
    std::uint16_t api = 0;
    std::uint16_t version = 0;
    bool is_told = false;
    bool wants_answer = true;
  };

  std::size_t next_run(Direction direction, std::size_t size) const override {
    return run_of(sides_[static_cast<int>(direction)], direction, size);
  }
  bool shows_next(Direction direction) const override {
    return is_shown(sides_[static_cast<int>(direction)]);
  }
  bool is_hidden(Direction direction) override;
  bool take_run(Direction direction, const std::uint8_t* bytes, std::size_t size,
                const Moment& moment) override;
  bool request(Event event, const Moment& moment);
  bool reply(Event event, std::uint64_t time);
  void begin();
  bool end(std::uint64_t time);
  void hold_contexts();
  void emit(Pending& pending, std::uint64_t time, CallEnd end);

  CallSink& sink_;
  KafkaSide sides_[2];  // by Direction
  Moment begun_;        // of the request that comes
  Pending request_;
  std::string text_, fixed_;
  std::uint32_t topics_ = 0;
  bool has_partition_ = false;
  RecordsReader records_[2];       // by Direction
  std::size_t context_bytes_ = 0;  // of what is pending
  // In the order in which they were asked, which is that of the answers.
  std::deque<Pending> pending_;
  bool in_reply_ = false;
  // Calls that began in the bytes of this time.
  std::uint64_t bytes_time_ = 0;
  std::uint32_t calls_of_bytes_ = 0;
};

}  // namespace kolben::agent::kafka
