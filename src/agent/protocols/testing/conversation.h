// A connection for tests: bytes go through the Skimmer, as in the program, and into the parser, as
// in the agent process, cut as the test likes.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/protocols/skimmer.h"
#include "agent/protocols/stream_parser.h"

namespace kolben::agent::testing {

class Conversation final : public CallSink {
 public:
  // `piece_bytes`: the most that comes at once.
  explicit Conversation(Protocol protocol, std::size_t piece_bytes = ~std::size_t{0},
                        QueryTexts texts = QueryTexts::kSanitized)
      : piece_bytes_(piece_bytes), parser_(make_parser(protocol, *this, texts)) {
    skimmer_.begin(protocol);
  }

  void client(std::string_view bytes) { say(Direction::kRequests, bytes); }
  void server(std::string_view bytes) { say(Direction::kReplies, bytes); }
  void close(CallEnd end = CallEnd::kClosed) {
    if (!given_up_) parser_->finish(++time_, end);
  }

  bool given_up() const { return given_up_; }
  bool awaits_tls() const { return skimmer_.awaits_tls(); }
  // Of the parser, about.
  std::size_t bytes() const { return parser_->bytes(); }
  bool awaits_reply() const { return parser_->awaits_reply(); }
  const std::vector<DatabaseCall>& calls() const { return calls_; }
  // What left the program.
  const std::string& shown() const { return shown_; }
  const std::vector<WebCall>& web_calls() const { return web_calls_; }
  void take(const DatabaseCall& call) override { calls_.push_back(call); }
  void take(const MessagingCall& call) override { messaging_calls_.push_back(call); }
  const std::vector<MessagingCall>& messaging_calls() const { return messaging_calls_; }
  void take(WebCall& call) override { web_calls_.push_back(call); }

  // A line a call: "SELECT users | SELECT ? FROM users | 42P01", "GET a /b | 200".
  std::string told() const {
    std::string text;
    for (const DatabaseCall& call : calls_) {
      text += call.operation.empty() ? call.summary : call.operation;
      text += " | " + call.text;
      if (!call.collection.empty()) text += call.database + '.' + call.collection;
      if (!call.error_code.empty()) text += " | " + call.error_code;
      if (call.batch_size != 0) text += " | " + std::to_string(call.batch_size);
      text += how(call.end) + '\n';
    }
    for (const WebCall& call : web_calls_) {
      text += call.method + ' ' + call.authority + ' ' + call.path;
      text += " | " + std::to_string(call.status);
      if (call.grpc_status >= 0) text += " | grpc " + std::to_string(call.grpc_status);
      if (call.end == CallEnd::kReset) text += " | reset " + std::to_string(call.reset);
      text += how(call.end) + '\n';
    }
    for (const MessagingCall& call : messaging_calls_) {
      text += (call.sends ? "send " : "poll ") + call.destination;
      if (call.partition >= 0) text += " | " + std::to_string(call.partition);
      text += messages_of(call) + how(call.end) + '\n';
    }
    return text;
  }

 private:
  // " | 2 messages | at 5 | traceparent:00-... | and 7 more"
  static std::string messages_of(const MessagingCall& call) {
    std::string text;
    if (call.messages > 0) text += " | " + std::to_string(call.messages) + " messages";
    if (call.offset >= 0) text += " | at " + std::to_string(call.offset);
    for (const std::string& lines : call.contexts)
      text += " | " + lines.substr(0, lines.size() - 1);
    if (call.contexts_dropped != 0)
      text += " | and " + std::to_string(call.contexts_dropped) + " more";
    return text;
  }
  static std::string how(CallEnd end) {
    if (end == CallEnd::kSkipped) return " | skipped";
    if (end == CallEnd::kClosed) return " | closed";
    return end == CallEnd::kProcessEnded ? " | process ended" : "";
  }

  // One call of the program: its pieces have one time.
  void say(Direction direction, std::string_view bytes) {
    Moment moment;
    moment.time = ++time_;
    moment.origin.span_id[0] = static_cast<std::uint8_t>(time_);
    while (!bytes.empty() && !given_up_) {
      const std::string_view piece = bytes.substr(0, piece_bytes_);
      bytes.remove_prefix(piece.size());
      feed(direction, piece, moment);
    }
  }

  // What is not shown comes as one number up to the next byte that is, as in a record of the ring.
  void feed(Direction direction, std::string_view piece, const Moment& moment) {
    std::uint64_t unseen = 0;
    while (!piece.empty() && !given_up_ && !skimmer_.lost()) {
      const Run run = skimmer_.next(direction, reinterpret_cast<const std::uint8_t*>(piece.data()),
                                    piece.size());
      const std::string_view bytes = piece.substr(0, run.size);
      piece.remove_prefix(run.size);
      if (!run.is_seen) {
        unseen += run.size;
        continue;
      }
      shown_ += bytes;
      pass(direction, unseen, moment);
      unseen = 0;
      given_up_ = given_up_ || !parser_->take(direction, bytes, moment);
    }
    pass(direction, unseen, moment);
    given_up_ = given_up_ || skimmer_.lost();
  }

  void pass(Direction direction, std::uint64_t unseen, const Moment& moment) {
    if (unseen == 0 || given_up_) return;
    given_up_ = !parser_->pass(direction, unseen, moment);
  }

  const std::size_t piece_bytes_;
  Skimmer skimmer_;
  std::unique_ptr<StreamParser> parser_;
  std::vector<DatabaseCall> calls_;
  std::vector<WebCall> web_calls_;
  std::vector<MessagingCall> messaging_calls_;
  std::string shown_;
  std::uint64_t time_ = 0;
  bool given_up_ = false;
};

}  // namespace kolben::agent::testing
