// The part of Connections for requests whose bytes nobody sees: the program's runtime has TLS of
// its own, and a shim within it tells of heads and ends. Such an exchange is in no socket's list.
#include <cstring>

#include "agent/preload/connections.h"

namespace kolben::agent {
namespace {

// What the functions for seen bytes need of a connection: one that has this exchange alone.
struct Stand {
  explicit Stand(bool is_client) {
    socket.role.store(is_client ? Role::kClient : Role::kServer, std::memory_order_relaxed);
    socket.named = true;
    socket.is_encrypted = true;
  }
  Stand(OpenExchange* exchange, bool is_client) : Stand(is_client) {
    socket.names = exchange->names;
    socket.first = exchange;
    socket.last = exchange;
    socket.pipelined = 1;
  }
  Socket socket{};
};

}  // namespace

OpenExchange* Connections::told_of(std::uint64_t number) {
  std::uint64_t id = 0;
  OpenExchange* exchange = exchange_of(number, &id);
  const bool is_ours =
      exchange != nullptr && exchange->is_told && exchange->generation == generation_;
  return is_ours ? exchange : nullptr;
}

std::uint64_t Connections::begin_told(ThreadState& thread, bool is_client, int file,
                                      const char* head, std::size_t size) {
  if (sockets_.load(std::memory_order_acquire) == nullptr && !map_memory()) return 0;
  Stand stand(is_client);
  if (file >= 0) system_->socket_names(file, &stand.socket.names);
  OpenExchange* exchange = begin(thread, stand.socket, file, is_client);
  if (exchange == nullptr) return 0;
  exchange->is_told = true;
  exchange->names = stand.socket.names;
  exchange->injected_size = 0;
  constexpr char kEnd[] = {'\r', '\n', '\r', '\n'};
  exchange->request.feed(reinterpret_cast<const std::uint8_t*>(head), size);
  // It was longer than what its teller keeps.
  if (!exchange->request.head_complete()) {
    exchange->request.feed(reinterpret_cast<const std::uint8_t*>(kEnd), sizeof(kEnd));
  }
  if (!exchange->request.head_complete() || exchange->request.failed()) {
    end(stand.socket, exchange);
    return 0;
  }
  request_head_complete(thread, stand.socket, exchange);
  const bool has_own = exchange->request.trace_headers().has(formats_);
  if (is_client && formats_ != 0 && !has_own) write_headers(exchange, exchange->request);
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
  const bool is_client = exchange->is_client.load(std::memory_order_relaxed);
  Stand stand(exchange, is_client);
  if (status >= 100 && status <= 999) {
    char line[] = "HTTP/1.1 000\r\n\r\n";
    constexpr std::size_t kDigits = sizeof("HTTP/1.1 ") - 1;
    for (int i = 2, rest = status; i >= 0; --i, rest /= 10) {
      line[kDigits + static_cast<std::size_t>(i)] = static_cast<char>('0' + rest % 10);
    }
    exchange->response_begun = true;
    exchange->response.begin(http1::Message::Kind::kResponse, {}, exchange->request.method());
    exchange->response.feed(reinterpret_cast<const std::uint8_t*>(line), sizeof(line) - 1);
  }
  if (status >= 0) {
    fill_fixed(stand.socket, exchange);
    record(thread, stand.socket, exchange, system_->now(),
           is_whole ? EndReason::kComplete : EndReason::kClosed);
  }
  end(stand.socket, exchange);
}

}  // namespace kolben::agent
