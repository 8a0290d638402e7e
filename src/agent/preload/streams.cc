// The part of Connections for connections in other protocols than HTTP/1.x: how they begin and end,
// and who is at them. What is told of them: stream_records.cc.
#include <cstring>

#include "agent/preload/connections.h"
#include "agent/preload/pieces.h"

namespace kolben::agent {
namespace {

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

// The first bytes on a client's connection that is not HTTP/1.x; false: nor any that we know.
bool Connections::begin_stream(Socket& socket, Direction direction, const iovec* pieces, int count,
                               std::size_t bytes) {
  return open_stream(socket, protocol_of(direction, pieces, count, bytes), Role::kStream);
}

bool Connections::open_stream(Socket& socket, Protocol protocol, Role role) {
  if (protocol == Protocol::kNone) return false;
  const bool is_hole = socket.missed.load(std::memory_order_relaxed) || socket.words_size != 0;
  const bool has_room = !is_hole && streams_.map_once(*system_, kStreamsMax);
  OpenStream* stream = has_room ? streams_.acquire() : nullptr;
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
  // Within TLS a write is not ours to make longer than a record.
  const bool may_write =
      protocol == Protocol::kHttp2 && !stream->is_served && !is_plaintext(socket);
  RequestWriter* writer = may_write ? new_writer() : nullptr;
  stream->writer = writer;
  if (writer != nullptr) role = Role::kHttp2;
  if (stream->is_served) served_streams_.fetch_add(1, std::memory_order_relaxed);
  stream->positions[0] = 0;
  stream->positions[1] = 0;
  stream->names = socket.names;
  stream->opener = socket.opener;
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
  if (is_answer_of_another(socket, pieces, count, bytes)) return goes_elsewhere(thread);
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
  if (!open_stream(socket, protocol, Role::kStream)) return false;
  const iovec first = {words, kept};
  tell_stream(thread, socket, Direction::kReplies, &first, 1, kept);
  return true;
}

// What a client says to the program that is no HTTP/1.x, or what the program says before it has
// been asked: HTTP/2, whose server may greet first, or nothing that we know.
void Connections::first_words_of_server(ThreadState& thread, Socket& socket, Direction direction,
                                        const iovec* pieces, int count, std::size_t bytes) {
  if (socket.stream.load(std::memory_order_relaxed) != nullptr) {
    socket.role.store(Role::kServedStream, std::memory_order_relaxed);
  } else if (protocol_of(direction, pieces, count, bytes) != Protocol::kHttp2 ||
             !open_stream(socket, Protocol::kHttp2, Role::kServedStream)) {
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
    tell_end(thread, stream, stream.end_reason, system_->now());
  }
  RequestWriter* writer = stream.writer.exchange(nullptr);
  if (writer != nullptr) orphan(*writer);
  streams_.release(&stream);
}

void Connections::tell_end(const ThreadState& thread, const OpenStream& stream,
                           EndReason end_reason, std::uint64_t time) {
  StreamEnd fixed;
  fixed.time = time;
  fixed.stream = stream.number.load(std::memory_order_relaxed);
  fixed.end_reason = end_reason;
  RecordWriter writer(ring_, RecordType::kStreamEnd, sizeof(fixed), pid_, thread.tid);
  writer.append(&fixed, sizeof(fixed));
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
  } else if (is_same && (socket.missed.load(std::memory_order_relaxed) ||
                         !tell_records(thread, *stream, direction,
                                       PieceCursor(pieces, count, bytes), written))) {
    give_up_stream(thread, socket, *stream);
  } else if (stream->skimmer.awaits_tls()) {
    socket.role.store(Role::kIgnored, std::memory_order_relaxed);
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
    tell_gap(thread, *stream, direction, static_cast<std::uint32_t>(bytes));
  }
  hold.release();
  finish_stream(thread, *stream);
}

}  // namespace kolben::agent
