// StreamParser: the bytes of a connection, in the order in which they went, become calls.
//
// Bytes come cut anywhere, and without what the Skimmer left out, which is told by its length. One
// object a connection, one thread; in the agent process alone. Memory is bounded, each bound is a
// named constant of its protocol.
//
// A parser never guesses: at what it does not understand, at a gap, at a bound of what may be
// pending, it answers false and is not asked again; the caller counts that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "agent/protocols/database_call.h"
#include "agent/protocols/messaging_call.h"
#include "agent/protocols/protocol.h"
#include "agent/protocols/query_text.h"
#include "agent/protocols/web_call.h"

namespace kolben::agent {

// Takes the calls of a connection as they complete.
class CallSink {
 public:
  virtual ~CallSink() = default;
  // The head of a request is there; take() comes when it has ended.
  virtual void begins(const WebCall& /*call*/) {}
  virtual void take(const DatabaseCall& call) = 0;
  virtual void take(WebCall& call) = 0;
  virtual void take(const MessagingCall& call) = 0;
};

// When bytes went, and for whom. Bytes of one call to the system have the same.
struct Moment {
  std::uint64_t time = 0;
  Origin origin;  // of requests
};

// Of a parser that does not count what it holds.
inline constexpr std::size_t kParserBytesAssumed = 64 * 1024;

class StreamParser {
 public:
  StreamParser() = default;
  StreamParser(const StreamParser&) = delete;
  StreamParser& operator=(const StreamParser&) = delete;
  virtual ~StreamParser() = default;

  // Bytes from the client, or to it.
  virtual bool take(Direction direction, std::string_view bytes, const Moment& moment) = 0;
  // So many that are not shown.
  virtual bool pass(Direction direction, std::uint64_t bytes, const Moment& moment) = 0;
  // Whether the server has something to answer. If not, bytes from it are told again after the
  // next request: another thread's read may be told before the write that it answers.
  virtual bool awaits_reply() const = 0;
  // About what it holds. Asked after each piece.
  virtual std::size_t bytes() const { return kParserBytesAssumed; }
  // The connection has ended: what was not answered goes out with `end`.
  virtual void finish(std::uint64_t time, CallEnd end) = 0;
};

// Null for kNone and numbers that are no protocol. The sink outlives the parser.
// `texts`: of SQL.
std::unique_ptr<StreamParser> make_parser(Protocol protocol, CallSink& sink,
                                          QueryTexts texts = QueryTexts::kSanitized);

}  // namespace kolben::agent
