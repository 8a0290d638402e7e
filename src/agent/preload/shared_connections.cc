// The part of Connections for connections that a fork's child has as well: one process reads what
// the other one answers, or asks what the other one reads the answer to. Each exchange is told
// once, by whoever has seen its answer; where nobody has who knows of it, without one.
//
// A child has the request in its memory's copy (takes_over_inherited()), or, if it was forked
// before that came, finds it in the open table (takes_over_shown()). When it begins to answer it
// says so there, at the entry of the process that has read it (take_over()). Which looks there when
// the next request comes, or the connection ends (is_taken_away()).
#include "agent/preload/connections.h"

#include <cstring>

namespace kolben::agent {
namespace {

bool begins_answer(const iovec* pieces, int count, std::size_t bytes) {
  constexpr char kBegin[] = {'H', 'T', 'T', 'P', '/', '1', '.'};
  return count != 0 && bytes >= sizeof(kBegin) && pieces[0].iov_len >= sizeof(kBegin) &&
         std::memcmp(pieces[0].iov_base, kBegin, sizeof(kBegin)) == 0;
}

// Whether it is a request that was read from that connection; what it stands in is an OpenEntry, or
// a copy of one.
template <typename Entry>
bool is_read_from(const Entry& entry, const SocketNames& names) {
  const Exchange& fixed = entry.fixed;
  return entry.type == RecordType::kServerExchange && fixed.peer_port == names.peer_port &&
         fixed.local_port == names.local_port && fixed.peer_address_size == names.peer_size &&
         fixed.local_address_size == names.local_size &&
         std::memcmp(entry.texts, names.local, names.local_size) == 0 &&
         std::memcmp(entry.texts + names.local_size, names.peer, names.peer_size) == 0;
}

}  // namespace

// Another process answers it, and tells of it.
bool Connections::is_taken_away(const OpenExchange& exchange) {
  return exchange.entry != nullptr && !exchange.recorded &&
         is_taken_over(*exchange.entry, exchange.self);
}

// Takes away what was answered where it was not seen, before the connection goes on with another
// request. False: there is no such.
__attribute__((noinline)) bool Connections::settle(ThreadState& thread, Socket& socket) {
  bool is_settled = false;
  while (socket.first != nullptr && !socket.first->recorded) {
    OpenExchange* exchange = socket.first;
    if (!exchange->head_seen || !exchange->request.complete()) break;
    if (exchange->response_begun && exchange->response.unframed()) {
      record(thread, socket, exchange, exchange->last_time, EndReason::kComplete);
      if (exchange->response.status() != 0) {  // and of no known length: who knows where it ended?
        more_than_answered(socket);
        return true;
      }
    } else if (!is_taken_away(*exchange)) {
      break;
    }
    end(socket, exchange);
    is_settled = true;
  }
  return is_settled;
}

// There is no room for another request. If it is another process that answers, what it has answered
// is told as far as it is known.
void Connections::tell_unanswered(ThreadState& thread, Socket& socket) {
  if (!is_shared(socket)) return;
  for (OpenExchange* exchange = socket.first; exchange != nullptr; exchange = exchange->next) {
    const bool is_told = !exchange->head_seen || exchange->response_begun || exchange->recorded ||
                         exchange->generation != generation_ || exchange->next == nullptr;
    if (is_told) continue;
    record(thread, socket, exchange, exchange->next->start_time, EndReason::kUnseen);
  }
}

// A fork's child answers a request that its parent has read, or reads the answer to what that one
// asked: it makes it its own. Not those that came before an earlier fork: they were another
// child's.
__attribute__((noinline)) OpenExchange* Connections::takes_over_inherited(ThreadState& thread,
                                                                          Socket& socket) {
  settle(thread, socket);
  const std::uint64_t last_fork = last_fork_.load(std::memory_order_relaxed);
  while (socket.first != socket.last && socket.first->generation != generation_ &&
         socket.first->start_time < last_fork && socket.last->start_time >= last_fork) {
    end(socket, socket.first);
  }
  OpenExchange* exchange = socket.first;
  if (exchange == nullptr || exchange->generation == generation_) return exchange;
  exchange->generation = generation_;
  exchange->is_taken_over = true;
  if (exchange->is_counted) count_served(exchange);
  OpenEntry* entry = exchange->entry;
  show(thread, socket, exchange);
  if (entry != nullptr) take_over(*entry, exchange->self);
  return exchange;
}

// An answer on a client's connection on which nothing was asked here: by a child, or a parent.
bool Connections::is_answer_of_another(Socket& socket, const iovec* pieces, int count,
                                       std::size_t bytes) const {
  if (socket.is_asked_elsewhere || !is_shared(socket)) return socket.is_asked_elsewhere;
  socket.is_asked_elsewhere = begins_answer(pieces, count, bytes);
  return socket.is_asked_elsewhere;
}

// The oldest request of the connection that nobody answers yet. False: there is none.
bool Connections::find_shown(const SocketNames& names, ReadElsewhere* read) const {
  OpenTable& table = *open_table(ring_);
  const std::uint32_t ready = ready_blocks_of(table);
  OpenEntry* oldest = nullptr;
  std::uint64_t oldest_time = 0;
  for (std::uint32_t block = 0; block < ready; ++block) {
    if (table.owners[block].load(std::memory_order_relaxed) == 0) continue;
    for (OpenEntry& entry : table.entries[block]) {
      if (entry.pid.load(std::memory_order_acquire) == 0 || !is_read_from(entry, names)) continue;
      const std::uint64_t time = entry.fixed.start_time;
      if (oldest != nullptr && time >= oldest_time) continue;
      if (is_taken_over(entry, entry.fixed.self)) continue;
      oldest = &entry;
      oldest_time = time;
    }
  }
  if (oldest == nullptr || !copy_entry(*oldest, &read->shown)) return false;
  read->entry = oldest;
  // It may have become another one before it was copied.
  return is_read_from(read->shown, names) && !is_taken_over(*oldest, read->shown.fixed.self);
}

// False: what stands there is no request.
bool Connections::begins_as_shown(const SocketNames& names, const OpenEntryCopy& shown,
                                  OpenExchange* exchange) {
  const Exchange& read = shown.fixed;
  const std::uint32_t addresses = std::uint32_t{names.local_size} + names.peer_size;
  constexpr std::uint8_t kEnd[] = {'\r', '\n', '\r', '\n'};
  // So that it fits in an entry again.
  const std::uint32_t room =
      kOpenTextBytesMax - addresses - static_cast<std::uint32_t>(sizeof(kEnd));
  http1::Message& request = exchange->request;
  request.feed(shown.texts + addresses,
               read.request_head_size < room ? read.request_head_size : room);
  for (const std::uint8_t& byte : kEnd) {  // where it is cut
    if (!request.head_complete()) request.feed(&byte, 1);
  }
  if (!request.head_complete()) return false;
  request.leave_body();
  exchange->is_body_elsewhere = true;
  exchange->head_seen = true;
  exchange->is_taken_over = true;
  exchange->start_time = read.start_time;
  exchange->self = read.self;
  std::memcpy(exchange->parent_span_id, read.parent_span_id, sizeof(read.parent_span_id));
  // Of which trace a linked one is does not stand there.
  if (read.linked_size != 0) std::memset(exchange->parent_span_id, 0, sizeof(read.parent_span_id));
  exchange->parent_is_remote = read.parent_is_remote != 0;
  exchange->is_excluded = read.is_excluded != 0;
  return true;
}

// Answers what a process has read that is no copy of this one: it was forked before the request
// came, or after this one was. False: it does not. Of connections without ports nobody can say.
__attribute__((noinline)) bool Connections::takes_over_shown(ThreadState& thread, Socket& socket,
                                                             int file, const iovec* pieces,
                                                             int count, std::size_t bytes) {
  const bool has_others = is_shared(socket) || is_inherited(socket);
  if (!has_others || !begins_answer(pieces, count, bytes)) return false;
  name_socket(socket, file);
  ReadElsewhere read;
  if (socket.names.peer_port == 0 || !find_shown(socket.names, &read)) return false;
  OpenExchange* exchange = begin(thread, socket, file, false);
  if (exchange == nullptr) return false;
  if (!begins_as_shown(socket.names, read.shown, exchange)) {
    end(socket, exchange);
    return false;
  }
  show(thread, socket, exchange);
  count_served(exchange);
  take_over(*read.entry, exchange->self);
  return true;
}

// What becomes of a request that is open when its connection ends here, or its process.
EndReason Connections::end_of_open(const Socket& socket, const OpenExchange& exchange,
                                   EndReason end_reason) const {
  const bool is_client = exchange.is_client.load(std::memory_order_relaxed);
  if (exchange.response_begun) {
    // The parent may write the rest.
    const bool is_left = exchange.is_taken_over && end_reason == EndReason::kProcessEnded;
    return is_left ? EndReason::kUnseen : end_reason;
  }
  // A child that was forked since may have it: the agent process waits for what that one tells.
  if (exchange.start_time < last_fork_.load(std::memory_order_relaxed)) return EndReason::kLeft;
  // Another request came after it, or it was asked for a parent who reads the answer.
  const bool goes_on = exchange.next != nullptr && is_shared(socket);
  const bool is_for_parent =
      is_client && is_inherited(socket) && end_reason == EndReason::kProcessEnded;
  return goes_on || is_for_parent ? EndReason::kUnseen : end_reason;
}

// These bytes are no answer. They are the rest of one, where another process has begun it.
__attribute__((noinline)) void Connections::not_answered_here(Socket& socket,
                                                              OpenExchange* exchange) {
  const bool is_rest =
      exchange->generation == generation_ && !exchange->is_taken_over && is_taken_away(*exchange);
  is_rest ? end(socket, exchange) : give_up(socket);
}

// Bytes that are no answer to what is known: after a request or an answer of no known length.
__attribute__((noinline)) void Connections::more_than_answered(Socket& socket) {
  count_untraced(ring_);
  give_up(socket);
}

}  // namespace kolben::agent
