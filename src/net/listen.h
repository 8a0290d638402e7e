// Listening TCP sockets, for the HTTP and the gRPC server alike. Any thread; a Socket belongs to
// one at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace kolben::net {

// Owns one file descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket();

  int fd() const { return fd_; }
  // The caller owns the descriptor from here on.
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

struct Listener {
  Socket socket;  // non-blocking
  bool is_ipv6 = false;
};

struct Listeners {
  std::vector<Listener> sockets;  // one, or two where both families listen apart
  std::uint16_t port = 0;
};

// Binds and listens. "localhost" is 127.0.0.1 and ::1 on one port (only the first where the machine
// has no IPv6), an empty host is every interface of both families. Port 0 picks a free one. The
// error reads "listening on localhost:4318: port 4318 is in use by otelcol (pid 812)".
Result<Listeners> listen_on(std::string_view endpoint);

// "127.0.0.1:51234" of the other end; empty where there is none.
std::string peer_of(int fd);

}  // namespace kolben::net
