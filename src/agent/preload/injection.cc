// The part of Connections that writes the trace's headers into requests of the program.
//
// Two ways. Where the head has none of them, ours are put in before the empty line, and the count
// that the kernel returns is mapped back to the program's bytes. Where the program only hands on
// the `traceparent` of the request that it serves (a proxy), its value is replaced by ours, which
// is as long, unless the request is signed over it. Any other header is the program's own and
// stays.
#include <errno.h>

#include <cstring>

#include "agent/preload/carried_header.h"
#include "agent/preload/connections.h"
#include "agent/preload/pieces.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {
namespace {

using http1::Looks;
using http1::Message;

// Heads longer than this are not looked through for a place to write into.
constexpr std::size_t kInjectHeadBytesMax = 64 * 1024;
constexpr std::uint16_t kNameSize = sizeof("traceparent: ") - 1;

// How many bytes the head has, up to and with its empty line; 0: it is not whole, or too long, or
// that line is a bare line feed, which we do not write before. Lines may end in one (RFC
// 9112, 2.2): what looks like an empty line behind that is of the body.
std::size_t head_bytes(const iovec* pieces, int count, std::size_t bytes) {
  constexpr char kEnd[] = {'\n', '\r', '\n'};
  std::size_t position = 0;
  int matched = 0;
  std::size_t result = 0;
  bool is_bare = false;
  if (bytes > kInjectHeadBytesMax) bytes = kInjectHeadBytesMax;
  for_each_piece(pieces, count, bytes, [&](const std::uint8_t* piece, std::size_t size) {
    for (std::size_t i = 0; i < size && result == 0 && !is_bare; ++i) {
      const char c = static_cast<char>(piece[i]);
      is_bare = matched == 1 && c == '\n';
      matched = c == kEnd[matched] ? matched + 1 : 0;
      if (matched == 3) result = position + i + 1;
    }
    position += size;
  });
  return result;
}

// Where the value of the head's `traceparent` begins; `head`: nowhere, or the head names it at
// another place too. So does a signature of the headers that it is over (AWS's SignedHeaders, RFC
// 9421's Signature-Input): these have to stay as they are.
std::size_t find_value(const iovec* pieces, int count, std::size_t head) {
  constexpr char kName[] = "traceparent";
  constexpr std::size_t kLetters = sizeof(kName) - 1;
  std::size_t position = 0;
  std::size_t matched = 0;
  std::size_t times = 0;
  std::size_t end = 0;
  for_each_piece(pieces, count, head, [&](const std::uint8_t* piece, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint8_t c = piece[i] >= 'A' && piece[i] <= 'Z' ? piece[i] | 0x20U : piece[i];
      matched = c == kName[matched] ? matched + 1 : c == kName[0] ? 1 : 0;
      if (matched != kLetters) continue;
      matched = 0;
      ++times;
      end = position + i + 1;
    }
    position += size;
  });
  const auto at = [&](std::size_t place) { return byte_at(pieces, count, place); };
  if (times != 1 || end <= kLetters || at(end - kLetters - 1) != '\n' || at(end) != ':')
    return head;
  for (++end; at(end) == ' ' || at(end) == '\t'; ++end) {
  }
  return end;
}

// Whether this text is there, in one piece.
bool holds(const iovec* pieces, int count, std::size_t position, const char* text,
           std::size_t size) {
  for (int i = 0; i < count; ++i) {
    if (position < pieces[i].iov_len) {
      return pieces[i].iov_len - position >= size &&
             std::memcmp(static_cast<const char*>(pieces[i].iov_base) + position, text, size) == 0;
    }
    position -= pieces[i].iov_len;
  }
  return false;
}

// `pieces` with `ours` put in at `result->position`, instead of `result->replaced` bytes, which are
// in one piece.
void splice(const iovec* pieces, int count, iovec ours, Injection* result) {
  std::size_t before = 0;
  bool placed = false;
  result->count = 0;
  for (int i = 0; i < count; ++i) {
    const std::size_t size = pieces[i].iov_len;
    if (placed || before + size < result->position + result->replaced) {
      result->pieces[result->count++] = pieces[i];
    } else {
      auto* bytes = static_cast<std::uint8_t*>(pieces[i].iov_base);
      const std::size_t cut = result->position - before;
      const std::size_t rest = cut + result->replaced;
      if (cut != 0) result->pieces[result->count++] = {bytes, cut};
      result->pieces[result->count++] = ours;
      if (size > rest) result->pieces[result->count++] = {bytes + rest, size - rest};
      placed = true;
    }
    before += size;
  }
}

bool same_header(const Traceparent& header, const OpenExchange& served) {
  return std::memcmp(header.trace_id, served.self.trace_id, sizeof(header.trace_id)) == 0 &&
         std::memcmp(header.span_id, served.parent_span_id, sizeof(header.span_id)) == 0;
}

}  // namespace

bool Connections::prepare_injection(ThreadState& thread, int file, const iovec* pieces, int count,
                                    std::size_t bytes, Injection* injection) {
  Socket* socket = find(file);
  if (socket == nullptr || count > kRequestPiecesMax) return false;
  const Role role = socket->role.load(std::memory_order_relaxed);
  if (role == Role::kHttp2) {
    return formats_ != 0 && prepare_requests(thread, *socket, pieces, count, bytes, injection);
  }
  if (role == Role::kAlias) {
    const int original = original_of(*socket);
    return prepare_injection(thread, original, pieces, count, bytes, injection);
  }
  if (role != Role::kClient) return false;
  SocketLock lock(*system_, socket);
  if (!lock) return false;
  const Role now = socket->role.load(std::memory_order_relaxed);
  if (now == Role::kHttp2) {  // the server has greeted another thread meanwhile
    return prepare_requests(thread, *socket, pieces, count, bytes, injection);
  }
  if (now != Role::kClient) return false;
  if (has_gap(*socket)) {
    drop_open(*socket);
    if (socket->role.load(std::memory_order_relaxed) != Role::kClient) return false;
  }
  if (socket->first != nullptr && !socket->first->is_expected &&
      (!settle(thread, *socket) || socket->first != nullptr ||
       socket->role.load(std::memory_order_relaxed) != Role::kClient)) {
    return false;
  }
  OpenExchange* exchange = socket->first;
  const auto begin_http2 = [&] {
    return formats_ != 0 && exchange == nullptr &&
           socket->stream.load(std::memory_order_relaxed) == nullptr &&
           begin_stream(*socket, Direction::kRequests, pieces, count, bytes) &&
           socket->role.load(std::memory_order_relaxed) == Role::kHttp2 &&
           prepare_requests(thread, *socket, pieces, count, bytes, injection);
  };
  if (count > kInjectPiecesMax) return begin_http2();
  if (look(pieces, count, bytes) != Looks::kYes) return false;
  const std::size_t head = head_bytes(pieces, count, bytes);
  if (head == 0) return false;

  Message request;
  request.begin(Message::Kind::kRequest, {});
  for_each_piece(pieces, count, head,
                 [&](const std::uint8_t* piece, std::size_t size) { request.feed(piece, size); });
  const bool understood = request.head_complete() && !request.failed() && !request.unframed() &&
                          request.method() != Message::Method::kConnect;
  if (!understood) return begin_http2();
  injection->position = head - 2;
  const bool is_bare = !request.trace_headers().has(formats_);
  const bool writes = formats_ != 0 && (is_bare || replaces_header(thread, *socket, request, pieces,
                                                                   count, head, injection));
  // Before the write: another thread may read the answer before this one is back.
  if (exchange == nullptr) exchange = begin(thread, *socket, file, true);
  if (exchange == nullptr) return false;
  exchange->is_expected = true;
  exchange->request.expect(request.method());
  if (!writes) {
    exchange->has_injected = false;
    return false;
  }
  if (!exchange->has_injected) {
    exchange->has_injected = true;
    inherit_trace(thread, exchange);
    write_headers(thread, exchange, request);
  }
  const bool replaces = injection->replaced != 0;
  injection->from = replaces ? kNameSize : 0;
  injection->to =
      replaces ? static_cast<std::uint16_t>(kNameSize + kTraceparentSize) : exchange->injected_size;
  if (injection->to == injection->from) return false;
  const auto size = static_cast<std::size_t>(injection->to - injection->from);
  splice(pieces, count, {exchange->injected + injection->from, size}, injection);
  return true;
}

// Whether the header is that of the request that is served, which the program passes on: then it is
// known what to write in its place, and where.
bool Connections::replaces_header(ThreadState& thread, const Socket& socket, const Message& request,
                                  const iovec* pieces, int count, std::size_t head,
                                  Injection* injection) const {
  if ((formats_ & kTraceContext) == 0 || !request.trace_headers().has_traceparent()) return false;
  const Traceparent& header = request.trace_headers().traceparent();
  const Asker asker = asker_of(thread, socket.opener, system_->now());
  const bool is_certain =
      asker.request != nullptr && tie_of(thread, asker, Sharing::kAlone) == Tie::kParent;
  if (!is_certain || !same_header(header, *asker.request->exchange)) return false;
  char value[kTraceparentSize];
  format_traceparent(header.trace_id, header.span_id, header.flags, value);
  injection->position = find_value(pieces, count, head);
  const bool is_there =
      injection->position < head && holds(pieces, count, injection->position, value, sizeof(value));
  if (!is_there) return false;
  injection->replaced = kTraceparentSize;
  return true;
}

// Into `injected`: the trace's headers, then those of the request that is served which go on with
// it, unless the program's request has its own.
void Connections::write_headers(const ThreadState& thread, OpenExchange* exchange,
                                const Message& request) const {
  Traceparent context;
  std::memcpy(context.trace_id, exchange->self.trace_id, sizeof(context.trace_id));
  std::memcpy(context.span_id, exchange->self.span_id, sizeof(context.span_id));
  context.flags = exchange->self.flags;
  char headers[kTraceHeadersBytesMax];
  std::size_t size = format_trace_headers(formats_, context, headers);
  std::memcpy(exchange->injected, headers, size);

  const CallPlace place = {exchange->owner.exchange, exchange->self.trace_id,
                           exchange->is_linked ? kNoSpan : exchange->parent_span_id};
  for (const CarriedHeader* header : kCarriedHeaders) {
    if ((formats_ & header->format) == 0 || request.has_carried(header->format)) continue;
    size += carry(thread, *header, place, exchange->injected + size, kInjectedBytesMax - size);
  }
  exchange->injected_size = static_cast<std::uint16_t>(size);
}

std::size_t Connections::injected(int file, const Injection& injection, std::size_t written) {
  if (injection.writer != nullptr) return injected_requests(injection, written);
  // Not even the place was reached: the rest goes without our header.
  if (written <= injection.position) return written;
  const auto size = static_cast<std::size_t>(injection.to - injection.from);
  const std::size_t ours = written - injection.position;
  if (ours >= size) return written - size + injection.replaced;
  // The kernel stopped within ours: the rest is sent before the program's next byte.
  file = number_for(file);
  SocketLock lock(*system_, find(file));
  if (lock && find(file)->first != nullptr) {
    find(file)->first->injected_from = static_cast<std::uint16_t>(injection.from + ours);
    find(file)->first->injected_to = injection.to;
  }
  return injection.position + injection.replaced;
}

bool Connections::finish_injection(int file) {
  Socket* socket = find(file);
  if (socket == nullptr) return true;
  Role role = socket->role.load(std::memory_order_relaxed);
  if (role == Role::kAlias) [[unlikely]] {
    socket = find(original_of(*socket));
    if (socket == nullptr) return true;
    role = socket->role.load(std::memory_order_relaxed);
  }
  if (role == Role::kHttp2) return finish_requests(*socket, file);
  if (role != Role::kClient) return true;
  SocketLock lock(*system_, socket);
  if (!lock || socket->first == nullptr) return true;
  OpenExchange* exchange = socket->first;
  while (exchange->injected_from < exchange->injected_to) {
    iovec piece = {exchange->injected + exchange->injected_from,
                   static_cast<std::size_t>(exchange->injected_to - exchange->injected_from)};
    msghdr message = {};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    const ssize_t written = system_->send_message(file, &message, 0);
    if (written <= 0) {
      if (written == 0) errno = EAGAIN;
      return false;
    }
    exchange->injected_from = static_cast<std::uint16_t>(exchange->injected_from + written);
  }
  return true;
}

}  // namespace kolben::agent
