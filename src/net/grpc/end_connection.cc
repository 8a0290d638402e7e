#include "net/grpc/end_connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <charconv>
#include <filesystem>
#include <string>
#include <system_error>

#include "net/listen.h"

namespace kolben::net::grpc {
namespace {

// 0: no socket of the Internet.
std::uint16_t local_port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  if (storage.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  }
  if (storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
  }
  return 0;
}

}  // namespace

int end_connection(std::string_view peer, std::uint16_t port) {
  int ended = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename();
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    // A descriptor of our own stays what it is, whoever closes the other meanwhile.
    const Socket own(fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (own.fd() < 0 || local_port_of(own.fd()) != port || peer_of(own.fd()) != peer) continue;
    // A reset when grpc++ closes it: a peer that waits for room to send would not hear the end.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(own.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    shutdown(own.fd(), SHUT_RDWR);
    ++ended;
  }
  return ended;
}

}  // namespace kolben::net::grpc
