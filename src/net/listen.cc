#include "net/listen.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "net/address.h"

namespace kolben::net {

namespace {

// Connections that wait to be accepted; the kernel cuts it to net.core.somaxconn.
constexpr int kBacklog = 1024;
// A free port of IPv4 may be taken on IPv6: so often another one is tried.
constexpr int kFreePortAttempts = 16;

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;

  bool is_ipv6() const { return storage.ss_family == AF_INET6; }
};

Endpoint ipv4(const in_addr& address, std::uint16_t port) {
  Endpoint endpoint;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr = address;
  in.sin_port = htons(port);
  std::memcpy(&endpoint.storage, &in, sizeof in);
  endpoint.size = sizeof in;
  return endpoint;
}

Endpoint ipv6(const in6_addr& address, std::uint16_t port) {
  Endpoint endpoint;
  sockaddr_in6 in{};
  in.sin6_family = AF_INET6;
  in.sin6_addr = address;
  in.sin6_port = htons(port);
  std::memcpy(&endpoint.storage, &in, sizeof in);
  endpoint.size = sizeof in;
  return endpoint;
}

in_addr ipv4_loopback() {
  in_addr address{};
  address.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

Result<Endpoint> resolve(const Address& address) {
  in_addr v4{};
  if (inet_pton(AF_INET, address.host.c_str(), &v4) == 1) return ipv4(v4, address.port);
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.host.c_str(), &v6) == 1) return ipv6(v6, address.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &hints, &found);
  if (error != 0) return unavailable("finding " + address.host + ": " + gai_strerror(error));
  Endpoint endpoint;
  std::memcpy(&endpoint.storage, found->ai_addr, found->ai_addrlen);
  endpoint.size = found->ai_addrlen;
  freeaddrinfo(found);
  return endpoint;
}

const sockaddr* generic(const Endpoint& endpoint) {
  return reinterpret_cast<const sockaddr*>(&endpoint.storage);
}

std::uint16_t bound_port(int fd) {
  Endpoint endpoint;
  endpoint.size = sizeof endpoint.storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&endpoint.storage), &endpoint.size) != 0) {
    return 0;
  }
  // The port is at the same place in both families.
  sockaddr_in in{};
  std::memcpy(&in, &endpoint.storage, sizeof in);
  return ntohs(in.sin_port);
}

// 0, or the errno.
int listen_at(const Endpoint& endpoint, bool is_dual_stack, Listeners& listeners) {
  Socket socket(
      ::socket(endpoint.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return errno;
  const int on = 1;
  const int v6_only = is_dual_stack ? 0 : 1;
  if (setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
  if (endpoint.is_ipv6() &&
      setsockopt(socket.fd(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only) != 0) {
    return errno;
  }
  if (bind(socket.fd(), generic(endpoint), endpoint.size) != 0) return errno;
  if (listen(socket.fd(), kBacklog) != 0) return errno;
  listeners.port = bound_port(socket.fd());
  listeners.sockets.push_back({std::move(socket), endpoint.is_ipv6()});
  return 0;
}

bool means_no_ipv6(int error) {
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL || error == EPROTONOSUPPORT;
}

int listen_on_localhost(std::uint16_t port, Listeners& listeners) {
  int error = 0;
  for (int attempt = 0; attempt < kFreePortAttempts; ++attempt) {
    listeners = {};
    error = listen_at(ipv4(ipv4_loopback(), port), false, listeners);
    if (error != 0) return error;
    error = listen_at(ipv6(in6addr_loopback, listeners.port), false, listeners);
    if (error == 0 || means_no_ipv6(error)) return 0;
    if (port != 0) return error;
  }
  return error;
}

int listen_everywhere(std::uint16_t port, Listeners& listeners) {
  const int error = listen_at(ipv6(in6addr_any, port), true, listeners);
  if (!means_no_ipv6(error)) return error;
  return listen_at(ipv4(in_addr{}, port), false, listeners);
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) close(fd_);
}

Result<Listeners> listen_on(std::string_view text) {
  KOLBEN_TRY(const Address address, parse_address(text));
  const std::string attempted = "listening on " + address.to_string();
  Listeners listeners;
  int error = 0;
  if (address.host == "localhost") {
    error = listen_on_localhost(address.port, listeners);
  } else if (address.host.empty()) {
    error = listen_everywhere(address.port, listeners);
  } else {
    Result<Endpoint> endpoint = resolve(address);
    if (!endpoint.has_value()) return std::move(endpoint).error().with_context(attempted);
    error = listen_at(*endpoint, false, listeners);
  }
  if (error == EADDRINUSE) {
    return failed_precondition(attempted + ": " + describe_port_holder(address.port));
  }
  if (error != 0) return from_errno(error, attempted);
  return listeners;
}

std::string peer_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (getpeername(fd, address, &size) != 0) return {};
  char host[NI_MAXHOST];
  char port[NI_MAXSERV];
  if (getnameinfo(address, size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return {};
  }
  std::string name(host);
  if (name.starts_with("::ffff:")) name.erase(0, 7);  // IPv4 on a socket of both families
  return name.find(':') == std::string::npos ? name + ":" + port : "[" + name + "]:" + port;
}

}  // namespace kolben::net
