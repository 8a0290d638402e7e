#include "agent/protocols/mysql/parser.h"

#include <algorithm>
#include <utility>

#include "agent/protocols/sql.h"

namespace kolben::agent::mysql {
namespace {

constexpr std::size_t kHeaderBytes = 4;
constexpr std::uint32_t kLastPrepared = 0xffff'ffff;  // MariaDB's clients need not know its number
constexpr std::uint16_t kProgress = 0xffff;

std::uint32_t number_of(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[i - 1]);
  }
  return value;
}

// USE `shop`: its database; empty: another statement.
std::string_view used_database(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n;";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(begin);
  const bool is_use = text.size() > 4 && (text[0] | 32) == 'u' && (text[1] | 32) == 's' &&
                      (text[2] | 32) == 'e' && kBlanks.find(text[3]) != std::string_view::npos;
  if (!is_use) return {};
  text.remove_prefix(4);
  const std::size_t from = std::min(text.find_first_not_of(" \t\r\n`"), text.size());
  text.remove_prefix(from);
  return text.substr(0, text.find_first_of(" \t\r\n;`"));
}

}  // namespace

bool Parser::take(Direction direction, std::string_view bytes, const Moment& moment) {
  if (direction == Direction::kReplies) {
    return std::all_of(bytes.begin(), bytes.end(),
                       [&](char byte) { return answer_part(byte, moment.time); });
  }
  while (!bytes.empty()) {
    if (!in_packet_) {
      const std::size_t taken = std::min(kHeaderBytes - header_.size(), bytes.size());
      header_.append(bytes.substr(0, taken));
      bytes.remove_prefix(taken);
      if (header_.size() < kHeaderBytes) return true;
      left_ = number_of(std::string_view(header_).substr(0, 3));
      header_.clear();
      content_.clear();
      in_packet_ = true;
    }
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    // No more than the Skimmer shows, whoever has sent this.
    const std::size_t room =
        kQueryBytesMax + 1 - std::min<std::size_t>(kQueryBytesMax + 1, content_.size());
    content_.append(bytes.substr(0, std::min(taken, room)));
    bytes.remove_prefix(taken);
    left_ -= taken;
    if (left_ == 0 && !packet(moment)) return false;
  }
  return true;
}

// Between what is shown; beyond the client's packet they are whole ones.
bool Parser::pass(Direction direction, std::uint64_t bytes, const Moment& moment) {
  if (direction == Direction::kReplies) return true;
  if (!in_packet_) return header_.empty();
  left_ -= std::min(left_, bytes);
  return left_ != 0 || packet(moment);
}

std::size_t Parser::bytes() const {
  constexpr std::size_t kNode = 96 + sizeof(QueryText);
  const bool has_query = pending_ && pending_->query != nullptr;
  return sizeof(*this) + content_.capacity() + statements_.size() * kNode + statement_bytes_ +
         (has_query ? pending_->query->bytes() : 0);
}

void Parser::finish(std::uint64_t time, CallEnd end) {
  if (pending_ && pending_->is_call()) emit(*pending_, time, end);
  pending_.reset();
}

// --- what the client says ------------------------------------------------------------------------

bool Parser::packet(const Moment& moment) {
  in_packet_ = false;
  if (!has_response_) return response();
  has_asked_ = true;
  return command(moment);
}

// int32 flags and what is nothing to us, the user's name; the secret is not here; the database.
bool Parser::response() {
  std::string_view content = content_;
  if (content.size() < kFixedBytesOfResponse) return false;
  client_flags_ = number_of(content.substr(0, 4));
  // It asks for TLS, and says it again there.
  if ((client_flags_ & kTls) != 0 && content.size() == kFixedBytesOfResponse) return true;
  has_response_ = true;
  content.remove_prefix(kFixedBytesOfResponse);
  const std::size_t end = content.find('\0');
  if (end == std::string_view::npos) return false;
  session_.user = content.substr(0, end);
  content.remove_prefix(end + 1);
  if ((client_flags_ & kConnectWithDatabase) != 0)
    session_.database = content.substr(0, content.find('\0'));
  return true;
}

bool Parser::command(const Moment& moment) {
  if (content_.empty()) return false;
  std::string_view content = content_;
  const auto code = static_cast<std::uint8_t>(content[0]);
  content.remove_prefix(1);
  if (code == kCloseStatement) forget(number_of(content.substr(0, kStatementIdBytes)));
  if (is_unanswered(code)) return true;
  if (pending_) return false;
  if (moment.time != bytes_time_) calls_of_bytes_ = 0;
  bytes_time_ = moment.time;

  Pending& pending = pending_.emplace();
  pending.command = code;
  if (code == kInitDatabase) pending.database = content;
  if (code == kQuery || code == kPrepare) {
    const std::string_view text = query_text(content);
    pending.query = query_of(text);
    pending.database = used_database(text);
  }
  if (code == kExecute) {
    const std::uint32_t id = number_of(content.substr(0, kStatementIdBytes));
    const auto found = statements_.find(id == kLastPrepared ? last_statement_ : id);
    if (found != statements_.end()) pending.query = found->second;
  }
  DatabaseCall& call = pending.call;
  call.start_time = moment.time;
  call.origin = moment.origin;
  call.number = calls_of_bytes_;
  if (pending.is_call()) ++calls_of_bytes_;
  return true;
}

// Attributes of a query come before its text; where there are some, it is not found.
std::string_view Parser::query_text(std::string_view content) const {
  constexpr std::string_view kNoAttributes("\0\1", 2);
  const bool may_have = content_[0] == kQuery && (client_flags_ & kQueryAttributes) != 0;
  if (!may_have) return content;
  return content.starts_with(kNoAttributes) ? content.substr(kNoAttributes.size())
                                            : std::string_view();
}

Query Parser::query_of(std::string_view text) const {
  SqlDialect dialect = SqlDialect::kMysqlOfUnknownMode;
  if (status_) {
    const bool has_backslashes = (*status_ & kNoBackslashes) == 0;
    dialect = has_backslashes ? SqlDialect::kMysql : SqlDialect::kMysqlWithoutBackslashes;
  }
  const bool is_shown = texts_ == QueryTexts::kAsWritten;
  return std::make_shared<const QueryText>(QueryText{
      is_shown ? std::string(text) : sanitized_sql(text, dialect), sql_summary(text, dialect)});
}

void Parser::remember(std::uint32_t id) {
  forget(id);
  last_statement_ = id;
  while (!statements_.empty() &&
         (statements_.size() >= kStatementsMax ||
          statement_bytes_ + pending_->query->bytes() > kStatementBytesMax)) {
    forget(statements_.begin()->first);  // ids grow
  }
  statement_bytes_ += pending_->query->bytes();
  statements_.emplace(id, pending_->query);
}

void Parser::forget(std::uint32_t id) {
  const auto found = statements_.find(id);
  if (found == statements_.end()) return;
  statement_bytes_ -= found->second->bytes();
  statements_.erase(found);
}

// --- what the server says ------------------------------------------------------------------------

bool Parser::answer_part(char byte, std::uint64_t time) {
  if (!has_version_) {
    has_version_ = byte == '\0';
    version_ += byte;
    return version_.size() <= kVersionBytesMax;
  }
  answer_ += byte;
  if (answer_.size() < answer_bytes()) return true;
  const bool understood = answered(time);
  answer_.clear();
  return understood;
}

std::size_t Parser::answer_bytes() const {
  if (answer_[0] == '\xff') return kErrorBytes;
  return pending_ && pending_->command == kPrepare ? kPreparedBytes : kStatusBytes;
}

bool Parser::answered(std::uint64_t time) {
  if (!pending_) return false;
  const std::string_view answer = answer_;
  if (answer[0] == '\xff') {
    const std::uint32_t code = number_of(answer.substr(1, 2));
    if (code == kProgress) return true;
    pending_->call.error_code = std::to_string(code);
  } else if (pending_->command == kPrepare) {
    remember(number_of(answer.substr(1, kStatementIdBytes)));
    pending_.reset();
    return true;
  } else {
    status_ = static_cast<std::uint16_t>(number_of(answer));
    if ((*status_ & kMoreResults) != 0) return true;
    if (!pending_->database.empty()) session_.database = pending_->database;
  }
  // To prepare a statement is no call, unless it fails.
  const bool has_failed = !pending_->call.error_code.empty();
  if (pending_->is_call() || (pending_->command == kPrepare && has_failed)) {
    emit(*pending_, time, CallEnd::kAnswered);
  }
  pending_.reset();
  return true;
}

void Parser::emit(Pending& pending, std::uint64_t time, CallEnd end) {
  DatabaseCall& call = pending.call;
  call.system = version_.find("MariaDB") != std::string::npos ? "mariadb" : "mysql";
  complete(call, session_, pending.query, time, end);
  sink_.take(call);
}

}  // namespace kolben::agent::mysql
