// The part of Connections that tells the agent process of connections in other protocols than
// HTTP/1.x: their bytes as they come, without what the Skimmer leaves out.
#include <cstring>

#include "agent/preload/connections.h"
#include "agent/preload/ids.h"
#include "agent/preload/pieces.h"

namespace kolben::agent {
namespace {

// Of one call. A read of 64 KiB of nothing but the shortest values fits.
constexpr int kRecordsOfCallMax = 24;

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

// The first bytes on a client's connection that is not HTTP/1.x; false: nor any that we know.
bool Connections::begin_stream(Socket& socket, Direction direction, const iovec* pieces, int count,
                               std::size_t bytes) {
  Protocol protocol = Protocol::kNone;
  bool is_first = true;
  for_each_piece(pieces, count, bytes, [&](const std::uint8_t* piece, std::size_t size) {
    if (is_first) protocol = detect_protocol(direction, piece, size);
    is_first = false;
  });
  return open_stream(socket, protocol);
}

bool Connections::open_stream(Socket& socket, Protocol protocol) {
  const bool is_hole = socket.missed.load(std::memory_order_relaxed) || socket.words_size != 0;
  if (protocol == Protocol::kNone || is_hole) return false;
  OpenStream* stream = streams_.map_once(*system_, kStreamsMax) ? streams_.acquire() : nullptr;
  if (stream == nullptr) {
    count_untraced(ring_);
    return false;
  }
  const std::uint32_t number = 1 + stream_count_.fetch_add(1, std::memory_order_relaxed);
  stream->number.store(number, std::memory_order_relaxed);
  stream->users.store(0, std::memory_order_relaxed);
  stream->generation = generation_;
  stream->protocol = protocol;
  stream->positions[0] = 0;
  stream->positions[1] = 0;
  std::memcpy(stream->peer, socket.names.peer, sizeof(stream->peer));
  stream->peer_size = socket.names.peer_size;
  stream->peer_port = socket.names.peer_port;
  stream->opener = socket.opener;
  stream->asker = {};
  stream->is_asked = false;
  stream->is_shared.store(protocol == Protocol::kHttp2, std::memory_order_relaxed);
  stream->asker_busy.store(false, std::memory_order_relaxed);
  stream->skimmer.begin(protocol);
  socket.stream.store(stream, std::memory_order_release);
  socket.role.store(Role::kStream, std::memory_order_relaxed);
  return true;
}

// Bytes from a server that was not asked: its greeting, or what another thread asked for.
void Connections::first_words(ThreadState& thread, Socket& socket, const iovec* pieces, int count,
                              std::size_t bytes) {
  const bool begins =
      socket.stream.load(std::memory_order_relaxed) != nullptr ||
      (socket.words_size == 0 ? begin_stream(socket, Direction::kReplies, pieces, count, bytes)
                              : goes_on_with_words(thread, socket, pieces, count, bytes));
  if (begins) return tell_stream(thread, socket, Direction::kReplies, pieces, count, bytes);
  goes_elsewhere(thread);
  if (!keep_words(socket, pieces, count, bytes)) {
    socket.missed.store(true, std::memory_order_relaxed);
  }
}

// Some clients read a greeting's header first. False: too many, or the begin of nothing that we
// know.
bool Connections::keep_words(Socket& socket, const iovec* pieces, int count, std::size_t bytes) {
  if (bytes > kFirstWordsMax - std::size_t{socket.words_size}) return false;
  for_each_piece(pieces, count, bytes, [&](const std::uint8_t* piece, std::size_t size) {
    std::memcpy(socket.words + socket.words_size, piece, size);
    socket.words_size = static_cast<std::uint8_t>(socket.words_size + size);
  });
  return may_greet(socket.words, socket.words_size);
}

// With these bytes they are enough: what was kept is told first.
bool Connections::goes_on_with_words(ThreadState& thread, Socket& socket, const iovec* pieces,
                                     int count, std::size_t bytes) {
  std::uint8_t words[kFirstWordsMax];
  const std::size_t kept = socket.words_size;
  std::memcpy(words, socket.words, kept);
  std::size_t size = kept;
  PieceCursor cursor(pieces, count, bytes);
  for (; size < kFirstWordsMax && !cursor.at_end(); cursor.advance(1)) {
    words[size++] = *cursor.bytes();
  }
  const Protocol protocol = detect_protocol(Direction::kReplies, words, size);
  if (protocol == Protocol::kNone) return false;
  socket.words_size = 0;
  if (!open_stream(socket, protocol)) return false;
  const iovec first = {words, kept};
  tell_stream(thread, socket, Direction::kReplies, &first, 1, kept);
  return true;
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
    StreamEnd fixed;
    fixed.time = system_->now();
    fixed.stream = stream.number.load(std::memory_order_relaxed);
    fixed.end_reason = stream.end_reason;
    RecordWriter writer(ring_, RecordType::kStreamEnd, sizeof(fixed), pid_, thread.tid);
    writer.append(&fixed, sizeof(fixed));
  }
  streams_.release(&stream);
}

// Whose request begins with these bytes, and for whom the answer will be.
void Connections::asked(ThreadState& thread, OpenStream& stream, StreamPiece* fixed) {
  const Asker asker = asker_of(thread, stream.opener, fixed->time);
  note_asker(asker, tie_of(thread, asker, stream.is_shared.load(std::memory_order_relaxed)),
             stream);
  // Which may have told that several ask.
  locate(thread, asker, tie_of(thread, asker, stream.is_shared.load(std::memory_order_relaxed)),
         fixed);
  stream.opener.is_unused = false;
}

void Connections::locate(ThreadState& thread, const Asker& asker, Tie tie, StreamPiece* fixed) {
  const Context* relative = thread.span != 0 ? &thread.span_context : asker.context;
  if (tie != Tie::kNone) {
    std::memcpy(fixed->parent_span_id, relative->span_id, sizeof(fixed->parent_span_id));
  }
  if (tie == Tie::kLink) {
    std::memcpy(fixed->linked_trace_id, relative->trace_id, sizeof(fixed->linked_trace_id));
  }
  if (tie == Tie::kParent) {
    fixed->self = *relative;
    fixed->self.flags = sampler_->child(relative->trace_id, relative->flags);
  } else {
    random_trace_id(thread, *system_, generation_, fixed->self.trace_id);
    fixed->self.flags = sampler_->root(fixed->self.trace_id);
  }
  random_span_id(thread, *system_, generation_, fixed->self.span_id);
}

// A request that is only linked is nobody's for certain.
void Connections::note_asker(const Asker& asker, Tie tie, OpenStream& stream) {
  // Somebody reads the answer to what another one asked.
  if (stream.asker_busy.exchange(true, std::memory_order_acquire)) {
    stream.is_shared.store(true, std::memory_order_relaxed);
    return;
  }
  const bool is_known = asker.request != nullptr && tie != Tie::kLink;
  const ExchangeReference request = is_known ? *asker.request : ExchangeReference();
  if (stream.is_asked && !(request == stream.asker)) {
    stream.is_shared.store(true, std::memory_order_relaxed);
  }
  stream.is_asked = true;
  stream.asker = request;
  if (is_known) stream.asker_context = *asker.context;
  stream.asker_busy.store(false, std::memory_order_release);
}

// An event loop goes on with the request on whose behalf it asked.
void Connections::answered(ThreadState& thread, OpenStream& stream) {
  if (stream.asker_busy.exchange(true, std::memory_order_acquire)) return goes_elsewhere(thread);
  stream.is_asked = false;
  const bool is_shared = stream.is_shared.load(std::memory_order_relaxed);
  goes_on(thread, is_shared ? ExchangeReference() : stream.asker, stream.asker_context);
  stream.asker_busy.store(false, std::memory_order_release);
}

void Connections::tell_stream(ThreadState& thread, Socket& socket, Direction direction,
                              const iovec* pieces, int count, std::size_t bytes) {
  OpenStream* stream = socket.stream.load(std::memory_order_acquire);
  if (stream == nullptr) return;
  const std::uint32_t number = stream->number.load(std::memory_order_relaxed);
  StreamHold hold(*stream, direction);
  const bool is_same = socket.stream.load(std::memory_order_relaxed) == stream &&
                       stream->number.load(std::memory_order_relaxed) == number;
  if (!hold) {
    socket.missed.store(true, std::memory_order_relaxed);
  } else if (is_same &&
             (socket.missed.load(std::memory_order_relaxed) ||
              !tell_records(thread, *stream, direction, PieceCursor(pieces, count, bytes)))) {
    OpenStream* expected = stream;
    if (socket.stream.compare_exchange_strong(expected, nullptr)) {
      socket.role.store(Role::kIgnored, std::memory_order_relaxed);
      end_stream(thread, *stream, EndReason::kNotUnderstood);
    }
  } else if (stream->skimmer.awaits_tls()) {
    socket.role.store(Role::kIgnored, std::memory_order_relaxed);
  }
  hold.release();
  finish_stream(thread, *stream);
}

// False: the connection is not understood any more, or not ours.
bool Connections::tell_records(ThreadState& thread, OpenStream& stream, Direction direction,
                               PieceCursor cursor) {
  const std::uint32_t number = stream.number.load(std::memory_order_relaxed);
  if (stream.generation != generation_ || is_refused(*refusals_, pid_, number)) return false;
  StreamPiece fixed;
  fixed.time = system_->now();
  fixed.stream = number;
  fixed.protocol = static_cast<std::uint8_t>(stream.protocol);
  fixed.direction = static_cast<std::uint8_t>(direction);
  fixed.peer_address_size = stream.peer_size;
  fixed.peer_port = stream.peer_port;
  if (direction == Direction::kRequests) asked(thread, stream, &fixed);
  bool goes_on = true;
  for (int records = 0; goes_on && !cursor.at_end(); ++records) {
    goes_on = records < kRecordsOfCallMax && tell_record(thread, stream, &fixed, &cursor);
  }
  if (direction == Direction::kReplies) answered(thread, stream);
  return goes_on;
}

// As many of the bytes as fit into one record; false: the connection is not understood any more.
bool Connections::tell_record(ThreadState& thread, OpenStream& stream, StreamPiece* fixed,
                              PieceCursor* cursor) {
  Segments segments;
  segments.collect(stream.skimmer, static_cast<Direction>(fixed->direction), *cursor);
  fixed->position = stream.positions[fixed->direction];
  fixed->segment_count = segments.count();
  fixed->bytes_size = segments.seen();
  stream.positions[fixed->direction] += segments.used();
  const auto segments_size = static_cast<std::uint32_t>(segments.count() * sizeof(StreamSegment));
  const auto payload = static_cast<std::uint32_t>(sizeof(*fixed) + fixed->peer_address_size +
                                                  segments_size + fixed->bytes_size);
  RecordWriter writer(ring_, RecordType::kStreamPiece, payload, pid_, thread.tid);
  writer.append(fixed, sizeof(*fixed));
  writer.append(stream.peer, fixed->peer_address_size);
  writer.append(segments.begin(), segments_size);
  for (const StreamSegment& segment : segments) {
    append(writer, cursor, segment.seen);
    cursor->advance(segment.unseen);
  }
  return !stream.skimmer.lost();
}

}  // namespace kolben::agent
