// The part of Connections for requests whose bytes nobody sees: the program's runtime has TLS of
// its own, and a shim within it tells of heads and ends. Such an exchange is in no socket's list.
#include <cstring>

#include "agent/preload/connections.h"
#include "agent/preload/socket_lock.h"

namespace kolben::agent {

using http1::Message;

namespace {

// What the functions for seen bytes need of a connection: one that has this exchange alone.
struct Stand {
  Stand(bool is_client, std::uint8_t told) {
    socket.role.store(is_client ? Role::kClient : Role::kServer, std::memory_order_relaxed);
    socket.named = true;
    socket.is_encrypted = (told & ToldRequest::kEncrypted) != 0;
  }
  explicit Stand(OpenExchange* exchange)
      : Stand(exchange->is_client.load(std::memory_order_relaxed), exchange->told) {
    socket.names = exchange->names;
    socket.first = exchange;
    socket.last = exchange;
    socket.pipelined = 1;
  }
  Socket socket{};
};

// "GET / HTTP/1.1", as the shim says it, into "GET / HTTP/2.0".
void name_http2(std::uint8_t* head, std::uint32_t size) {
  constexpr std::uint32_t kSize = 3;
  std::uint32_t end = 0;
  while (end < size && head[end] != '\r') ++end;
  if (end == size || end < kSize || std::memcmp(head + end - kSize, "1.1", kSize) != 0) return;
  std::memcpy(head + end - kSize, "2.0", kSize);
}

}  // namespace

OpenExchange* Connections::told_of(std::uint64_t number) {
  std::uint64_t id = 0;
  OpenExchange* exchange = exchange_of(number, &id);
  return exchange != nullptr && exchange->told != 0 ? exchange : nullptr;
}

// A connection of HTTP/2 in the clear is not told twice.
void Connections::end_served_stream(ThreadState& thread, int file) {
  Socket* socket = find(file);
  if (socket == nullptr || socket->role.load(std::memory_order_relaxed) != Role::kServedStream) {
    return;
  }
  SocketLock lock(*system_, socket);
  OpenStream* stream = lock ? socket->stream.exchange(nullptr) : nullptr;
  if (stream == nullptr) return;
  socket->role.store(Role::kIgnored, std::memory_order_relaxed);
  end_stream(thread, *stream, EndReason::kToldOtherwise);
}

std::uint64_t Connections::begin_told(ThreadState& thread, const ToldRequest& request) {
  if (sockets_.load(std::memory_order_acquire) == nullptr && !map_memory()) return 0;
  if (!request.is_client) end_served_stream(thread, request.file);
  Stand stand(request.is_client, request.what);
  if (request.file >= 0) system_->socket_names(request.file, &stand.socket.names);
  OpenExchange* exchange = begin(thread, stand.socket, request.file, request.is_client);
  if (exchange == nullptr) return 0;
  exchange->told = request.what | ToldRequest::kTold;
  exchange->names = stand.socket.names;
  exchange->injected_size = 0;
  constexpr char kEnd[] = {'\r', '\n', '\r', '\n'};
  Message& head = exchange->request;
  head.feed(reinterpret_cast<const std::uint8_t*>(request.head), request.head_size);
  // It was longer than what its teller keeps.
  if (!head.head_complete()) {
    head.feed(reinterpret_cast<const std::uint8_t*>(kEnd), sizeof(kEnd));
  }
  if (!head.head_complete() || head.failed()) {
    end(stand.socket, exchange);
    return 0;
  }
  if ((request.what & ToldRequest::kHttp2) != 0) {
    name_http2(exchange->request_head, head.head().size);
  }
  request_head_complete(thread, stand.socket, exchange);
  const bool has_own = head.trace_headers().has(formats_);
  if (request.is_client && formats_ != 0 && !has_own) write_headers(thread, exchange, head);
  return number_of(exchange, exchange->id.load(std::memory_order_relaxed));
}

std::size_t Connections::told_headers(std::uint64_t request, char* lines) {
  const OpenExchange* exchange = told_of(request);
  if (exchange == nullptr) return 0;
  std::memcpy(lines, exchange->injected, exchange->injected_size);
  return exchange->injected_size;
}

void Connections::name_told(std::uint64_t request, int file) {
  OpenExchange* exchange = told_of(request);
  if (exchange != nullptr) system_->socket_names(file, &exchange->names);
}

void Connections::end_told(ThreadState& thread, std::uint64_t request, int status, bool is_whole) {
  OpenExchange* exchange = told_of(request);
  if (exchange == nullptr) return;
  Stand stand(exchange);
  // In a fork's child its parent tells of it; here only its place is given back.
  if (status >= 0 && exchange->generation == generation_) {
    const bool is_http2 = (exchange->told & ToldRequest::kHttp2) != 0;
    exchange->told_status = static_cast<std::uint16_t>(status);
    exchange->told_version = is_http2 ? kMinorVersionOfHttp2 : 1;
    record(thread, stand.socket, exchange, system_->now(),
           is_whole ? EndReason::kComplete : EndReason::kClosed);
  }
  end(stand.socket, exchange);
}

}  // namespace kolben::agent
