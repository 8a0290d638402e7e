#include "agent/protocols/mongodb/parser.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

namespace kolben::agent::mongodb {
namespace {

constexpr std::string_view kOfDrivers[] = {"hello",        "isMaster",     "ismaster", "saslStart",
                                           "saslContinue", "authenticate", "getnonce"};

bool is_of_driver(std::string_view command) {
  return std::find(std::begin(kOfDrivers), std::end(kOfDrivers), command) != std::end(kOfDrivers);
}

std::uint64_t number64_at(const std::uint8_t* bytes) {
  return number_at(bytes) | std::uint64_t{number_at(bytes + 4)} << 32;
}

// Of a double, an int32 or an int64.
double number_of(std::uint8_t type, const std::string& value) {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(value.data());
  if (type == 0x10) return static_cast<std::int32_t>(number_at(bytes));
  const std::uint64_t bits = number64_at(bytes);
  if (type == 0x12) return static_cast<double>(static_cast<std::int64_t>(bits));
  double number = 0;
  std::memcpy(&number, &bits, sizeof number);
  return number;
}

}  // namespace

bool Parser::take_run(Direction direction, const std::uint8_t* bytes, std::size_t size,
                      const Moment& moment) {
  MongodbSide& side = sides_[static_cast<int>(direction)];
  Message& message = messages_[static_cast<int>(direction)];
  if (direction == Direction::kReplies) in_reply_ = true;
  const bool is_header = static_cast<Phase>(side.phase) == Phase::kHeader;
  const bool is_value = static_cast<Phase>(side.phase) == Phase::kValue;
  if (is_value && bytes != nullptr) {
    message.value.append(reinterpret_cast<const char*>(bytes), size);
  }
  if (is_header && side.number_bytes == 0) message.command.call.start_time = moment.time;
  Event event = Event::kNone;
  return kolben::agent::mongodb::take(side, direction, bytes, size, &event) &&
         complete(direction, event, moment);
}

bool Parser::complete(Direction direction, Event event, const Moment& moment) {
  switch (event) {
    case Event::kNone:
      return true;
    case Event::kHeader:
      header_complete(direction, moment);
      return true;
    case Event::kName:
      name_complete(direction);
      return true;
    case Event::kValue:
      value_complete(direction);
      return true;
    case Event::kMessage:
      return direction == Direction::kRequests ? command_complete(moment) : answer_complete(moment);
  }
  return false;
}

void Parser::header_complete(Direction direction, const Moment& moment) {
  const MongodbSide& side = sides_[static_cast<int>(direction)];
  Message& message = messages_[static_cast<int>(direction)];
  const std::uint64_t begun = message.command.call.start_time;
  message = Message();
  message.id = number_at(side.number + 4);
  message.answers = number_at(side.number + 8);
  message.command.call.system = "mongodb";
  message.command.call.start_time = begun;
  message.command.call.origin = moment.origin;
}

void Parser::name_complete(Direction direction) {
  const MongodbSide& side = sides_[static_cast<int>(direction)];
  Message& message = messages_[static_cast<int>(direction)];
  message.value.clear();
  std::string& operation = message.command.call.operation;
  if (direction != Direction::kRequests || !operation.empty()) return;
  const std::size_t size = std::min<std::size_t>(side.name_size, kNameBytesMax);
  operation.assign(reinterpret_cast<const char*>(side.name), size);
}

// Only values that are shown have bytes.
void Parser::value_complete(Direction direction) {
  const MongodbSide& side = sides_[static_cast<int>(direction)];
  Message& message = messages_[static_cast<int>(direction)];
  if (message.value.empty()) return;
  if (direction == Direction::kReplies) {
    const double number = number_of(side.type, message.value);
    if (is_name(side, "ok")) {
      message.ok = number;
    } else if (number > 0 && number < 1e9) {
      message.code = static_cast<std::int64_t>(number);
    }
    return;
  }
  message.value.pop_back();  // its end
  DatabaseCall& call = message.command.call;
  (is_name(side, "$db") ? call.database : call.collection) = message.value;
}

bool Parser::command_complete(const Moment& moment) {
  const MongodbSide& side = sides_[static_cast<int>(Direction::kRequests)];
  Message& message = messages_[static_cast<int>(Direction::kRequests)];
  Pending& command = message.command;
  const bool is_message = side.operation == kOpMessage;
  if (is_message && command.call.operation.empty()) return false;
  if (command.call.start_time != bytes_time_) calls_of_bytes_ = 0;
  bytes_time_ = command.call.start_time;
  command.is_told = is_message && !is_of_driver(command.call.operation);
  if (command.is_told) command.call.number = calls_of_bytes_++;
  if ((side.flags & kMoreToCome) != 0) {  // wants no answer
    emit(command, moment.time, CallEnd::kAnswered);
    return true;
  }
  if (pending_.size() >= kPendingMax) return false;
  // A number twice: whose the answer will be, nobody knows.
  return pending_.emplace(message.id, std::move(command)).second;
}

bool Parser::answer_complete(const Moment& moment) {
  const MongodbSide& side = sides_[static_cast<int>(Direction::kReplies)];
  Message& message = messages_[static_cast<int>(Direction::kReplies)];
  in_reply_ = false;
  const auto found = pending_.find(message.answers);
  if (found == pending_.end()) return false;
  if ((side.flags & kMoreToCome) != 0) {  // a next answer answers this one
    auto node = pending_.extract(found);
    node.key() = message.id;
    pending_.insert(std::move(node));
    return true;
  }
  if (message.ok == 0) {
    found->second.call.error_code = message.code != 0 ? std::to_string(message.code) : "unknown";
  }
  emit(found->second, moment.time, CallEnd::kAnswered);
  pending_.erase(found);
  return true;
}

void Parser::finish(std::uint64_t time, CallEnd end) {
  for (auto& [id, pending] : pending_) emit(pending, time, end);
  pending_.clear();
}

void Parser::emit(Pending& pending, std::uint64_t time, CallEnd end) {
  if (!pending.is_told) return;
  pending.call.end_time = time;
  pending.call.end = end;
  sink_.take(pending.call);
}

}  // namespace kolben::agent::mongodb
