// Calls in a connection of PostgreSQL: simple and extended queries, with what their prepared
// statements say, COPY, errors. A query is a call until the server is ready again; of the extended
// protocol each Execute is one, which begins with the first message that prepares it.
//
// Source: PostgreSQL documentation, "Frontend/Backend Protocol", "Message Flow". Not: replication,
// GSSAPI encryption, function calls; those end it.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/protocols/postgresql/message_reader.h"
#include "agent/protocols/query_text.h"
#include "agent/protocols/stream_parser.h"

namespace kolben::agent::postgresql {

// Sent and not answered; a client that pipelines more is not followed.
inline constexpr std::size_t kPendingMax = 1024;
inline constexpr std::size_t kPendingBytesMax = 1024 * 1024;  // of their texts
// Prepared statements, and their texts together; more are called by what the server says of them.
inline constexpr std::size_t kStatementsMax = 512;
inline constexpr std::size_t kStatementBytesMax = 256 * 1024;
inline constexpr std::size_t kPortalsMax = 64;

class Parser final : public StreamParser {
 public:
  explicit Parser(CallSink& sink, QueryTexts texts = QueryTexts::kSanitized)
      : sink_(sink), texts_(texts) {}

  bool take(Direction direction, std::string_view bytes, const Moment& moment) override;
  bool pass(Direction direction, std::uint64_t bytes, const Moment& moment) override;
  bool awaits_reply() const override { return !is_ready_ || !pending_.empty(); }
  std::size_t bytes() const override;
  void finish(std::uint64_t time, CallEnd end) override;

 private:
  // What the server will answer.
  struct Pending {
    enum class Kind : std::uint8_t {
      kQuery,    // ends with ReadyForQuery
      kExecute,  // ends with its own answer
      kSync,     // ends with ReadyForQuery; no call
    };
    Kind kind = Kind::kQuery;
    bool failed = false;
    Query query;
    std::size_t query_bytes = 0;  // 0: those of the one before
    DatabaseCall call;
  };

  Query query_of(std::string_view text, bool is_extended) const;
  bool understand(Direction direction, const Message& message, const Moment& moment);
  bool request(const Message& message, const Moment& moment);
  bool startup(std::string_view content);
  void parse(std::string_view content, const Moment& moment);
  void bind(std::string_view content, const Moment& moment);
  bool execute(std::string_view content, const Moment& moment);
  void close(std::string_view content);
  void remember(std::string_view name, Query query);
  void forget(std::string_view name);
  void begin_execute(const Moment& moment);
  bool add(Pending::Kind kind, const Moment& moment, const Query& query);
  Pending take_first();

  bool reply(const Message& message, std::uint64_t time);
  bool answered(std::string_view tag, std::uint64_t time);
  void error(std::string_view content);
  bool ready(std::string_view status, std::uint64_t time);
  void emit(Pending& pending, std::uint64_t time, CallEnd end);

  CallSink& sink_;
  const QueryTexts texts_;
  MessageReader readers_[2];  // by Direction
  bool is_started_ = false;
  bool expects_byte_ = false;  // the answer to SSLRequest
  bool is_ready_ = false;      // the server has been once
  Session session_;
  using Queries = std::map<std::string, Query, std::less<>>;
  void drop_portal(std::string_view name);
  Queries statements_;
  std::size_t statement_bytes_ = 0;
  Queries portals_;
  std::size_t portal_bytes_ = 0;
  std::deque<Pending> pending_;
  std::size_t pending_bytes_ = 0;
  // When the messages of an Execute began; not set between them.
  std::optional<Moment> begun_;
  // Prepared since the last Execute or Sync: an error may be its.
  Query prepared_;
  // Calls that began in the bytes of this time.
  std::uint64_t bytes_time_ = 0;
  std::uint32_t calls_of_bytes_ = 0;
};

}  // namespace kolben::agent::postgresql
