#include "agent/protocols/postgresql/parser.h"

#include <algorithm>
#include <utility>

#include "agent/protocols/sql.h"

namespace kolben::agent::postgresql {
namespace {

constexpr std::size_t kCodeBytes = 5;  // of a SQLSTATE

// A text that ends in a zero, off the front; false: it was cut.
bool next_text(std::string_view& content, std::string_view& text) {
  const std::size_t end = content.find('\0');
  if (end == std::string_view::npos) return false;
  text = content.substr(0, end);
  content.remove_prefix(end + 1);
  return true;
}

// What of a query's text may be shown. Behind placeholders there are no values in it.
std::string shown_text(std::string_view text, bool is_extended) {
  return is_extended && has_placeholders(text) ? std::string(text) : sanitized_sql(text);
}

// The command in a tag: "INSERT 0 1", "CREATE TABLE".
std::string_view command_of(std::string_view tag) {
  const std::size_t digit = tag.find_first_of("0123456789");
  if (digit != std::string_view::npos && digit != 0) tag = tag.substr(0, digit - 1);
  return tag;
}

}  // namespace

Query Parser::query_of(std::string_view text, bool is_extended) const {
  const bool is_shown = texts_ == QueryTexts::kAsWritten;
  return std::make_shared<const QueryText>(
      QueryText{is_shown ? std::string(text) : shown_text(text, is_extended), sql_summary(text)});
}

bool Parser::take(Direction direction, std::string_view bytes, const Moment& moment) {
  const bool is_request = direction == Direction::kRequests;
  MessageReader& reader = readers_[static_cast<int>(direction)];
  while (!bytes.empty()) {
    if (!is_request && expects_byte_) {
      expects_byte_ = false;
      if (bytes[0] != 'N' && bytes[0] != 'S') return false;  // GSSAPI
      bytes.remove_prefix(1);
      continue;
    }
    const bool is_typed = !is_request || is_started_;
    if (!reader.take(bytes, is_typed)) break;
    if (!understand(direction, reader.message(), moment)) return false;
  }
  return !reader.failed();
}

bool Parser::pass(Direction direction, std::uint64_t bytes, const Moment& moment) {
  MessageReader& reader = readers_[static_cast<int>(direction)];
  if (!reader.pass(bytes)) return !reader.failed();
  return understand(direction, reader.message(), moment);
}

bool Parser::understand(Direction direction, const Message& message, const Moment& moment) {
  return direction == Direction::kRequests ? request(message, moment) : reply(message, moment.time);
}

std::size_t Parser::bytes() const {
  constexpr std::size_t kNode = sizeof(Queries::value_type) + 48;
  return sizeof(*this) + pending_.size() * sizeof(Pending) + pending_bytes_ +
         (statements_.size() + portals_.size()) * kNode + statement_bytes_ + portal_bytes_ +
         readers_[0].message().content.capacity() + readers_[1].message().content.capacity();
}

void Parser::finish(std::uint64_t time, CallEnd end) {
  for (Pending& pending : pending_) {
    if (pending.kind != Pending::Kind::kSync) emit(pending, time, end);
  }
  pending_.clear();
  pending_bytes_ = 0;
}

// --- what the client says ------------------------------------------------------------------------

bool Parser::request(const Message& message, const Moment& moment) {
  const std::string_view content = message.content;
  switch (message.type) {
    case '\0':
      return startup(content);
    case 'Q': {
      const std::string_view text = content.substr(0, content.find('\0'));
      return add(Pending::Kind::kQuery, moment, query_of(text, false));
    }
    case 'P':
      parse(content, moment);
      return true;
    case 'B':
      bind(content, moment);
      return true;
    case 'E':
      return execute(content, moment);
    case 'C':
      close(content);
      return true;
    case 'S': {
      const bool added = add(Pending::Kind::kSync, moment, prepared_);
      begun_.reset();
      prepared_.reset();
      return added;
    }
    case 'F':  // function call: not followed
      return false;
    default:
      return true;  // passwords, copied data, Describe, Flush, Terminate
  }
}

bool Parser::startup(std::string_view content) {
  if (content.size() < 4) return false;
  const std::uint32_t code = big_endian32(reinterpret_cast<const std::uint8_t*>(content.data()));
  if (code == kSslCode || code == kGssCode) {
    expects_byte_ = true;
    return true;
  }
  if (code == kCancelCode) return true;  // nothing is answered
  if (code != kStartupCode) return false;
  is_started_ = true;
  content.remove_prefix(4);
  std::string_view name;
  std::string_view value;
  while (next_text(content, name) && !name.empty() && next_text(content, value)) {
    if (name == "user") session_.user = value;
    if (name == "database") session_.database = value;
    if (name == "replication" && value != "false" && value != "0") return false;
  }
  if (session_.database.empty()) session_.database = session_.user;
  return true;
}

void Parser::begin_execute(const Moment& moment) {
  if (!begun_) begun_ = moment;
}

void Parser::parse(std::string_view content, const Moment& moment) {
  begin_execute(moment);
  std::string_view name;
  if (!next_text(content, name)) return;
  const std::string_view text = content.substr(0, content.find('\0'));
  prepared_ = query_of(text, true);
  remember(name, prepared_);
}

void Parser::remember(std::string_view name, Query query) {
  forget(name);
  const std::size_t bytes = name.size() + query->bytes();
  if (statements_.size() >= kStatementsMax || statement_bytes_ + bytes > kStatementBytesMax) return;
  statement_bytes_ += bytes;
  statements_.emplace(name, std::move(query));
}

void Parser::forget(std::string_view name) {
  const auto found = statements_.find(name);
  if (found == statements_.end()) return;
  statement_bytes_ -= name.size() + found->second->bytes();
  statements_.erase(found);
}

void Parser::bind(std::string_view content, const Moment& moment) {
  begin_execute(moment);
  std::string_view portal;
  std::string_view statement;
  if (!next_text(content, portal)) return;
  drop_portal(portal);
  if (!next_text(content, statement) || portals_.size() >= kPortalsMax) return;
  const auto found = statements_.find(statement);
  if (found == statements_.end()) return;
  portals_.emplace(portal, found->second);
  portal_bytes_ += portal.size();
}

void Parser::drop_portal(std::string_view name) {
  const auto found = portals_.find(name);
  if (found == portals_.end()) return;
  portals_.erase(found);
  portal_bytes_ -= name.size();
}

bool Parser::execute(std::string_view content, const Moment& moment) {
  begin_execute(moment);
  std::string_view portal;
  const auto found = next_text(content, portal) ? portals_.find(portal) : portals_.end();
  const bool added =
      add(Pending::Kind::kExecute, *begun_, found != portals_.end() ? found->second : nullptr);
  begun_.reset();
  prepared_.reset();
  return added;
}

void Parser::close(std::string_view content) {
  if (content.empty()) return;
  const char kind = content[0];
  content.remove_prefix(1);
  std::string_view name;
  if (!next_text(content, name)) return;
  if (kind == 'S') forget(name);
  if (kind == 'P') drop_portal(name);
}

bool Parser::add(Pending::Kind kind, const Moment& moment, const Query& query) {
  const bool is_same = !pending_.empty() && pending_.back().query == query;
  const std::size_t bytes = query == nullptr || is_same ? 0 : query->bytes();
  if (pending_.size() >= kPendingMax || pending_bytes_ + bytes > kPendingBytesMax) return false;
  pending_bytes_ += bytes;
  if (moment.time != bytes_time_) calls_of_bytes_ = 0;
  bytes_time_ = moment.time;
  Pending& pending = pending_.emplace_back();
  pending.kind = kind;
  pending.query = query;
  pending.query_bytes = bytes;
  DatabaseCall& call = pending.call;
  call.system = "postgresql";
  call.start_time = moment.time;
  call.origin = moment.origin;
  call.number = calls_of_bytes_;
  if (kind != Pending::Kind::kSync) ++calls_of_bytes_;
  return true;
}

Parser::Pending Parser::take_first() {
  Pending first = std::move(pending_.front());
  pending_.pop_front();
  pending_bytes_ -= first.query_bytes;
  return first;
}

// --- what the server says ------------------------------------------------------------------------

bool Parser::reply(const Message& message, std::uint64_t time) {
  const std::string_view content = message.content;
  switch (message.type) {
    case 'C': {
      const std::string_view tag = content.substr(0, content.find('\0'));
      return answered(tag, time);
    }
    case 'I':  // an empty query
    case 's':  // the portal goes on with the next Execute
      return answered({}, time);
    case 'E':
      error(content);
      return true;
    case 'Z':
      return ready(content, time);
    case 'W':  // replication
    case 'V':  // of a function call
      return false;
    default:
      return true;
  }
}

// A command is complete: one of a simple query, or an Execute.
bool Parser::answered(std::string_view tag, std::uint64_t time) {
  if (pending_.empty()) return false;
  Pending& first = pending_.front();
  const bool is_known = first.query != nullptr && first.query->bytes() != 0;
  if (!is_known) first.call.operation = command_of(tag);
  if (first.kind == Pending::Kind::kQuery) return true;
  if (first.kind != Pending::Kind::kExecute || first.failed) return false;
  emit(first, time, CallEnd::kAnswered);
  take_first();
  return true;
}

// Fields: a type and a text each, in the order S V C M, with the code in the third.
void Parser::error(std::string_view content) {
  // The server ends the connection, or something was wrong before the first query.
  if (pending_.empty()) return;
  Pending& first = pending_.front();
  first.failed = true;
  while (content.size() > 1) {
    const char field = content[0];
    content.remove_prefix(1);
    std::string_view text;
    if (!next_text(content, text)) break;
    if (field == 'C') first.call.error_code = text.substr(0, kCodeBytes);
  }
}

// A simple query has ended, or all up to a Sync has, for after an error the rest is passed over.
bool Parser::ready(std::string_view status, std::uint64_t time) {
  if (!is_ready_) {
    is_ready_ = true;
    return pending_.empty();
  }
  bool failed = false;
  while (!pending_.empty()) {
    Pending first = take_first();
    // Portals end with their transaction.
    if (status == "I" && pending_.empty() && !begun_) {
      portals_.clear();
      portal_bytes_ = 0;
    }
    if (first.kind == Pending::Kind::kQuery) {
      emit(first, time, CallEnd::kAnswered);
      return !failed;
    }
    if (first.kind == Pending::Kind::kSync) {
      // What failed was only prepared: nobody else tells of it.
      if (first.failed && first.query != nullptr) emit(first, time, CallEnd::kAnswered);
      return true;
    }
    const bool is_skipped = failed && !first.failed;
    failed = failed || first.failed;
    if (!failed) return false;  // an Execute without answer
    emit(first, time, is_skipped ? CallEnd::kSkipped : CallEnd::kAnswered);
  }
  return false;
}

void Parser::emit(Pending& pending, std::uint64_t time, CallEnd end) {
  complete(pending.call, session_, pending.query, time, end);
  sink_.take(pending.call);
}

}  // namespace kolben::agent::postgresql
