#include "agent/protocols/kafka/parser.h"

#include <utility>

#include "agent/protocols/kafka/answers.h"

namespace kolben::agent::kafka {
namespace {

std::size_t bytes_of(const std::vector<std::string>& texts) {
  std::size_t bytes = 0;
  for (const std::string& text : texts) bytes += sizeof(text) + text.size();
  return bytes;
}

}  // namespace

bool Parser::take_run(Direction direction, const std::uint8_t* bytes, std::size_t size,
                      const Moment& moment) {
  KafkaSide& side = sides_[static_cast<int>(direction)];
  const auto step = static_cast<Step>(side.step);
  const bool is_first = step == Step::kSize && side.number_bytes == 0;
  const bool is_request = direction == Direction::kRequests;
  if (is_first && is_request) begun_ = moment;
  if (!is_request) in_reply_ = true;
  const auto* text = reinterpret_cast<const char*>(bytes);
  if (is_request && side.in_text && text_.size() < kTextBytesKept) text_.append(text, size);
  if (is_request && step == Step::kFixed) fixed_.append(text, size);
  RecordsReader& records = records_[static_cast<int>(direction)];
  if (is_shown(side)) records.take_text(step, text, size);
  Event event = Event::kNone;
  if (!kolben::agent::kafka::take(side, direction, bytes, size, &event)) return false;
  if (!is_request && event == Event::kHeader && !pending_.empty()) {
    Event goes_on = event;
    answers(side, pending_.front().api, pending_.front().version, &goes_on);
  }
  if (event == Event::kHeader) records.begin();
  records.take(event, side);
  const auto use = [&](Event one) {
    return is_request ? request(one, moment) : reply(one, moment.time);
  };
  return use(event) && (!side.ends || use(Event::kEnd));
}

bool Parser::request(Event event, const Moment& moment) {
  const KafkaSide& side = sides_[static_cast<int>(Direction::kRequests)];
  MessagingCall& call = request_.call;
  switch (event) {
    case Event::kNone:
      return true;
    case Event::kHeader:
      begin();
      return true;
    case Event::kClientId:
      call.client_id = std::exchange(text_, {});
      return true;
    case Event::kTopics:
      // acks: none is wanted.
      if (call.sends) request_.wants_answer = fixed_.substr(0, 2) != std::string_view("\0\0", 2);
      text_.clear();
      topics_ = side.count;
      return true;
    case Event::kTopic:
      if (topics_ == 1) call.destination = std::exchange(text_, {});
      return true;
    case Event::kPartition:
      if (topics_ == 1 && side.count == 1 && !has_partition_) call.partition = side.partition;
      has_partition_ = true;
      return true;
    case Event::kEnd:
      return end(moment.time);
    case Event::kError:
    case Event::kTransaction:
    case Event::kBatch:
    case Event::kRecord:
    case Event::kRecordHeader:
      return true;
  }
  return false;
}

// The program's side did not know any more what it is an answer to.
bool Parser::is_hidden(Direction direction) {
  KafkaSide& side = sides_[static_cast<int>(direction)];
  if (direction != Direction::kReplies || static_cast<Step>(side.step) <= Step::kRest) return false;
  want(side, Step::kRest, side.message_left);
  return side.message_left != 0;
}

void Parser::begin() {
  const KafkaSide& side = sides_[static_cast<int>(Direction::kRequests)];
  request_ = Pending();
  text_.clear();
  fixed_.clear();
  has_partition_ = false;
  request_.correlation = side.correlation;
  request_.api = side.api;
  request_.version = side.version;
  request_.is_told = side.api == kProduce || side.api == kFetch;
  MessagingCall& call = request_.call;
  call.system = "kafka";
  call.sends = side.api == kProduce;
  call.start_time = begun_.time;
  call.origin = begun_.origin;
}

bool Parser::end(std::uint64_t time) {
  constexpr int kRequests = static_cast<int>(Direction::kRequests);
  MessagingCall& call = request_.call;
  if (call.sends) records_[kRequests].finish(sides_[kRequests], call);
  if (request_.is_told) {
    if (call.start_time != bytes_time_) calls_of_bytes_ = 0;
    bytes_time_ = call.start_time;
    call.number = calls_of_bytes_++;
  }
  if (!request_.wants_answer) {
    emit(request_, time, CallEnd::kAnswered);
    return true;
  }
  if (pending_.size() >= kPendingMax) return false;
  hold_contexts();
  pending_.push_back(std::move(request_));
  return true;
}

void Parser::hold_contexts() {
  MessagingCall& call = request_.call;
  std::size_t bytes = bytes_of(call.contexts);
  if (context_bytes_ + bytes > kContextBytesHeldMax) {
    call.contexts_dropped += static_cast<std::uint32_t>(call.contexts.size());
    call.contexts.clear();
    bytes = 0;
  }
  context_bytes_ += bytes;
}

// Brokers answer a connection's requests in their order.
bool Parser::reply(Event event, std::uint64_t time) {
  constexpr int kReplies = static_cast<int>(Direction::kReplies);
  const KafkaSide& side = sides_[kReplies];
  if (event == Event::kHeader) {
    return !pending_.empty() && pending_.front().correlation == side.correlation;
  }
  if (event == Event::kError) pending_.front().call.error = side.error;
  if (event != Event::kEnd) return true;
  in_reply_ = false;
  MessagingCall& call = pending_.front().call;
  context_bytes_ -= bytes_of(call.contexts);
  if (pending_.front().api == kFetch) records_[kReplies].finish(side, call);
  emit(pending_.front(), time, CallEnd::kAnswered);
  pending_.pop_front();
  return true;
}

void Parser::finish(std::uint64_t time, CallEnd end) {
  for (Pending& pending : pending_) emit(pending, time, end);
  pending_.clear();
  context_bytes_ = 0;
}

void Parser::emit(Pending& pending, std::uint64_t time, CallEnd end) {
  if (!pending.is_told) return;
  pending.call.end_time = time;
  pending.call.end = end;
  sink_.take(pending.call);
}

}  // namespace kolben::agent::kafka
