// The part of Connections that writes the trace's headers into requests of HTTP/2: see
// request_writer.h. Only where a write holds the whole header block of a request, which has none of
// these headers itself.
#include <errno.h>

#include <cstring>
#include <utility>

#include "agent/preload/carried_header.h"
#include "agent/preload/connections.h"
#include "agent/preload/ids.h"
#include "agent/preload/pieces.h"

namespace kolben::agent {
namespace {

using http2::RequestBlock;
using http2::RequestTracker;

struct FieldOfFormat {
  TraceFormat format;
  http2::TraceField field;
};
constexpr FieldOfFormat kFields[] = {{kTraceContext, http2::kTraceparentField},
                                     {kB3, http2::kB3Field},
                                     {kB3Multi, http2::kB3MultiField},
                                     {kJaeger, http2::kJaegerField}};

bool has_context(std::uint8_t fields, std::uint8_t formats) {
  for (const FieldOfFormat& one : kFields) {
    if ((formats & one.format) != 0 && (fields & one.field) != 0) return true;
  }
  return false;
}

std::uint64_t list_bytes_of(const char* lines, std::size_t size) {
  std::uint64_t bytes = size;
  for (std::size_t i = 0; i < size; ++i) {
    if (lines[i] == '\n') bytes += http2::HeaderScanner::kFieldOverhead;
  }
  return bytes;
}

// Of the edits what a write of so many bytes can come to: a frame's length may be cut.
void choose_edits(RequestWriter& writer, std::size_t bytes) {
  const std::uint64_t end = writer.position + bytes;
  writer.now_count = 0;
  for (std::uint32_t i = 0; i < writer.edit_count && writer.edits[i].position < end; ++i) {
    RequestEdit edit = writer.edits[i];
    if (edit.keeps_size && edit.position + edit.replaced > end) {
      edit.replaced = static_cast<std::uint32_t>(end - edit.position);
      edit.to = static_cast<std::uint16_t>(edit.from + edit.replaced);
    }
    writer.now[writer.now_count++] = edit;
  }
}

// What to write for a write of the program's that something of ours is in.
void edit(RequestWriter& writer, const iovec* pieces, int count, std::size_t bytes,
          Injection* injection) {
  choose_edits(writer, bytes);
  injection->writer = &writer;
  injection->bytes = bytes;
  injection->count =
      splice_edits(pieces, count, writer.now, writer.now_count, writer.position, injection->pieces);
}

// The program's bytes up to `position` are sent: what is left of the edits. A request whose frame
// has not begun goes as it is, or comes anew; so do those behind it.
void keep_edits(RequestWriter& writer, std::uint64_t position, const EditedWrite& sent) {
  std::uint32_t kept = 0;
  for (std::uint32_t i = 0; i < writer.edit_count; ++i) {
    RequestEdit edit = writer.edits[i];
    if (!edit.keeps_size) {
      if (position > edit.position) continue;
      if (i == sent.edits_done) edit.from = static_cast<std::uint16_t>(edit.from + sent.edit_sent);
    } else {
      const bool is_new = edit.from == 0;
      if (is_new && position <= edit.position) break;
      if (is_new) ++writer.written.count;
      const std::uint64_t over = position > edit.position ? position - edit.position : 0;
      const auto done = static_cast<std::uint32_t>(over < edit.replaced ? over : edit.replaced);
      edit.position += done;
      edit.from = static_cast<std::uint16_t>(edit.from + done);
      edit.replaced -= done;
      if (edit.replaced == 0) continue;
    }
    writer.edits[kept++] = edit;
  }
  writer.edit_count = kept;
}

void feed(RequestWriter& writer, const iovec* pieces, int count, std::size_t bytes) {
  writer.position += bytes;
  if (writer.has_ahead && writer.ahead().position() == writer.tracker().position() + bytes) {
    writer.current ^= 1;
    return;
  }
  for_each_piece(pieces, count, bytes, [&](const std::uint8_t* piece, std::size_t size) {
    RequestBlock block;
    std::size_t taken = 0;
    while (taken < size && !writer.tracker().lost()) {
      writer.tracker().next(piece + taken, size - taken, &taken, &block);
    }
  });
  if (writer.tracker().lost()) writer.is_off = true;
}

}  // namespace

RequestWriter* Connections::writer_of(const Socket& socket) {
  const OpenStream* stream = socket.stream.load(std::memory_order_acquire);
  return stream == nullptr ? nullptr : stream->writer.load(std::memory_order_acquire);
}

// Null: there are too many, or nothing is to be written at all.
RequestWriter* Connections::new_writer() {
  if (formats_ == 0) return nullptr;
  RequestWriter* writer = writers_.map_once(*system_, kWritersMax) ? writers_.acquire() : nullptr;
  if (writer == nullptr) {
    count_untraced(ring_);
    return nullptr;
  }
  writer->state.store(RequestWriter::State::kHeld, std::memory_order_relaxed);
  writer->is_off = false;
  writer->current = 0;
  writer->position = 0;
  writer->edit_count = 0;
  writer->now_count = 0;
  writer->trackers[0] = RequestTracker();
  release(*writer);
  return writer;
}

void Connections::release(RequestWriter& writer) {
  using State = RequestWriter::State;
  writer.has_ahead = false;
  writer.written.is_located = false;
  writer.written.count = 0;
  writer.holder.store(0, std::memory_order_relaxed);
  State expected = State::kHeld;
  if (!writer.state.compare_exchange_strong(expected, State::kFree, std::memory_order_acq_rel)) {
    writers_.release(&writer);
  }
}

// Its connection has ended.
void Connections::orphan(RequestWriter& writer) {
  using State = RequestWriter::State;
  const State before = writer.state.exchange(State::kOrphaned, std::memory_order_acq_rel);
  if (before == State::kFree) writers_.release(&writer);
}

bool Connections::has_edits(int file) const {
  const Socket* socket = find(number_for(file));
  const RequestWriter* writer = socket == nullptr ? nullptr : writer_of(*socket);
  return writer != nullptr && writer->edit_count != 0;
}

// The connection that the thread wrote into the last time had ended before it was done.
void Connections::release_orphan(ThreadState& thread) {
  RequestWriter* writer = std::exchange(thread.writer, nullptr);
  const bool is_orphan =
      writer != nullptr && writer->holder.load(std::memory_order_relaxed) == thread.tid &&
      writer->state.load(std::memory_order_acquire) == RequestWriter::State::kOrphaned;
  if (is_orphan) release(*writer);
}

// Takes the writer for this thread, until sent_requests() or not_sent().
bool Connections::prepare_requests(ThreadState& thread, Socket& socket, const iovec* pieces,
                                   int count, std::size_t bytes, Injection* injection) {
  OpenStream* stream = socket.stream.load(std::memory_order_acquire);
  RequestWriter* writer = stream == nullptr ? nullptr : stream->writer.load();
  if (writer == nullptr) return false;
  release_orphan(thread);
  if (!writer->hold()) {
    writer->is_off = true;
    return false;
  }
  thread.writer = writer;
  writer->holder.store(thread.tid, std::memory_order_relaxed);
  if (writer->edit_count == 0 && !socket.missed.load(std::memory_order_relaxed)) {
    look_ahead(thread, *stream, *writer, pieces, count, bytes);
  }
  if (writer->edit_count == 0) return false;
  edit(*writer, pieces, count, bytes, injection);
  return true;
}

bool Connections::prepare_rest(ThreadState& thread, int file, const iovec* pieces, int count,
                               std::size_t bytes, Injection* injection) {
  const Socket* socket = find(number_for(file));
  RequestWriter* writer = socket == nullptr ? nullptr : writer_of(*socket);
  if (writer == nullptr || writer->edit_count == 0 || !writer->hold()) return false;
  writer->holder.store(thread.tid, std::memory_order_relaxed);
  edit(*writer, pieces, count, bytes, injection);
  return true;
}

void Connections::rest_sent(const ThreadState& thread, int file, const iovec* pieces, int count,
                            ssize_t result) {
  const Socket* socket = find(number_for(file));
  RequestWriter* writer = socket == nullptr ? nullptr : writer_of(*socket);
  if (writer == nullptr || thread.tid == 0) return;
  if (writer->holder.load(std::memory_order_relaxed) != thread.tid) return;  // it was told
  if (result > 0) feed(*writer, pieces, count, static_cast<std::size_t>(result));
  release(*writer);
}

// What the bytes come to, without believing that they will be written.
void Connections::look_ahead(ThreadState& thread, const OpenStream& stream, RequestWriter& writer,
                             const iovec* pieces, int count, std::size_t bytes) {
  if (writer.is_off) return;
  RequestTracker& ahead = writer.ahead();
  ahead = writer.tracker();
  for_each_piece(pieces, count, bytes, [&](const std::uint8_t* piece, std::size_t size) {
    std::size_t taken = 0;
    while (taken < size && !ahead.lost()) {
      RequestBlock block;
      if (!ahead.next(piece + taken, size - taken, &taken, &block)) continue;
      if (block.begin < writer.position || block.fragment == 0) continue;
      write_into(thread, stream, writer, block,
                 byte_at(pieces, count, static_cast<std::size_t>(block.end - 1 - writer.position)));
    }
  });
  writer.has_ahead = !ahead.lost();
  if (writer.has_ahead) return;
  writer.is_off = true;
  writer.edit_count = 0;
}

void Connections::write_into(ThreadState& thread, const OpenStream& stream, RequestWriter& writer,
                             const RequestBlock& block, std::uint8_t last_byte) {
  const std::uint32_t number = writer.edit_count / 2;
  if (number == kInjectedRequestsMax || has_context(block.fields, formats_)) return;
  const Asker asker = asker_of(thread, stream.opener, system_->now());
  StreamPiece& piece = writer.written.piece;
  if (!writer.written.is_located) {
    piece = StreamPiece();
    locate(thread, asker, tie_of(thread, asker, Sharing::kMultiplexed), Decided::kHere, &piece);
    writer.written.is_located = true;
  }
  StreamRequest& request = writer.written.requests[number];
  request.stream = block.stream;
  random_span_id(thread, *system_, generation_, request.span_id);
  Traceparent context;
  std::memcpy(context.trace_id, piece.self.trace_id, sizeof(context.trace_id));
  std::memcpy(context.span_id, request.span_id, sizeof(context.span_id));
  context.flags = piece.self.flags;
  char lines[kInjectedHttp2BytesMax];
  const std::size_t lines_size =
      request_headers(thread, asker, writer.written.piece, context, block.fields, lines);
  std::uint8_t* headers = writer.headers[number];
  headers[0] = last_byte;
  const std::size_t size = literals_of(lines, lines_size, headers + 1, kRequestHeadersBytesMax - 1);
  const std::size_t length = block.frame_length + size;
  const bool fits = size != 0 && length <= kFrameBytesMax &&
                    block.list_bytes + list_bytes_of(lines, lines_size) <= kHeaderListBytesMax;
  if (!fits) return;
  std::uint8_t* bytes = writer.lengths[number];
  bytes[0] = static_cast<std::uint8_t>(length >> 16);
  bytes[1] = static_cast<std::uint8_t>(length >> 8);
  bytes[2] = static_cast<std::uint8_t>(length);
  writer.edits[writer.edit_count++] = {block.last_frame, 3, 0, 3, bytes, true};
  writer.edits[writer.edit_count++] = {block.end - 1, 1,    0, static_cast<std::uint16_t>(1 + size),
                                       headers,       false};
}

// The trace's headers, then those which go on with it, unless the program's request has its own.
std::size_t Connections::request_headers(const ThreadState& thread, const Asker& asker,
                                         const StreamPiece& piece, const Traceparent& context,
                                         std::uint8_t fields, char* lines) const {
  char headers[kTraceHeadersBytesMax];
  std::size_t size = format_trace_headers(formats_, context, headers);
  std::memcpy(lines, headers, size);
  constexpr std::uint8_t kNone[sizeof(piece.linked_trace_id)] = {};
  const bool is_linked = std::memcmp(piece.linked_trace_id, kNone, sizeof(kNone)) != 0;
  if (is_linked) return size;
  const CallPlace place = {asker.request == nullptr ? nullptr : asker.request->exchange,
                           piece.self.trace_id, piece.parent_span_id};
  for (const CarriedHeader* header : kCarriedHeaders) {
    if ((formats_ & header->format) == 0 || (fields & header->field) != 0) continue;
    std::size_t room = kInjectedHttp2BytesMax - size;
    if (header->format == kTraceContext && room > kTracestateBytesMax) room = kTracestateBytesMax;
    size += carry(thread, *header, place, lines + size, room);
  }
  return size;
}

std::size_t injected_requests(const Injection& injection, std::size_t written) {
  RequestWriter& writer = *injection.writer;
  EditedWrite sent;
  if (injection.count == 0) {  // nothing but a byte that was sent with ours
    sent.taken = injection.bytes;
  } else {
    sent = take_edited(writer.now, writer.now_count, writer.position, written);
  }
  keep_edits(writer, writer.position + sent.taken, sent);
  return sent.taken;
}

bool Connections::finish_requests(Socket& socket, int file) {
  RequestWriter* writer = writer_of(socket);
  if (writer == nullptr || writer->edit_count == 0) return true;
  if (!writer->hold()) return true;
  RequestEdit& edit = writer->edits[0];
  bool is_finished = true;
  while (is_finished && !edit.keeps_size && edit.position == writer->position &&
         edit.from < edit.to) {
    iovec piece = {const_cast<std::uint8_t*>(edit.bytes) + edit.from,
                   static_cast<std::size_t>(edit.to - edit.from)};
    msghdr message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    const ssize_t written = system_->send_message(file, &message, 0);
    if (written == 0) errno = EAGAIN;
    is_finished = written > 0;
    if (is_finished) edit.from = static_cast<std::uint16_t>(edit.from + written);
  }
  release(*writer);
  return is_finished;
}

void Connections::not_sent(ThreadState& thread, int file) {
  const Socket* socket = find(number_for(file));
  RequestWriter* writer = socket == nullptr ? nullptr : writer_of(*socket);
  if (writer == nullptr || writer->holder.load(std::memory_order_relaxed) != thread.tid) return;
  release(*writer);
}

void Connections::sent_requests(ThreadState& thread, Socket& socket, const iovec* pieces, int count,
                                std::size_t bytes) {
  WrittenRequests written;
  RequestWriter* writer = writer_of(socket);
  if (writer != nullptr) {
    const bool is_ours = writer->holder.load(std::memory_order_relaxed) == thread.tid;
    if (is_ours || writer->hold()) {
      feed(*writer, pieces, count, bytes);
      if (is_ours) written = writer->written;
      release(*writer);
    } else {
      writer->is_off = true;
    }
  }
  tell_stream(thread, socket, Direction::kRequests, pieces, count, bytes, &written);
}

}  // namespace kolben::agent
