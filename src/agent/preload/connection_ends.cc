// The part of Connections for ends: of what the peer sends, of a connection, of what is open on it,
// of the process.
#include "agent/preload/connections.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {

void Connections::received_end(ThreadState& thread, int file) {
  Socket* socket = find(file);
  if (socket == nullptr) return;
  const Role role = socket->role.load(std::memory_order_relaxed);
  if (role == Role::kServer) {
    // No request comes after this: what the thread prints from now on is its own.
    if (!serves(thread)) forget(thread);
    return;
  }
  if (role == Role::kAlias) return received_end(thread, original_of(*socket));
  if (role != Role::kClient) return;
  SocketLock lock(*system_, socket);
  if (!lock) return;
  client_ends(thread, *socket);
  OpenExchange* exchange = socket->first;
  if (exchange == nullptr || !exchange->response_begun || exchange->recorded) return;
  exchange->response.end_of_stream();
  response_advanced(thread, *socket, exchange);
}

// A connection that somebody waits for: nginx goes on with the request, and asks another server.
void Connections::client_ends(ThreadState& thread, const Socket& socket) const {
  if (!works_event_by_event_) return;
  const OpenExchange* exchange = socket.first;
  if (exchange != nullptr && alive(exchange->owner)) {
    goes_on(thread, exchange->owner, exchange->owner_context);
  } else if (socket.opener.is_unused && alive(socket.opener.request)) {
    goes_on(thread, socket.opener.request, socket.opener.context);
  }
}

void Connections::asks_how_it_went(ThreadState& thread, int file) {
  Socket* socket = works_event_by_event_ ? find(file) : nullptr;
  if (socket == nullptr) return;
  const Role role = socket->role.load(std::memory_order_relaxed);
  if (role == Role::kAlias) return asks_how_it_went(thread, original_of(*socket));
  if (role != Role::kClient) return;
  SocketLock lock(*system_, socket);
  if (lock) client_ends(thread, *socket);
}

void Connections::shut_down(ThreadState& thread, int file) {
  Socket* socket = find(file);
  if (socket == nullptr) return;
  const Role role = socket->role.load(std::memory_order_relaxed);
  if (role == Role::kAlias) return shut_down(thread, original_of(*socket));
  if (role != Role::kServer) return;
  SocketLock lock(*system_, socket);
  if (!lock || socket->first == nullptr) return;
  OpenExchange* exchange = socket->first;
  if (!exchange->response_begun || exchange->recorded) return;
  exchange->response.end_of_stream();
  response_advanced(thread, *socket, exchange);
}

void Connections::closed(ThreadState& thread, int file) {
  Socket* socket = find(file);
  if (socket == nullptr) return;
  if (socket->role.load(std::memory_order_relaxed) == Role::kUnknown) return;
  SocketLock lock(*system_, socket);
  if (!lock) return;
  // Another thread may have closed another number of the connection, and this one has its state.
  const Role role = socket->role.load(std::memory_order_relaxed);
  if (role == Role::kAlias) return alias_ends(*socket);
  if (socket->aliases.load(std::memory_order_relaxed) != 0 &&
      move_to_alias(thread, *socket, file)) {
    return;
  }
  if (role == Role::kClient) client_ends(thread, *socket);
  reset(thread, *socket, EndReason::kClosed);
}

void Connections::closed_range(ThreadState& thread, unsigned first, unsigned last) {
  const auto highest = static_cast<unsigned>(highest_.load(std::memory_order_relaxed));
  if (last > highest) last = highest;
  for (unsigned file = first; file <= last; ++file) closed(thread, static_cast<int>(file));
}

void Connections::process_ends(ThreadState& thread) {
  if (sockets_.load(std::memory_order_acquire) == nullptr) return;
  plaintexts_end(thread);
  const int highest = highest_.load(std::memory_order_relaxed);
  for (int file = 0; file <= highest; ++file) {
    Socket* socket = find(file);
    if (socket == nullptr) return;
    if (socket->role.load(std::memory_order_relaxed) == Role::kUnknown) continue;
    SocketLock lock(*system_, socket);
    if (lock) reset(thread, *socket, EndReason::kProcessEnded);
  }
  forget(thread);
}

void Connections::withdraw(const ThreadState& thread) {
  for (std::uint32_t left = entries_.withdraw(); left != 0; --left) count_untraced(ring_);
  const Socket* sockets = sockets_.load(std::memory_order_acquire);
  const int highest = highest_.load(std::memory_order_relaxed);
  for (int file = 0; sockets != nullptr && file <= highest; ++file) {
    gives_up_stream(thread, sockets[file]);
  }
  const Socket* plaintexts = plaintexts_.load(std::memory_order_acquire);
  for (std::uint32_t i = 0; plaintexts != nullptr && i < kSessionsMax; ++i) {
    gives_up_stream(thread, plaintexts[i]);
  }
}

// The agent process counts it, and makes nothing of what is open on it. Here it stays, for who is
// at it, and for what has begun of ours.
void Connections::gives_up_stream(const ThreadState& thread, const Socket& socket) {
  const OpenStream* stream = socket.stream.load(std::memory_order_acquire);
  if (stream == nullptr || stream->generation != generation_) return;
  tell_end(thread, *stream, EndReason::kNotUnderstood, 0);
}

// Forgets the file number's state and records what was open.
void Connections::reset(ThreadState& thread, Socket& socket, EndReason end_reason) {
  while (socket.first != nullptr) {
    OpenExchange* exchange = socket.first;
    if (!exchange->recorded && exchange->generation == generation_) {
      exchange->response.end_of_stream();
      const bool whole = exchange->response_begun && exchange->response.complete();
      if (exchange->head_seen && !is_taken_away(*exchange)) {
        const std::uint64_t time =
            exchange->last_time != 0 && whole ? exchange->last_time : system_->now();
        record(thread, socket, exchange, time,
               whole ? EndReason::kComplete : end_of_open(socket, *exchange, end_reason));
      }
    }
    end(socket, exchange);
  }
  if (socket.stream.load(std::memory_order_relaxed) != nullptr) {
    OpenStream* stream = socket.stream.exchange(nullptr);
    // Not so what is within the TLS of a library that we do not see.
    const bool is_whole = !socket.missed.load(std::memory_order_relaxed) &&
                          (stream == nullptr || !stream->skimmer.awaits_tls());
    if (stream != nullptr) {
      end_stream(thread, *stream, is_whole ? end_reason : EndReason::kNotUnderstood);
    }
  }
  socket.last = nullptr;
  socket.missed.store(false, std::memory_order_relaxed);
  socket.named = false;
  socket.words_size = 0;
  socket.is_encrypted = false;
  socket.names = {};
  socket.opener = {};
  socket.is_connected = false;
  socket.is_asked_elsewhere = false;
  socket.forks = forks_.load(std::memory_order_relaxed);
  const std::uint32_t serial = socket.serial.load(std::memory_order_relaxed);
  socket.serial.store(serial + 1, std::memory_order_relaxed);
  socket.aliases.store(0, std::memory_order_relaxed);
  socket.role.store(Role::kUnknown, std::memory_order_relaxed);
  const int plaintext = socket.plaintext.exchange(0, std::memory_order_relaxed);
  if (plaintext != 0) closed(thread, plaintext);
}

void Connections::end_open(Socket& socket) {
  while (socket.first != nullptr) end(socket, socket.first);
}

// The connection speaks something that we do not understand.
void Connections::give_up(Socket& socket) {
  end_open(socket);
  socket.role.store(Role::kIgnored, std::memory_order_relaxed);
}

// Which answer is whose is not known any more: what is open is given up, but not what comes.
void Connections::drop_open(Socket& socket) {
  socket.missed.store(false, std::memory_order_relaxed);
  // The one whose answer went past us, and the next one, which was asked after that; more than
  // these are asked ahead, and their answers are still to come.
  constexpr std::uint32_t kTurnsMax = 2;
  const bool asks_ahead = socket.pipelined > kTurnsMax;
  while (socket.first != nullptr) {
    if (!socket.first->recorded) count_untraced(ring_);
    end(socket, socket.first);
  }
  if (asks_ahead) give_up(socket);
}

// Takes the connection's first exchange away.
void Connections::end(Socket& socket, OpenExchange* exchange) {
  socket.first = exchange->next;
  if (socket.first == nullptr) socket.last = nullptr;
  --socket.pipelined;
  uncount_served(exchange);
  hide(exchange);
  exchange->id.store(0, std::memory_order_relaxed);
  exchange->file.store(0, std::memory_order_relaxed);
  exchanges_.release(exchange);
}

}  // namespace kolben::agent
