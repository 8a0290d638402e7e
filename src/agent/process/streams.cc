#include "agent/process/streams.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

namespace kolben::agent {
namespace {

std::uint64_t key_of(std::uint32_t pid, std::uint32_t stream) {
  return std::uint64_t{pid} << 32 | stream;
}

Moment moment_of(const StreamPiece& piece) {
  Moment moment;
  moment.time = piece.time;
  std::memcpy(moment.origin.trace_id, piece.self.trace_id, sizeof moment.origin.trace_id);
  std::memcpy(moment.origin.span_id, piece.self.span_id, sizeof moment.origin.span_id);
  std::memcpy(moment.origin.parent_span_id, piece.parent_span_id,
              sizeof moment.origin.parent_span_id);
  std::memcpy(moment.origin.linked_trace_id, piece.linked_trace_id,
              sizeof moment.origin.linked_trace_id);
  moment.origin.flags = piece.self.flags;
  return moment;
}

}  // namespace

class Streams::Stream final : public CallSink {
 public:
  Stream(Sink& sink, const StreamPieceView& first, QueryTexts texts)
      : sink_(sink),
        peer_{std::string(first.peer_address), first.fixed.peer_port, first.fixed.is_served != 0,
              std::string(first.local_address), first.fixed.local_port},
        parser_(make_parser(static_cast<Protocol>(first.fixed.protocol), *this, texts)) {}

  bool is_given_up() const { return parser_ == nullptr; }
  std::uint64_t last_time() const { return last_time_; }
  void give_up() {
    parser_.reset();
    held_.clear();
    held_bytes_ = 0;
  }
  std::size_t bytes() const {
    constexpr std::size_t kOfNode = 48;  // of a map
    return sizeof(*this) + held_bytes_ + (parser_ != nullptr ? parser_->bytes() : 0) +
           origins_.size() * (sizeof(*origins_.begin()) + kOfNode);
  }
  std::size_t counted_bytes = 0;  // as bytes() was

  // False: it is given up.
  bool piece(const StreamPieceView& view) {
    const StreamPiece& fixed = view.fixed;
    last_time_ = fixed.time;
    if (fixed.direction > 1 || fixed.position != positions_[fixed.direction]) return false;
    const auto direction = static_cast<Direction>(fixed.direction);
    positions_[fixed.direction] += view.bytes_with_unseen();
    if (!name_requests(view)) return false;
    if (direction == Direction::kReplies && (!held_.empty() || !parser_->awaits_reply())) {
      return hold(view);
    }
    return feed(direction, view.segments, view.bytes, moment_of(fixed)) && release();
  }

  void finish(std::uint64_t time, CallEnd end) {
    if (parser_) parser_->finish(time, end);
  }

  void begins(const WebCall& call) override { sink_.begins(call, peer_); }
  void take(const DatabaseCall& call) override { sink_.take(call, peer_); }
  void take(const MessagingCall& call) override { sink_.take(call, peer_); }
  // Where the library chose whose call it is, it has told somebody else.
  void take(WebCall& call) override {
    const auto named = origins_.find(call.stream);
    if (named != origins_.end()) {
      call.origin = named->second;
      call.number = 0;
      origins_.erase(named);
    }
    sink_.take(call, peer_);
  }

 private:
  struct Held {
    std::string segments, bytes;
    Moment moment;
  };

  bool name_requests(const StreamPieceView& view) {
    std::string_view requests = view.requests;
    while (const auto request = next_request(requests)) {
      if (origins_.size() >= kRequestsMax) return false;
      Origin origin = moment_of(view.fixed).origin;
      std::memcpy(origin.span_id, request->span_id, sizeof origin.span_id);
      origins_.insert_or_assign(request->stream, origin);
    }
    return true;
  }

  bool hold(const StreamPieceView& view) {
    held_bytes_ += view.segments.size() + view.bytes.size() + sizeof(Held);
    if (held_bytes_ > kHeldBytesMax) return false;
    held_.push_back({std::string(view.segments), std::string(view.bytes), moment_of(view.fixed)});
    return true;
  }

  // What was told too early, as far as it is waited for by now.
  bool release() {
    while (!held_.empty() && parser_->awaits_reply()) {
      const Held held = std::move(held_.front());
      held_.pop_front();
      held_bytes_ -= held.segments.size() + held.bytes.size() + sizeof(Held);
      if (!feed(Direction::kReplies, held.segments, held.bytes, held.moment)) return false;
    }
    return true;
  }

  bool feed(Direction direction, std::string_view segments, std::string_view bytes,
            const Moment& moment) {
    while (const auto segment = next_segment(segments)) {
      const std::string_view seen = bytes.substr(0, segment->seen);
      bytes.remove_prefix(seen.size());
      if (!seen.empty() && !parser_->take(direction, seen, moment)) return false;
      if (segment->unseen != 0 && !parser_->pass(direction, segment->unseen, moment)) return false;
    }
    return true;
  }

  Sink& sink_;
  const StreamPeer peer_;
  std::array<std::uint64_t, 2> positions_ = {};  // by Direction
  std::map<std::uint32_t, Origin> origins_;      // of requests of HTTP/2, by their stream
  std::deque<Held> held_;
  std::size_t held_bytes_ = 0;
  std::uint64_t last_time_ = 0;
  std::unique_ptr<StreamParser> parser_;
};

Streams::Streams(Sink& sink, std::size_t bytes_max) : sink_(sink), bytes_max_(bytes_max) {}
Streams::~Streams() = default;

void Streams::refuse(std::uint64_t key) const {
  if (refusals_ == nullptr) return;
  agent::refuse(*refusals_, static_cast<std::uint32_t>(key >> 32), static_cast<std::uint32_t>(key));
}

Streams::Map::iterator Streams::erase(Map::iterator stream) {
  bytes_ -= stream->second->counted_bytes;
  return streams_.erase(stream);
}

// Null: where all places are taken, one whose begin is not known takes none: it is one that made
// room for another, and counted.
Streams::Stream* Streams::find_or_begin(std::uint32_t pid, const StreamPieceView& view) {
  const std::uint64_t key = key_of(pid, view.fixed.stream);
  const auto found = streams_.find(key);
  if (found != streams_.end()) return found->second.get();
  if (streams_.size() >= kStreamsMax) {
    if (view.fixed.position != 0) return nullptr;
    make_room();
  }
  return streams_.emplace(key, std::make_unique<Stream>(sink_, view, texts_)).first->second.get();
}

// The one that was silent for the longest time goes.
void Streams::make_room() {
  const auto found = std::min_element(
      streams_.begin(), streams_.end(),
      [](const auto& a, const auto& b) { return a.second->last_time() < b.second->last_time(); });
  if (!found->second->is_given_up()) ++made_room_;
  refuse(found->first);
  erase(found);
}

void Streams::weigh(Stream& stream) {
  bytes_ -= stream.counted_bytes;
  stream.counted_bytes = stream.bytes();
  bytes_ += stream.counted_bytes;
  while (bytes_ > bytes_max_) make_room();
}

void Streams::piece(std::uint32_t pid, const StreamPieceView& view) {
  Stream* const stream = find_or_begin(pid, view);
  const bool is_followed = stream != nullptr && !stream->is_given_up();
  if (is_followed && stream->piece(view)) return weigh(*stream);
  refuse(key_of(pid, view.fixed.stream));
  if (!is_followed) return;
  ++given_up_;
  stream->give_up();
  weigh(*stream);
}

void Streams::end(std::uint32_t pid, const StreamEnd& end) {
  const auto found = streams_.find(key_of(pid, end.stream));
  if (found == streams_.end()) return;
  if (end.end_reason == EndReason::kNotUnderstood) {
    if (!found->second->is_given_up()) ++given_up_;
  } else if (end.end_reason != EndReason::kToldOtherwise) {
    const bool is_process = end.end_reason == EndReason::kProcessEnded;
    found->second->finish(end.time, is_process ? CallEnd::kProcessEnded : CallEnd::kClosed);
  }
  erase(found);
}

void Streams::process_ended(std::uint32_t pid, std::uint64_t time) {
  for (auto it = streams_.begin(); it != streams_.end();) {
    if (it->first >> 32 != pid) {
      ++it;
      continue;
    }
    it->second->finish(time, CallEnd::kProcessEnded);
    it = erase(it);
  }
  if (refusals_ != nullptr) forget_refusals(*refusals_, pid);
}

}  // namespace kolben::agent
