#include "agent/protocols/memcached/parser.h"

#include <algorithm>
#include <iterator>

namespace kolben::agent::memcached {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::string_view (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// They are answered by several lines, and END.
constexpr std::string_view kListing[] = {"get", "gets", "gat", "gats", "stats"};
constexpr std::string_view kWithoutArguments[] = {"version", "stats", "flush_all", "quit"};
constexpr std::string_view kErrors[] = {"ERROR", "CLIENT_ERROR", "SERVER_ERROR"};

bool ends_word(char byte) {
  return byte == ' ' || byte == '\r' || byte == '\n';
}

}  // namespace

bool Parser::take(Direction direction, std::string_view bytes, const Moment& moment) {
  const bool is_request = direction == Direction::kRequests;
  return std::all_of(bytes.begin(), bytes.end(), [&](char byte) {
    return is_request ? request_byte(byte, moment) : reply_byte(byte, moment.time);
  });
}

bool Parser::pass(Direction /*direction*/, std::uint64_t /*bytes*/, const Moment& /*moment*/) {
  return true;
}

void Parser::finish(std::uint64_t time, CallEnd end) {
  for (DatabaseCall& call : pending_) emit(call, time, end);
  pending_.clear();
  if (is_named_) {
    // Its line's end is not shown where it wants no answer; one that lists always wants one.
    const bool is_cut = is_one_of(call_.operation, kListing);
    emit(call_, is_cut ? time : call_.start_time, is_cut ? end : CallEnd::kAnswered);
  }
  is_named_ = false;
}

// --- commands ------------------------------------------------------------------------------------

bool Parser::request_byte(char byte, const Moment& moment) {
  if (!ends_word(byte)) {
    // The end of the line before was not shown.
    if (is_named_) emit(call_, call_.start_time, CallEnd::kAnswered);
    is_named_ = false;
    if (command_.empty()) begin(moment);
    command_ += byte;
    return command_.size() <= kWordBytesMax;
  }
  if (!command_.empty()) {
    call_.operation = command_;
    call_.text = command_;
    if (!is_one_of(command_, kWithoutArguments)) call_.text += " ?";
    command_.clear();
    is_named_ = true;
  }
  if (byte != '\n') return true;
  if (!is_named_ || pending_.size() >= kPendingMax) return false;
  is_named_ = false;
  if (call_.operation != "quit") pending_.push_back(std::move(call_));
  return true;
}

void Parser::begin(const Moment& moment) {
  if (moment.time != bytes_time_) calls_of_bytes_ = 0;
  bytes_time_ = moment.time;
  call_ = {};
  call_.system = "memcached";
  call_.start_time = moment.time;
  call_.origin = moment.origin;
  call_.number = calls_of_bytes_++;
}

// --- answers -------------------------------------------------------------------------------------

bool Parser::reply_byte(char byte, std::uint64_t time) {
  if (!ends_word(byte)) {
    in_reply_ = true;
    // Numbers and errors; what is longer is none that is looked for.
    if (word_.size() <= kErrors[2].size()) word_ += byte;
    return true;
  }
  if (word_.empty()) return true;
  const bool understood = answered(time);
  word_.clear();
  return understood;
}

bool Parser::answered(std::uint64_t time) {
  in_reply_ = false;
  if (pending_.empty()) return false;
  DatabaseCall& call = pending_.front();
  const bool is_error = is_one_of(word_, kErrors);
  if (is_error) call.error_code = word_;
  const bool is_listing = is_one_of(call.operation, kListing);
  if (is_listing && !is_error && word_ != "END" && word_ != "RESET") return true;
  emit(call, time, CallEnd::kAnswered);
  pending_.pop_front();
  return true;
}

void Parser::emit(DatabaseCall& call, std::uint64_t time, CallEnd end) {
  call.end_time = time;
  call.end = end;
  sink_.take(call);
}

}  // namespace kolben::agent::memcached
