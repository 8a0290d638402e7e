// The part of Connections that tells the agent process of connections in other protocols than
// HTTP/1.x: their bytes as they come, without what the Skimmer leaves out, and for whom they are.
#include <cstring>

#include "agent/preload/connections.h"
#include "agent/preload/ids.h"
#include "agent/preload/pieces.h"
#include "agent/protocols/http2/framing.h"

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

StreamPiece piece_of(const OpenStream& stream, Direction direction) {
  StreamPiece piece;
  piece.stream = stream.number.load(std::memory_order_relaxed);
  piece.protocol = static_cast<std::uint8_t>(stream.protocol);
  piece.direction = static_cast<std::uint8_t>(direction);
  piece.is_served = stream.is_served ? 1 : 0;
  return piece;
}

// Whose requests they are.
void copy_place(const StreamPiece& from, StreamPiece* to) {
  to->self = from.self;
  std::memcpy(to->parent_span_id, from.parent_span_id, sizeof(to->parent_span_id));
  std::memcpy(to->linked_trace_id, from.linked_trace_id, sizeof(to->linked_trace_id));
}

}  // namespace

// Whose request begins with these bytes, and for whom the answer will be.
void Connections::asked(ThreadState& thread, OpenStream& stream, const WrittenRequests* written,
                        StreamPiece* fixed) {
  const Asker asker = asker_of(thread, stream.opener, fixed->time);
  note_asker(asker, tie_of(thread, asker, sharing_of(stream)), stream);
  if (written != nullptr && written->is_located) {
    copy_place(written->piece, fixed);
    fixed->request_count = written->count;
  } else {
    // Which may have told that several ask.
    locate(thread, asker, tie_of(thread, asker, sharing_of(stream)), Decided::kLater, fixed);
  }
  stream.opener.is_unused = false;
}

void Connections::locate(ThreadState& thread, const Asker& asker, Tie tie, Decided root,
                         StreamPiece* fixed) {
  const Context* relative = thread.span != 0 ? &thread.span_context : asker.context;
  if (tie == Tie::kNone) {
    relative = process_context(thread);
    if (relative != nullptr) tie = Tie::kParent;
  }
  if (tie != Tie::kNone) {
    std::memcpy(fixed->parent_span_id, relative->span_id, sizeof(fixed->parent_span_id));
  }
  if (tie == Tie::kLink) {
    std::memcpy(fixed->linked_trace_id, relative->trace_id, sizeof(fixed->linked_trace_id));
  }
  if (tie == Tie::kParent) {
    fixed->self = *relative;
    fixed->self.flags = sampler_->child(relative->trace_id, relative->flags);
    random_span_id(thread, *system_, generation_, fixed->self.span_id);
  } else {
    locate_root(thread, root, fixed);
  }
}

void Connections::locate_root(ThreadState& thread, Decided root, StreamPiece* fixed) {
  random_trace_id(thread, *system_, generation_, fixed->self.trace_id);
  const bool is_open = root == Decided::kLater && sampler_->counts();
  fixed->self.flags = is_open ? kUndecided : sampler_->root(fixed->self.trace_id);
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

// What the server of HTTP/2 says first.
void Connections::heed_settings(const OpenStream& stream, const PieceCursor& cursor) {
  RequestWriter* writer = stream.writer;
  if (writer == nullptr) return;
  const std::uint64_t list_bytes =
      http2::setting_of(cursor.bytes(), cursor.size(), http2::kMaxHeaderListSize, ~0U);
  if (list_bytes < kHeaderListBytesMax) writer->is_off = true;
}

// False: the connection is not understood any more, or not ours.
bool Connections::tell_records(ThreadState& thread, OpenStream& stream, Direction direction,
                               PieceCursor cursor, const WrittenRequests* written) {
  const std::uint32_t number = stream.number.load(std::memory_order_relaxed);
  if (stream.generation != generation_ || is_refused(*refusals_, pid_, number)) return false;
  StreamPiece fixed = piece_of(stream, direction);
  fixed.time = system_->now();
  fixed.peer_address_size = stream.names.peer_size;
  fixed.peer_port = stream.names.peer_port;
  const bool is_request = direction == Direction::kRequests;
  if (stream.is_served) {
    fixed.local_address_size = stream.names.local_size;
    fixed.local_port = stream.names.local_port;
    // Unless the request's headers say more, which are read in the agent process.
    if (is_request) locate_root(thread, Decided::kLater, &fixed);
  } else if (is_request) {
    asked(thread, stream, written, &fixed);
  } else if (stream.positions[1] == 0 && !cursor.at_end()) {
    heed_settings(stream, cursor);
  }
  bool goes_on = true;
  for (int records = 0; goes_on && !cursor.at_end(); ++records) {
    goes_on = records < kRecordsOfCallMax &&
              tell_record(thread, stream, &fixed, written != nullptr ? written->requests : nullptr,
                          &cursor);
    fixed.request_count = 0;
  }
  if (!is_request && !stream.is_served) answered(thread, stream);
  return goes_on;
}

// As many of the bytes as fit into one record; false: the connection is not understood any more.
bool Connections::tell_record(ThreadState& thread, OpenStream& stream, StreamPiece* fixed,
                              const StreamRequest* requests, PieceCursor* cursor) {
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
  writer.append(stream.names.peer, fixed->peer_address_size);
  writer.append(stream.names.local, fixed->local_address_size);
  writer.append(requests, requests_size);
  writer.append(segments.begin(), segments_size);
  for (const StreamSegment& segment : segments) {
    append(writer, cursor, segment.seen);
    cursor->advance(segment.unseen);
  }
  return !stream.skimmer.lost();
}

void Connections::tell_gap(ThreadState& thread, OpenStream& stream, Direction direction,
                           std::uint32_t bytes) {
  StreamPiece fixed = piece_of(stream, direction);
  fixed.time = system_->now();
  fixed.position = stream.positions[fixed.direction];
  fixed.segment_count = 1;
  stream.positions[fixed.direction] += bytes;
  const StreamSegment segment = {0, bytes};
  RecordWriter writer(ring_, RecordType::kStreamPiece, sizeof(fixed) + sizeof(segment), pid_,
                      thread.tid);
  writer.append(&fixed, sizeof(fixed));
  writer.append(&segment, sizeof(segment));
}

}  // namespace kolben::agent
