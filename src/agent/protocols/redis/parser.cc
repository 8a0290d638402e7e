#include "agent/protocols/redis/parser.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "agent/protocols/redis/framing.h"

namespace kolben::agent::redis {
namespace {

constexpr std::int32_t kDatabaseMax = 1 << 20;

std::string in_capitals(std::string_view word) {
  std::string result(word);
  for (char& c : result) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return result;
}

template <typename Words>
bool is_one_of(std::string_view word, const Words& words) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool is_word(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '.' ||
           (c >= '0' && c <= '9');
  };
  return !text.empty() && std::all_of(text.begin(), text.end(), is_letter);
}

// "WRONGTYPE Operation against a key ..." -> "WRONGTYPE"
std::string_view error_prefix(std::string_view text) {
  const std::string_view prefix = text.substr(0, text.find(' '));
  return is_word(prefix) ? prefix : std::string_view("ERR");
}

}  // namespace

bool Parser::take(Direction direction, std::string_view bytes, const Moment& moment) {
  Reader& reader = readers_[static_cast<int>(direction)];
  const bool is_request = direction == Direction::kRequests;
  while (!bytes.empty()) {
    if (is_request && arguments_left_ == 0 && reader.is_between()) begun_ = moment;
    if (!reader.take(bytes)) {
      if (reader.failed()) return false;
      continue;
    }
    const bool understood =
        is_request ? request_part(reader.part(), moment) : reply_part(reader.part(), moment);
    if (!understood) return false;
  }
  return true;
}

bool Parser::pass(Direction direction, std::uint64_t bytes, const Moment& moment) {
  Reader& reader = readers_[static_cast<int>(direction)];
  if (!reader.pass(bytes)) return !reader.failed();
  return direction == Direction::kRequests ? request_part(reader.part(), moment)
                                           : reply_part(reader.part(), moment);
}

void Parser::finish(std::uint64_t time, CallEnd end) {
  for (Batch& batch : batches_) emit(batch, time, end);
  batches_.clear();
  text_bytes_ = 0;
  commands_.clear();
}

// --- commands ------------------------------------------------------------------------------------

bool Parser::request_part(const Part& part, const Moment& /*moment*/) {
  if (arguments_left_ == 0) {
    if (part.type != '*' || part.number < 0) return false;
    arguments_ = part.number;
    arguments_left_ = part.number;
    name_.clear();
    argument_.clear();
    return true;
  }
  if (part.type != '$' || part.number < 0) return false;
  const std::int64_t index = arguments_ - arguments_left_--;
  const bool is_whole = static_cast<std::int64_t>(part.text.size()) == part.number;
  if (index == 0) {
    if (!is_whole || !is_word(part.text)) return false;
    name_ = part.text;
  } else if (index == 1 && is_whole) {
    argument_ = part.text;
  }
  return arguments_left_ != 0 || command_complete();
}

bool Parser::command_complete() {
  const std::string name = in_capitals(name_);
  if (is_one_of(name, kLeaving) || commands_.size() >= kPendingMax) return false;
  const bool is_container = is_one_of(name, kContainers) && is_word(argument_);
  if (name == "CLIENT" && in_capitals(argument_) == "REPLY") return false;
  std::string text = name_;
  if (is_container) text += ' ' + argument_;
  const std::int64_t values = arguments_ - (is_container ? 2 : 1);
  for (std::int64_t i = 0; i < std::min(values, kArgumentsNamed); ++i) text += " ?";
  if (values > kArgumentsNamed) text += " ...";

  add_to_batch(name_, text);
  Command& command = commands_.emplace_back();
  command.batch = first_batch_ + batches_.size() - 1;
  command.executes = name == "EXEC";
  std::int32_t number = -1;
  std::from_chars(argument_.data(), argument_.data() + argument_.size(), number);
  if (name == "SELECT" && number >= 0 && number <= kDatabaseMax) command.selects = number;
  return true;
}

void Parser::add_to_batch(std::string_view name, std::string_view text) {
  // Bytes of one write have one time.
  const bool is_new = batches_.empty() || batch_time_ != begun_.time;
  if (is_new) {
    Batch& batch = batches_.emplace_back();
    batch.call.system = "redis";
    batch.call.start_time = begun_.time;
    batch.call.origin = begun_.origin;
    batch.call.database = database_;
    batch.call.operation = name;
    batch.is_transaction = in_capitals(name) == "MULTI";
    batch_time_ = begun_.time;
  }
  Batch& batch = batches_.back();
  ++batch.commands;
  batch.is_same = batch.is_same && name == batch.call.operation;
  batch.last = name;
  std::string& all = batch.call.text;
  const std::size_t before = all.size();
  if (before + text.size() > kBatchTextBytesMax) {
    if (!all.ends_with("...")) all += "; ...";
  } else {
    if (!all.empty()) all += "; ";
    all += text;
  }
  text_bytes_ += all.size() - before;
}

// --- replies -------------------------------------------------------------------------------------

bool Parser::reply_part(const Part& part, const Moment& moment) {
  if (!in_reply_) {
    in_reply_ = true;
    is_push_ = part.type == '>';
    has_failed_ = false;
    elements_left_ = 1;
    elements_seen_ = 0;
  }
  if (!element(part)) return false;
  if (elements_left_ != 0) return true;
  in_reply_ = false;
  return is_push_ || reply_complete(moment.time);
}

bool Parser::element(const Part& part) {
  const bool is_outer = elements_seen_ == 0;
  const bool executes = !commands_.empty() && commands_.front().executes;
  const bool is_error = part.type == '-' || part.type == '!';
  if (is_error && !is_push_ && (is_outer || executes)) note_error(part.text);
  // Attributes come before the element that they are about.
  if (part.type != '|') {
    --elements_left_;
    ++elements_seen_;
  }
  constexpr std::string_view kAggregates = "*%~>|";
  if (kAggregates.find(part.type) == std::string_view::npos || part.number <= 0) return true;
  const bool is_map = part.type == '%' || part.type == '|';
  elements_left_ += static_cast<std::uint64_t>(part.number) * (is_map ? 2 : 1);
  return elements_left_ <= kNumberMax;
}

void Parser::note_error(std::string_view text) {
  has_failed_ = true;
  if (commands_.empty()) return;
  Batch& batch = batches_[commands_.front().batch - first_batch_];
  if (batch.call.error_code.empty()) batch.call.error_code = error_prefix(text);
}

bool Parser::reply_complete(std::uint64_t time) {
  if (commands_.empty()) return false;
  const Command command = commands_.front();
  commands_.pop_front();
  if (command.selects >= 0 && !has_failed_) database_ = std::to_string(command.selects);
  Batch& batch = batches_[command.batch - first_batch_];
  if (++batch.answered < batch.commands) return true;
  text_bytes_ -= batch.call.text.size();
  emit(batch, time, CallEnd::kAnswered);
  batches_.pop_front();
  ++first_batch_;
  return true;
}

void Parser::emit(Batch& batch, std::uint64_t time, CallEnd end) {
  DatabaseCall& call = batch.call;
  call.end_time = time;
  call.end = end;
  if (batch.commands > 1) {
    const bool is_transaction = batch.is_transaction && in_capitals(batch.last) == "EXEC";
    call.batch_size = batch.commands - (is_transaction ? 2 : 0);
    call.operation = is_transaction  ? "MULTI"
                     : batch.is_same ? "BATCH " + call.operation
                                     : "PIPELINE";
  }
  sink_.take(call);
}

}  // namespace kolben::agent::redis
