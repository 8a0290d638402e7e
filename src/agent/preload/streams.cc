// The part of Connections that tells the agent process of connections in other protocols than
// HTTP/1.x: their bytes as they come, without what the Skimmer leaves out.
#include <cstring>

#include "agent/preload/connections.h"
#include "agent/preload/ids.h"
#include "agent/preload/pieces.h"
#include "agent/protocols/http2/framing.h"

namespace kolben::agent {
namespace {

// Of one call. A read of 64 KiB of nothing but texts fits.
constexpr int kRecordsOfCallMax = 16;

// What of some bytes is told in one record.
class Segments {
 public:
  std::size_t used() const { return used_; }  // of the bytes, seen or not
  std::uint32_t seen() const { return seen_; }
  std::uint16_t count() const { return count_; }
  const StreamSegment* begin() const { return segments_; }
  const StreamSegment* end() const { return segments_ + count_; }

  // From the cursor on, up to what fits into a record.
  void collect(Skimmer& skimmer, Direction direction, PieceCursor cursor) {
    while (!cursor.at_end() && seen_ < kStreamBytesMax && count_ < kStreamSegmentsMax &&
           !skimmer.lost()) {
      const std::size_t room = kStreamBytesMax - seen_;
      const std::size_t size = cursor.size();
      const Run run = skimmer.next(direction, cursor.bytes(), size < room ? size : room);
      add(run);
      cursor.advance(run.size);
    }
  }

 private:
  void add(Run run) {
    const auto size = static_cast<std::uint32_t>(run.size);
    const bool begins = count_ == 0 || (run.is_seen && segments_[count_ - 1].unseen != 0);
    if (begins) segments_[count_++] = {};
    StreamSegment& segment = segments_[count_ - 1];
    (run.is_seen ? segment.seen : segment.unseen) += size;
    if (run.is_seen) seen_ += size;
    used_ += run.size;
  }

  std::size_t used_ = 0;
  std::uint32_t seen_ = 0;
  std::uint16_t count_ = 0;
  StreamSegment segments_[kStreamSegmentsMax];
};

void append(RecordWriter& writer, PieceCursor* cursor, std::size_t bytes) {
  while (bytes != 0 && !cursor->at_end()) {
    const std::size_t size = cursor->size() < bytes ? cursor->size() : bytes;
    writer.append(cursor->bytes(), static_cast<std::uint32_t>(size));
    cursor->advance(size);
    bytes -= size;
  }
}

Protocol protocol_of(Direction direction, const iovec* pieces, int count, std::size_t bytes) {
  Protocol protocol = Protocol::kNone;
  bool is_first = true;
  for_each_piece(pieces, count, bytes, [&](const std::uint8_t* piece, std::size_t size) {
    if (is_first) protocol = detect_protocol(direction, piece, size);
    is_first = false;
  });
  return protocol;
}

// What OpenStream::users is made of: who is at the two directions, and the stream's end.
constexpr std::uint32_t kEnding = 4;
constexpr std::uint32_t kEnded = 8;
constexpr std::uint32_t bit_of(Direction direction) {
  return 1U << static_cast<unsigned>(direction);
}

// One direction of a stream, for one thread; of MySQL's both, whose states are one. Not taken where
// the stream ends.
class StreamHold {
 public:
  StreamHold(OpenStream& stream, Direction direction) : stream_(stream) {
    const std::uint32_t bit = bit_of(direction);
    is_taken_ = take(bit);
    if (is_taken_ && stream_.protocol == Protocol::kMysql) {
      is_taken_ = take(bit ^ (bit_of(Direction::kRequests) | bit_of(Direction::kReplies)));
    }
  }
  StreamHold(const StreamHold&) = delete;
  StreamHold& operator=(const StreamHold&) = delete;
  ~StreamHold() { release(); }
  explicit operator bool() const { return is_taken_; }
  void release() {
    if (ours_ != 0) stream_.users.fetch_and(~ours_, std::memory_order_release);
    ours_ = 0;
  }

 private:
  bool take(std::uint32_t bit) {
    const std::uint32_t before = stream_.users.fetch_or(bit, std::memory_order_acquire);
    if ((before & bit) == 0) ours_ |= bit;
    return (before & (bit | kEnding)) == 0;
  }

  OpenStream& stream_;
  std::uint32_t ours_ = 0;
  bool is_taken_ = false;
};

}  // namespace

bool Connections::map_streams() {
  int state = streams_state_.load(std::memory_order_acquire);
  if (state == 2) return true;
  if (state != 0 || !streams_state_.compare_exchange_strong(state, 1)) return false;
  constexpr std::size_t kStreamsBytes = sizeof(OpenStream) * kStreamsMax;
  constexpr std::size_t kWritersBytes = sizeof(RequestWriter) * kWritersMax;
  static_assert(kStreamsBytes % alignof(RequestWriter) == 0);
  void* memory = system_->allocate(kStreamsBytes + kWritersBytes);
  if (memory != nullptr) {
    streams_.init(memory, kStreamsMax);
    writers_.init(static_cast<std::uint8_t*>(memory) + kStreamsBytes, kWritersMax);
  }
  streams_state_.store(memory != nullptr ? 2 : 3, std::memory_order_release);
  return memory != nullptr;
}

// The first bytes on a client's connection that is not HTTP/1.x; false: nor any that we know.
bool Connections::begin_stream(Socket& socket, Direction direction, const iovec* pieces, int count,
                               std::size_t bytes) {
  const Protocol protocol = protocol_of(direction, pieces, count, bytes);
  return protocol != Protocol::kNone && begin_stream(socket, protocol, Role::kStream);
}

bool Connections::begin_stream(Socket& socket, Protocol protocol, Role role) {
  if (socket.missed.load(std::memory_order_relaxed)) return false;
  OpenStream* stream = map_streams() ? streams_.acquire() : nullptr;
  if (stream == nullptr) {
    count_untraced(ring_);
    return false;
  }
  const std::uint32_t number = 1 + stream_count_.fetch_add(1, std::memory_order_relaxed);
  stream->number.store(number, std::memory_order_relaxed);
  stream->users.store(0, std::memory_order_relaxed);
  stream->generation = generation_;
  stream->protocol = protocol;
  stream->is_served = role == Role::kServedStream;
  RequestWriter* writer =
      protocol == Protocol::kHttp2 && !stream->is_served ? new_writer() : nullptr;
  stream->writer = writer;
  if (writer != nullptr) role = Role::kHttp2;
  if (stream->is_served) served_streams_.fetch_add(1, std::memory_order_relaxed);
  stream->positions[0] = 0;
  stream->positions[1] = 0;
  stream->asker = {};
  stream->is_asked = false;
  stream->is_shared.store(protocol == Protocol::kHttp2, std::memory_order_relaxed);
  stream->asker_busy.store(false, std::memory_order_relaxed);
  stream->skimmer.begin(protocol);
  socket.stream.store(stream, std::memory_order_release);
  socket.role.store(role, std::memory_order_relaxed);
  return true;
}

// Bytes from a server that was not asked: its greeting, or what another thread asked for.
void Connections::first_words(ThreadState& thread, Socket& socket, const iovec* pieces, int count,
                              std::size_t bytes) {
  if (socket.stream.load(std::memory_order_relaxed) == nullptr &&
      !begin_stream(socket, Direction::kReplies, pieces, count, bytes)) {
    socket.missed.store(true, std::memory_order_relaxed);
    return;
  }
  tell_stream(thread, socket, Direction::kReplies, pieces, count, bytes);
}

// What a client says to the program that is no HTTP/1.x, or what the program says before it has
// been asked: HTTP/2, whose server may greet first, or nothing that we know.
void Connections::first_words_of_server(ThreadState& thread, Socket& socket, Direction direction,
                                        const iovec* pieces, int count, std::size_t bytes) {
  if (socket.stream.load(std::memory_order_relaxed) != nullptr) {
    socket.role.store(Role::kServedStream, std::memory_order_relaxed);
  } else if (protocol_of(direction, pieces, count, bytes) != Protocol::kHttp2 ||
             !begin_stream(socket, Protocol::kHttp2, Role::kServedStream)) {
    return;
  }
  tell_stream(thread, socket, direction, pieces, count, bytes);
}

// The last one who is at it finishes it.
void Connections::end_stream(ThreadState& thread, OpenStream& stream, EndReason end_reason) {
  stream.end_reason = end_reason;
  stream.users.fetch_or(kEnding, std::memory_order_acq_rel);
  finish_stream(thread, stream);
}

void Connections::finish_stream(ThreadState& thread, OpenStream& stream) {
  std::uint32_t nobody = kEnding;
  if (!stream.users.compare_exchange_strong(nobody, kEnding | kEnded, std::memory_order_acq_rel)) {
    return;
  }
  // A fork's child: the connection is its parent's.
  if (stream.generation == generation_) {
    if (stream.is_served) served_streams_.fetch_sub(1, std::memory_order_relaxed);
    StreamEnd fixed;
    fixed.time = system_->now();
    fixed.stream = stream.number.load(std::memory_order_relaxed);
    fixed.end_reason = stream.end_reason;
    RecordWriter writer(ring_, RecordType::kStreamEnd, sizeof(fixed), pid_, thread.tid);
    writer.append(&fixed, sizeof(fixed));
  }
  // One that a thread is still at is nobody's any more.
  RequestWriter* writer = stream.writer.exchange(nullptr);
  if (writer != nullptr && !writer->busy.exchange(true)) writers_.release(writer);
  streams_.release(&stream);
}

// Whether no other request is served, and no other thread has a span open, so that what is asked
// now can be on nobody else's behalf. Requests of HTTP/2 are not seen here: a connection may have
// any.
bool Connections::serves_alone(const ThreadState& thread, const OpenExchange* exchange) {
  constexpr std::uint32_t kLookedAtMax = 256;
  const std::uint32_t own_spans = thread.span != 0 ? 1 : 0;
  if (open_spans_.load(std::memory_order_relaxed) > own_spans) return false;
  if (served_streams_.load(std::memory_order_relaxed) != 0) return false;
  const std::uint32_t used = exchanges_.used();
  if (used > kLookedAtMax) return false;
  for (std::uint32_t i = 0; i < used; ++i) {
    const OpenExchange* other = exchanges_.at(i);
    const bool is_served = other->id.load(std::memory_order_relaxed) != 0 &&
                           !other->is_client.load(std::memory_order_relaxed);
    if (is_served && other != exchange) return false;
  }
  return true;
}

// Whose request begins with these bytes. On a connection that several ask on at a time one thread
// writes what another one asked (gRPC does): then, and where only the connection's history tells,
// it is a parent only where there is no other, and else a link.
void Connections::locate(ThreadState& thread, const Socket& socket, bool is_shared,
                         StreamPiece* fixed) {
  const ExchangeReference* owner = owner_of(thread, socket);
  // Copies: the exchange itself may end in another thread, and its place be used again.
  const Context* parent = thread.span != 0         ? &thread.span_context
                          : owner == nullptr       ? nullptr
                          : owner == &socket.owner ? &socket.owner_context
                                                   : &thread.request_context;
  const bool is_guess = is_shared || (thread.span == 0 && owner == &socket.owner);
  const bool is_link = parent != nullptr && is_guess &&
                       !serves_alone(thread, owner != nullptr ? owner->exchange : nullptr);
  if (parent != nullptr) {
    std::memcpy(fixed->parent_span_id, parent->span_id, sizeof(fixed->parent_span_id));
  }
  if (is_link) {
    std::memcpy(fixed->linked_trace_id, parent->trace_id, sizeof(fixed->linked_trace_id));
  }
  if (parent != nullptr && !is_link) {
    fixed->self = *parent;
    fixed->self.flags = sampler_->child(parent->trace_id, parent->flags);
    random_span_id(thread, *system_, generation_, fixed->self.span_id);
  } else {
    locate_root(thread, fixed);
  }
}

void Connections::locate_root(ThreadState& thread, StreamPiece* fixed) {
  random_trace_id(thread, *system_, generation_, fixed->self.trace_id);
  fixed->self.flags = sampler_->root(fixed->self.trace_id);
  random_span_id(thread, *system_, generation_, fixed->self.span_id);
}

void Connections::asked(const ThreadState& thread, const Socket& socket, OpenStream& stream) {
  // Somebody reads the answer to what another one asked.
  if (stream.asker_busy.exchange(true, std::memory_order_acquire)) {
    stream.is_shared.store(true, std::memory_order_relaxed);
    return;
  }
  const ExchangeReference* owner = owner_of(thread, socket);
  const bool is_same =
      owner != nullptr ? owner->exchange == stream.asker.exchange && owner->id == stream.asker.id
                       : stream.asker.exchange == nullptr;
  if (stream.is_asked && !is_same) stream.is_shared.store(true, std::memory_order_relaxed);
  stream.is_asked = true;
  stream.asker = {};
  if (owner != nullptr) {
    stream.asker = *owner;
    stream.asker_context = owner == &socket.owner ? socket.owner_context : thread.request_context;
  }
  stream.asker_busy.store(false, std::memory_order_release);
}

// An event loop goes on with the request on whose behalf it asked.
void Connections::answered(ThreadState& thread, OpenStream& stream) {
  if (stream.asker_busy.exchange(true, std::memory_order_acquire)) return;
  stream.is_asked = false;
  const bool is_known = !stream.is_shared.load(std::memory_order_relaxed) && alive(stream.asker);
  if (is_known && !serves(thread) && serves_alone(thread, stream.asker.exchange)) {
    thread.request = stream.asker;
    thread.request_context = stream.asker_context;
  }
  stream.asker_busy.store(false, std::memory_order_release);
}

// Not while something of ours has begun that has to be written.
void Connections::give_up_stream(ThreadState& thread, Socket& socket, OpenStream& stream) {
  socket.missed.store(true, std::memory_order_relaxed);
  const RequestWriter* writer = stream.writer;
  if (writer != nullptr && writer->edit_count != 0) return;
  OpenStream* expected = &stream;
  if (!socket.stream.compare_exchange_strong(expected, nullptr)) return;
  socket.role.store(Role::kIgnored, std::memory_order_relaxed);
  end_stream(thread, stream, EndReason::kNotUnderstood);
}

void Connections::tell_stream(ThreadState& thread, Socket& socket, Direction direction,
                              const iovec* pieces, int count, std::size_t bytes,
                              const WrittenRequests* written) {
  OpenStream* stream = socket.stream.load(std::memory_order_acquire);
  if (stream == nullptr) return;
  const std::uint32_t number = stream->number.load(std::memory_order_relaxed);
  StreamHold hold(*stream, direction);
  const bool is_same = socket.stream.load(std::memory_order_relaxed) == stream &&
                       stream->number.load(std::memory_order_relaxed) == number;
  if (!hold) {
    socket.missed.store(true, std::memory_order_relaxed);
  } else if (is_same && !tell_records(thread, socket, *stream, direction,
                                      PieceCursor(pieces, count, bytes), written)) {
    give_up_stream(thread, socket, *stream);
  }
  hold.release();
  finish_stream(thread, *stream);
}

// Bytes that only the kernel saw. Within a body or a value they are not missed.
void Connections::tell_unseen(ThreadState& thread, Socket& socket, std::size_t bytes) {
  OpenStream* stream = socket.stream.load(std::memory_order_acquire);
  if (stream == nullptr) return;
  const Direction direction = stream->is_served ? Direction::kReplies : Direction::kRequests;
  if (RequestWriter* writer = stream->writer; writer != nullptr) writer->is_off = true;
  StreamHold hold(*stream, direction);
  const bool is_ours = hold && socket.stream.load(std::memory_order_relaxed) == stream &&
                       stream->generation == generation_;
  if (!is_ours || bytes > UINT32_MAX || !stream->skimmer.skip(direction, bytes)) {
    socket.missed.store(true, std::memory_order_relaxed);
  } else {
    StreamPiece fixed;
    fixed.time = system_->now();
    fixed.stream = stream->number.load(std::memory_order_relaxed);
    fixed.protocol = static_cast<std::uint8_t>(stream->protocol);
    fixed.direction = static_cast<std::uint8_t>(direction);
    fixed.is_served = stream->is_served ? 1 : 0;
    fixed.position = stream->positions[fixed.direction];
    fixed.segment_count = 1;
    stream->positions[fixed.direction] += bytes;
    const StreamSegment segment = {0, static_cast<std::uint32_t>(bytes)};
    RecordWriter writer(ring_, RecordType::kStreamPiece, sizeof(fixed) + sizeof(segment), pid_,
                        thread.tid);
    writer.append(&fixed, sizeof(fixed));
    writer.append(&segment, sizeof(segment));
  }
  hold.release();
  finish_stream(thread, *stream);
}

// What the server of HTTP/2 says first.
void Connections::heed_settings(const OpenStream& stream, const PieceCursor& cursor) {
  RequestWriter* writer = stream.writer;
  if (writer == nullptr) return;
  const std::uint64_t list_bytes =
      http2::setting_of(cursor.bytes(), cursor.size(), http2::kMaxHeaderListSize, ~0U);
  if (list_bytes < kHeaderListBytesMax) writer->is_off = true;
}

// False: the connection is not understood any more, or not ours.
bool Connections::tell_records(ThreadState& thread, const Socket& socket, OpenStream& stream,
                               Direction direction, PieceCursor cursor,
                               const WrittenRequests* written) {
  if (stream.generation != generation_ || socket.missed.load(std::memory_order_relaxed)) {
    return false;
  }
  StreamPiece fixed;
  fixed.time = system_->now();
  fixed.stream = stream.number.load(std::memory_order_relaxed);
  fixed.protocol = static_cast<std::uint8_t>(stream.protocol);
  fixed.direction = static_cast<std::uint8_t>(direction);
  fixed.peer_address_size = socket.names.peer_size;
  fixed.peer_port = socket.names.peer_port;
  fixed.is_served = stream.is_served ? 1 : 0;
  if (stream.is_served) {
    fixed.local_address_size = socket.names.local_size;
    fixed.local_port = socket.names.local_port;
    // Unless the request's headers say more, which are read in the agent process.
    if (direction == Direction::kRequests) locate_root(thread, &fixed);
  } else if (direction == Direction::kRequests) {
    asked(thread, socket, stream);
    if (written != nullptr && written->is_located) {
      fixed.self = written->piece.self;
      std::memcpy(fixed.parent_span_id, written->piece.parent_span_id,
                  sizeof(fixed.parent_span_id));
      std::memcpy(fixed.linked_trace_id, written->piece.linked_trace_id,
                  sizeof(fixed.linked_trace_id));
      fixed.request_count = written->count;
    } else {
      locate(thread, socket, stream.is_shared.load(std::memory_order_relaxed), &fixed);
    }
  } else if (stream.positions[1] == 0 && !cursor.at_end()) {
    heed_settings(stream, cursor);
  }
  bool goes_on = true;
  for (int records = 0; goes_on && !cursor.at_end(); ++records) {
    goes_on = records < kRecordsOfCallMax &&
              tell_record(thread, socket, stream, &fixed,
                          written != nullptr ? written->requests : nullptr, &cursor);
    fixed.request_count = 0;
  }
  if (direction == Direction::kReplies && !stream.is_served) answered(thread, stream);
  return goes_on;
}

// As many of the bytes as fit into one record; false: the connection is not understood any more.
bool Connections::tell_record(ThreadState& thread, const Socket& socket, OpenStream& stream,
                              StreamPiece* fixed, const StreamRequest* requests,
                              PieceCursor* cursor) {
  Segments segments;
  segments.collect(stream.skimmer, static_cast<Direction>(fixed->direction), *cursor);
  fixed->position = stream.positions[fixed->direction];
  fixed->segment_count = segments.count();
  fixed->bytes_size = segments.seen();
  stream.positions[fixed->direction] += segments.used();
  const auto segments_size = static_cast<std::uint32_t>(segments.count() * sizeof(StreamSegment));
  const auto requests_size =
      static_cast<std::uint32_t>(fixed->request_count * sizeof(StreamRequest));
  const auto payload = static_cast<std::uint32_t>(sizeof(*fixed) + fixed->peer_address_size +
                                                  fixed->local_address_size + requests_size +
                                                  segments_size + fixed->bytes_size);
  RecordWriter writer(ring_, RecordType::kStreamPiece, payload, pid_, thread.tid);
  writer.append(fixed, sizeof(*fixed));
  writer.append(socket.names.peer, fixed->peer_address_size);
  writer.append(socket.names.local, fixed->local_address_size);
  writer.append(requests, requests_size);
  writer.append(segments.begin(), segments_size);
  for (const StreamSegment& segment : segments) {
    append(writer, cursor, segment.seen);
    cursor->advance(segment.unseen);
  }
  return !stream.skimmer.lost();
}

}  // namespace kolben::agent
