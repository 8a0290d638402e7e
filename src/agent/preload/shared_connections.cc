// The part of Connections for connections that a fork's child has as well: one process reads what
// the other one answers, or asks what the other one reads the answer to. Each exchange is told
// once, by whoever has seen its answer; where nobody has who knows of it, without one.
//
// A child has the request in its memory's copy. When it begins to answer it says so in the open
// table, at the entry of the process that has read it (take_over()). Which looks there when the
// next request comes, or the connection ends.
#include "agent/preload/connections.h"

#include <cstring>

namespace kolben::agent {

bool Connections::is_told_elsewhere(const OpenExchange& exchange) {
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
    } else if (!is_told_elsewhere(*exchange)) {
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
__attribute__((noinline)) OpenExchange* Connections::takes_over(ThreadState& thread,
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
  constexpr char kBegin[] = {'H', 'T', 'T', 'P', '/', '1', '.'};
  if (socket.is_asked_elsewhere || !is_shared(socket)) return socket.is_asked_elsewhere;
  const auto* first = static_cast<const char*>(count == 0 ? nullptr : pieces[0].iov_base);
  const bool is_one = bytes >= sizeof(kBegin) && first != nullptr &&
                      pieces[0].iov_len >= sizeof(kBegin) &&
                      std::memcmp(first, kBegin, sizeof(kBegin)) == 0;
  socket.is_asked_elsewhere = is_one;
  return is_one;
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
  const bool is_rest = exchange->generation == generation_ && !exchange->is_taken_over &&
                       is_told_elsewhere(*exchange);
  is_rest ? end(socket, exchange) : give_up(socket);
}

// Bytes that are no answer to what is known: after a request or an answer of no known length.
__attribute__((noinline)) void Connections::more_than_answered(Socket& socket) {
  count_untraced(ring_);
  give_up(socket);
}

}  // namespace kolben::agent
