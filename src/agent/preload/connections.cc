#include "agent/preload/connections.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "agent/preload/ids.h"
#include "agent/preload/pieces.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {

using http1::Looks;
using http1::Message;

namespace {

// The peer of a Unix socket is its path; abstract and longer ones are not told.
void name_path(const sockaddr* peer, socklen_t peer_size, SocketNames* names) {
  constexpr std::size_t kBegin = offsetof(sockaddr_un, sun_path);
  if (peer_size <= kBegin) return;
  const std::size_t most = peer_size - kBegin;
  const char* path = reinterpret_cast<const char*>(peer) + kBegin;
  const void* end = std::memchr(path, '\0', most);
  const std::size_t size =
      end == nullptr ? most : static_cast<std::size_t>(static_cast<const char*>(end) - path);
  if (size == 0 || size > sizeof(names->peer)) return;
  std::memcpy(names->peer, path, size);
  names->peer_size = static_cast<std::uint8_t>(size);
}

}  // namespace

void Connections::reserve() {
  if (sockets_.load(std::memory_order_acquire) == nullptr) map_memory();
  streams_.map_once(*system_, kStreamsMax);
  writers_.map_once(*system_, kWritersMax);
}

Socket* Connections::find_or_map(int file) {
  if (file < 0) return nullptr;
  if (file >= kFilesMax) {
    count_untraced(ring_);
    return nullptr;
  }
  if (sockets_.load(std::memory_order_acquire) == nullptr && !map_memory()) {
    count_untraced(ring_);
    return nullptr;
  }
  int highest = highest_.load(std::memory_order_relaxed);
  while (file > highest && !highest_.compare_exchange_weak(highest, file)) {
  }
  return find(file);
}

bool Connections::map_memory() {
  constexpr std::size_t kSocketsBytes = sizeof(Socket) * kFilesMax;
  constexpr std::size_t kExchangesBytes = sizeof(OpenExchange) * kExchangesMax;
  map_memory_.map(*system_, kExchangesBytes + kSocketsBytes, [&](void* memory) {
    memory_ = memory;
    exchanges_.init(memory, kExchangesMax);
    auto* sockets = static_cast<std::uint8_t*>(memory) + kExchangesBytes;
    sockets_.store(reinterpret_cast<Socket*>(sockets), std::memory_order_release);
  });
  return sockets_.load(std::memory_order_acquire) != nullptr;  // not if it was lost since
}

void Connections::accepted(ThreadState& thread, int file, const sockaddr* peer,
                           socklen_t peer_size) {
  if (!serves(thread)) forget(thread);
  Socket* socket = find_or_map(file);
  SocketLock lock(*system_, socket);
  if (!lock) return;
  reset(thread, *socket, EndReason::kClosed);
  socket->role.store(Role::kServer, std::memory_order_relaxed);
  if (peer != nullptr) {
    format_address(peer, peer_size, socket->names.peer, &socket->names.peer_size,
                   &socket->names.peer_port);
  }
  // Now: later the program may have forbidden itself to ask.
  name_socket(*socket, file);
}

void Connections::connected(ThreadState& thread, int file, const sockaddr* peer,
                            socklen_t peer_size) {
  Socket* socket = find_or_map(file);
  SocketLock lock(*system_, socket);
  if (!lock) return;
  // A second call for the same connection: the program asks how the first one went. A thread that
  // serves another request makes a new one, whose end before was not seen.
  const bool again = socket->role.load(std::memory_order_relaxed) == Role::kClient &&
                     socket->opener.is_unused && alive(socket->opener.request) &&
                     (thread.loop.is_one || !serves(thread));
  const Opener opener = again ? socket->opener : opener_of(thread);
  reset(thread, *socket, EndReason::kClosed);
  if (system_->is_no_stream_socket(file)) return;  // datagrams have no connections
  socket->role.store(Role::kClient, std::memory_order_relaxed);
  socket->opener = opener;
  socket->is_connected = true;
  if (peer != nullptr && peer->sa_family == AF_UNIX) {
    name_path(peer, peer_size, &socket->names);
  } else if (peer != nullptr) {
    format_address(peer, peer_size, socket->names.peer, &socket->names.peer_size,
                   &socket->names.peer_port);
  }
  // Now: later the program may have forbidden itself to ask.
  name_socket(*socket, file);
}

// The role is read before the lock, as in sent(): most files have none, and streams are not locked.
// Another thread may have closed the number since, or seen what this is.
void Connections::received(ThreadState& thread, int file, const iovec* pieces, int count,
                           std::size_t bytes) {
  Socket* socket = find(file);
  Role role = socket == nullptr ? Role::kUnknown : socket->role.load(std::memory_order_relaxed);
  if (role >= Role::kIgnored) [[unlikely]] {
    return received_in_role(thread, file, *socket, role, pieces, count, bytes);
  }
  if (role == Role::kUnknown) [[unlikely]] {
    // Most reads of a program end here: files, pipes, other protocols. Inherited or passed
    // connections begin with a whole method in practice.
    if (look(pieces, count, bytes) != Looks::kYes || !system_->is_stream_socket(file)) {
      // What another thread has to tell, or a name that was looked up.
      if (works_event_by_event_) goes_elsewhere(thread);
      return;
    }
    socket = find_or_map(file);
  }
  SocketLock lock(*system_, socket);
  if (!lock) return;
  const Role now = socket->role.load(std::memory_order_relaxed);
  if (now != role) [[unlikely]] {
    if (now == Role::kUnknown) return;
    if (now >= Role::kIgnored) {
      return received_in_role(thread, file, *socket, now, pieces, count, bytes);
    }
    role = now;
  }
  if (role == Role::kUnknown) [[unlikely]] {
    if (file == 0) answers_on_output(*socket);
    socket->forks = forks_.load(std::memory_order_relaxed);
    socket->role.store(Role::kServer, std::memory_order_relaxed);
    if (process_ != nullptr) process_->becomes_server(thread);
  }
  if (has_gap(*socket)) [[unlikely]] {
    drop_open(*socket);
    // Of an answer this may be the rest; but a request may begin here.
    if (socket->role.load(std::memory_order_relaxed) != Role::kServer) return;
  }
  if (role == Role::kClient) {
    if (socket->first == nullptr) return first_words(thread, *socket, pieces, count, bytes);
    for_each_piece(pieces, count, bytes, [&](const std::uint8_t* piece, std::size_t size) {
      feed_response(thread, *socket, piece, size);
    });
  } else {
    const bool is_first = socket->first == nullptr;
    if (!feed_requests(thread, *socket, file, pieces, count, bytes)) [[unlikely]] {
      begin_other_protocol(thread, file, *socket, is_first, pieces, count, bytes);
    }
  }
}

void Connections::received_in_role(ThreadState& thread, int file, Socket& socket, Role role,
                                   const iovec* pieces, int count, std::size_t bytes) {
  if (role == Role::kAlias) return received(thread, original_of(socket), pieces, count, bytes);
  if (role == Role::kIgnored) {
    if (thread.session == nullptr) goes_elsewhere(thread);  // else its plaintext tells more
    return note_ciphertext(thread, file, socket, pieces, count, bytes);
  }
  const Direction direction =
      role == Role::kServedStream ? Direction::kRequests : Direction::kReplies;
  tell_stream(thread, socket, direction, pieces, count, bytes);
}

void Connections::sent(ThreadState& thread, int file, const iovec* pieces, int count,
                       std::size_t bytes) {
  Socket* socket = find(file);
  if (socket == nullptr) return;
  const Role role = socket->role.load(std::memory_order_relaxed);
  if (role != Role::kServer && role != Role::kClient) [[unlikely]] {
    return sent_in_role(thread, file, *socket, role, pieces, count, bytes);
  }
  SocketLock lock(*system_, socket);
  if (!lock) return;
  const Role now = socket->role.load(std::memory_order_relaxed);
  if (now != role) [[unlikely]] {
    // The peer may have spoken in the meantime, to another thread.
    return sent_in_role(thread, file, *socket, now, pieces, count, bytes);
  }
  if (has_gap(*socket)) [[unlikely]] {
    return drop_open(*socket);
  }
  if (role == Role::kClient) {
    const bool is_first = socket->first == nullptr;
    if (!feed_requests(thread, *socket, file, pieces, count, bytes)) [[unlikely]] {
      begin_other_protocol(thread, file, *socket, is_first, pieces, count, bytes);
    }
  } else if (socket->first == nullptr &&
             !takes_over_shown(thread, *socket, file, pieces, count, bytes)) [[unlikely]] {
    first_words_of_server(thread, *socket, Direction::kReplies, pieces, count, bytes);
  } else {
    for_each_piece(pieces, count, bytes, [&](const std::uint8_t* piece, std::size_t size) {
      feed_response(thread, *socket, piece, size);
    });
  }
}

// Of what is neither a server nor a client of HTTP/1.x.
void Connections::sent_in_role(ThreadState& thread, int file, Socket& socket, Role role,
                               const iovec* pieces, int count, std::size_t bytes) {
  if (role == Role::kIgnored) return note_session_file(thread, file, pieces, count, bytes);
  if (role < Role::kStream) return;
  if (role == Role::kAlias) return sent(thread, original_of(socket), pieces, count, bytes);
  if (role == Role::kHttp2) return sent_requests(thread, socket, pieces, count, bytes);
  const Direction direction =
      role == Role::kServedStream ? Direction::kReplies : Direction::kRequests;
  tell_stream(thread, socket, direction, pieces, count, bytes);
}

// What a client has said, to the program or as the program, is not HTTP/1.x: the begin of something
// else, or nothing that is followed. Ignored it is only then: another thread that looks at its role
// meanwhile has to wait for what it becomes.
void Connections::begin_other_protocol(ThreadState& thread, int file, Socket& socket, bool is_first,
                                       const iovec* pieces, int count, std::size_t bytes) {
  const Role role = socket.role.load(std::memory_order_relaxed);
  if (role != Role::kServer && role != Role::kClient) return;
  end_open(socket);
  if (is_first && role == Role::kServer) {
    name_socket(socket, file);
    first_words_of_server(thread, socket, Direction::kRequests, pieces, count, bytes);
  } else if (is_first && begin_stream(socket, Direction::kRequests, pieces, count, bytes)) {
    sent_requests(thread, socket, pieces, count, bytes);
  }
  if (socket.role.load(std::memory_order_relaxed) == role) give_up(socket);
}

OpenExchange* Connections::begin(ThreadState& thread, Socket& socket, int file, bool is_client) {
  if (socket.last != nullptr) [[unlikely]] {
    settle(thread, socket);
    if (socket.role.load(std::memory_order_relaxed) == Role::kIgnored) return nullptr;
  }
  OpenExchange* exchange = socket.pipelined < kPipelinedMax ? exchanges_.acquire() : nullptr;
  if (exchange == nullptr) [[unlikely]] {
    tell_unanswered(thread, socket);
    count_untraced(ring_);
    give_up(socket);
    return nullptr;
  }
  prefetch_record(ring_);
  if (socket.first == nullptr) socket.missed.store(false, std::memory_order_relaxed);
  static_cast<ExchangeProgress&>(*exchange) = {};
  exchange->generation = generation_;
  exchange->is_client.store(is_client, std::memory_order_relaxed);
  exchange->start_time = system_->now();
  exchange->request.begin(Message::Kind::kRequest, {exchange->request_head, kHeadBytesMax, 0});
  if (captured_ != nullptr) [[unlikely]] {
    exchange->request.keep_also(captured_->of(is_client, false));
  }
  exchange->file.store(static_cast<std::uint32_t>(file) + 1, std::memory_order_relaxed);
  exchange->id.store(++exchange->turn, std::memory_order_relaxed);
  random_span_id(thread, *system_, generation_, exchange->self.span_id);

  if (is_client) relate(thread, socket, exchange);
  if (socket.last != nullptr) {
    socket.last->next = exchange;
  } else {
    socket.first = exchange;
  }
  socket.last = exchange;
  ++socket.pipelined;
  return exchange;
}

// On whose behalf a client's request is. Copies: its exchange may end in another thread, and its
// place be used again.
void Connections::relate(const ThreadState& thread, Socket& socket, OpenExchange* exchange) const {
  const Asker asker = asker_of(thread, socket.opener, exchange->start_time);
  socket.opener.is_unused = false;
  exchange->tie = tie_of(thread, asker, Sharing::kAlone);
  if (exchange->tie == Tie::kNone) return;
  exchange->relative = thread.span != 0 ? thread.span_context : *asker.context;
  if (exchange->tie == Tie::kLink || asker.request == nullptr) return;
  exchange->owner = *asker.request;
  exchange->owner_context = *asker.context;
}

}  // namespace kolben::agent
