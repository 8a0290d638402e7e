// Calls in a connection of MySQL or MariaDB: queries, and executions of prepared statements with
// what their statements say. A call lasts until its last answer has ended. What an answer is made
// of the Skimmer knows (framing.h); here it is its end.
//
// Source: MySQL documentation, "Client/Server Protocol".
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/protocols/mysql/framing.h"
#include "agent/protocols/query_text.h"
#include "agent/protocols/stream_parser.h"

namespace kolben::agent::mysql {

// Prepared statements, and their texts together; the oldest make room.
inline constexpr std::size_t kStatementsMax = 512;
inline constexpr std::size_t kStatementBytesMax = 256 * 1024;
inline constexpr std::size_t kVersionBytesMax = 256;

// What the server will answer.
struct Pending {
  std::uint8_t command = kNoCommand;
  Query query;
  std::string database;  // that it chooses
  DatabaseCall call;
  bool is_call() const { return command == kQuery || command == kExecute; }
};

class Parser final : public StreamParser {
 public:
  explicit Parser(CallSink& sink, QueryTexts texts = QueryTexts::kSanitized)
      : sink_(sink), texts_(texts) {}

  bool take(Direction direction, std::string_view bytes, const Moment& moment) override;
  bool pass(Direction direction, std::uint64_t bytes, const Moment& moment) override;
  bool awaits_reply() const override { return !has_asked_ || pending_.has_value(); }
  std::size_t bytes() const override;
  void finish(std::uint64_t time, CallEnd end) override;

 private:
  bool packet(const Moment& moment);
  bool response();
  bool command(const Moment& moment);
  std::string_view query_text(std::string_view content) const;
  Query query_of(std::string_view text) const;
  void remember(std::uint32_t id);
  void forget(std::uint32_t id);
  bool answer_part(char byte, std::uint64_t time);
  std::size_t answer_bytes() const;
  bool answered(std::uint64_t time);
  void emit(Pending& pending, std::uint64_t time, CallEnd end);

  CallSink& sink_;
  const QueryTexts texts_;
  // The client's packet.
  std::string header_, content_;
  std::uint64_t left_ = 0;
  bool in_packet_ = false;

  bool has_response_ = false;  // the client's first packet has come
  bool has_asked_ = false;
  std::uint32_t client_flags_ = 0;
  Session session_;
  // The server's version, then the answers' ends.
  bool has_version_ = false;
  std::string version_, answer_;
  std::optional<std::uint16_t> status_;  // none: not told yet

  std::optional<Pending> pending_;
  std::map<std::uint32_t, Query> statements_;
  std::size_t statement_bytes_ = 0;
  std::uint32_t last_statement_ = 0;
  // Calls that began in the bytes of this time.
  std::uint64_t bytes_time_ = 0;
  std::uint32_t calls_of_bytes_ = 0;
};

}  // namespace kolben::agent::mysql
