// The part of Connections for bytes that nobody saw: those that went from file to file within the
// kernel (sendfile, splice), and those that were thrown away, or that a signal handler read.
#include "agent/preload/connections.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {

using http1::Message;

namespace {

// Whether these bytes, which nobody saw, are of the message's body.
bool is_within(Message& message, std::size_t bytes) {
  return message.feed_unseen(bytes) == bytes && !message.failed();
}

}  // namespace

void Connections::sent_unseen(ThreadState& thread, int file, std::size_t bytes) {
  Socket* socket = find(file);
  if (socket == nullptr) return;
  const Role role = socket->role.load(std::memory_order_relaxed);
  if (role >= Role::kStream) [[unlikely]] {
    if (role == Role::kAlias) return sent_unseen(thread, original_of(*socket), bytes);
    return tell_unseen(thread, *socket, bytes);
  }
  if (role != Role::kServer && role != Role::kClient) return;
  SocketLock lock(*system_, socket);
  if (!lock) return;
  OpenExchange* exchange = role == Role::kServer ? socket->first : socket->last;
  if (exchange == nullptr) return;
  if (role == Role::kClient) [[unlikely]] {
    if (!is_within(exchange->request, bytes)) give_up(*socket);
    return;
  }
  if (exchange->generation != generation_) [[unlikely]] {
    exchange = takes_over_inherited(thread, *socket);
  }
  if (exchange == nullptr || exchange->recorded) [[unlikely]]
    return;
  if (!exchange->response_begun || !exchange->response.head_complete()) [[unlikely]] {
    return loses_head(thread, *socket, exchange);
  }
  if (!is_within(exchange->response, bytes)) [[unlikely]] {
    return give_up(*socket);
  }
  response_advanced(thread, *socket, exchange);
}

// Bytes of an answer's head: neither the status nor where the answer ends is known. The next
// request shows that it has, where it comes after the answer.
void Connections::loses_head(ThreadState& thread, Socket& socket, OpenExchange* exchange) {
  if (!exchange->head_seen) return give_up(socket);
  if (!exchange->response_begun) exchange->response.begin(Message::Kind::kResponse, {});
  exchange->response_begun = true;
  exchange->response.lose_head();
  exchange->last_time = system_->now();
  if (exchange->next == nullptr) return response_advanced(thread, socket, exchange);
  // Which answer is whose is not known.
  record(thread, socket, exchange, exchange->last_time, EndReason::kUnseen);
  count_untraced(ring_);
  give_up(socket);
}

void Connections::received_unseen(ThreadState& thread, int file, std::size_t bytes) {
  Socket* socket = find(file);
  if (socket == nullptr) return;
  const Role role = socket->role.load(std::memory_order_relaxed);
  if (role == Role::kAlias) return received_unseen(thread, original_of(*socket), bytes);
  if (role != Role::kServer && role != Role::kClient) return skipped(file);
  SocketLock lock(*system_, socket);
  if (!lock) return;
  const bool is_server = role == Role::kServer;
  OpenExchange* exchange = is_server ? socket->last : socket->first;
  if (!is_server && exchange != nullptr && exchange->generation != generation_) {
    exchange = takes_over_inherited(thread, *socket);
  }
  if (!is_server && exchange != nullptr && !exchange->recorded &&
      (!exchange->response_begun || !exchange->response.head_complete())) {
    return loses_head(thread, *socket, exchange);
  }
  // What is not within a body is a head: the next one.
  const bool is_body = exchange != nullptr &&
                       (is_server || (exchange->response_begun && !exchange->recorded)) &&
                       is_within(is_server ? exchange->request : exchange->response, bytes);
  if (!is_body) {
    if (is_server && exchange != nullptr) count_untraced(ring_);
    return give_up(*socket);
  }
  if (!is_server) return response_advanced(thread, *socket, exchange);
  if (exchange->recorded && exchange->request.complete() && socket->first == exchange) {
    end(*socket, exchange);
  }
}

void Connections::skipped(int file) {
  Socket* socket = find(file);
  if (socket == nullptr) return;
  const Role role = socket->role.load(std::memory_order_relaxed);
  if (role == Role::kAlias) return skipped(original_of(*socket));
  const bool matters = role == Role::kClient || role >= Role::kStream;
  if (matters) socket->missed.store(true, std::memory_order_relaxed);
}

}  // namespace kolben::agent
