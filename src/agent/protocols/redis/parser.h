// Calls in a connection of Redis and what speaks like it (RESP2, RESP3): a command is a call, those
// that were written at once are one (a pipeline, a transaction). Of its arguments nothing is told.
//
// Source: Redis documentation, "Redis serialization protocol specification", "Pipelining". Not:
// connections that subscribe, monitor or replicate, CLIENT REPLY, inline commands; those end it.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "agent/protocols/redis/reader.h"
#include "agent/protocols/stream_parser.h"

namespace kolben::agent::redis {

// Commands that are not answered; a client that pipelines more is not followed.
inline constexpr std::size_t kPendingMax = 16 * 1024;
// Of a batch's text; more commands are "...".
inline constexpr std::size_t kBatchTextBytesMax = 1024;
inline constexpr std::int64_t kArgumentsNamed = 10;

class Parser final : public StreamParser {
 public:
  explicit Parser(CallSink& sink) : sink_(sink) {}

  bool take(Direction direction, std::string_view bytes, const Moment& moment) override;
  bool pass(Direction direction, std::uint64_t bytes, const Moment& moment) override;
  bool awaits_reply() const override { return !commands_.empty() || in_reply_; }
  std::size_t bytes() const override {
    return sizeof(*this) + batches_.size() * sizeof(Batch) + text_bytes_ +
           commands_.size() * sizeof(Command);
  }
  void finish(std::uint64_t time, CallEnd end) override;

 private:
  // Commands that were written at once.
  struct Batch {
    DatabaseCall call;
    std::uint32_t commands = 0;
    std::uint32_t answered = 0;
    bool is_same = true;  // all have one name
    bool is_transaction = false;
    std::string last;
  };
  struct Command {
    std::uint64_t batch = 0;
    std::int32_t selects = -1;  // SELECT's database
    bool executes = false;      // EXEC: errors within its reply are the commands'
  };

  bool request_part(const Part& part, const Moment& moment);
  bool command_complete();
  void add_to_batch(std::string_view name, std::string_view text);
  bool reply_part(const Part& part, const Moment& moment);
  bool element(const Part& part);
  bool reply_complete(std::uint64_t time);
  void note_error(std::string_view text);
  void emit(Batch& batch, std::uint64_t time, CallEnd end);

  CallSink& sink_;
  Reader readers_[2];  // by Direction
  std::string database_ = "0";

  // The command that is read.
  std::int64_t arguments_ = 0;
  std::int64_t arguments_left_ = 0;
  std::string name_, argument_;
  bool argument_is_whole_ = false;
  Moment begun_;

  std::deque<Batch> batches_;
  std::size_t text_bytes_ = 0;     // of theirs
  std::uint64_t first_batch_ = 0;  // the number of batches_.front()
  std::deque<Command> commands_;
  std::uint64_t batch_time_ = 0;

  // The reply that is read.
  bool in_reply_ = false;
  bool is_push_ = false;
  bool has_failed_ = false;
  std::uint64_t elements_left_ = 0;
  std::uint64_t elements_seen_ = 0;
};

}  // namespace kolben::agent::redis
