// Both ends of connections over loopback, and exchanges between them, for programs that are
// watched.
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace kolben::agent::testing {

inline constexpr char kRequest[] = "GET /hooks HTTP/1.1\r\nHost: a\r\n\r\n";
inline constexpr char kResponse[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Many may have asked before the first is accepted.
inline constexpr int kBacklog = 4096;

class Listener {
 public:
  Listener() {
    socklen_t size = sizeof(address_);
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&address_);
    if (bind(file_, address, size) != 0 || listen(file_, kBacklog) != 0 ||
        getsockname(file_, address, &size) != 0) {
      abort();
    }
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(file_); }

  int connected() const {
    const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto* address = reinterpret_cast<const sockaddr*>(&address_);
    if (connect(client, address, sizeof(address_)) != 0) abort();
    return client;
  }
  int accepted() const { return accept4(file_, nullptr, nullptr, SOCK_CLOEXEC); }

 private:
  int file_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address_ = {};
};

// Two ends of a connection.
struct Pair {
  int client, server;

  explicit Pair(const Listener& listener)
      : client(listener.connected()), server(listener.accepted()) {}
  Pair() : Pair(Listener()) {}
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    for (const int file : {client, server}) {
      if (file >= 0) close(file);
    }
  }
};

inline bool send_all(int file, const char* bytes, size_t size) {
  while (size != 0) {
    const ssize_t sent = send(file, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<size_t>(sent);
  }
  return true;
}

inline bool receive_until(int file, const char* end) {
  std::string seen;
  char buffer[256];
  while (seen.find(end) == std::string::npos) {
    const ssize_t size = recv(file, buffer, sizeof(buffer), 0);
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    seen.append(buffer, static_cast<size_t>(size));
  }
  return true;
}

inline bool ask(const Pair& pair) {
  return send_all(pair.client, kRequest, strlen(kRequest)) &&
         receive_until(pair.server, "\r\n\r\n");
}

inline bool answer(const Pair& pair) {
  return send_all(pair.server, kResponse, strlen(kResponse)) && receive_until(pair.client, "ok");
}

// A request and its response, both ends played here.
inline bool exchange(const Pair& pair) {
  return ask(pair) && answer(pair);
}

}  // namespace kolben::agent::testing
