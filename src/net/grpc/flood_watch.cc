#include "net/grpc/flood_watch.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kolben::net::grpc {
namespace {

// a - b, and 0 where that is less.
std::uint64_t minus(std::uint64_t a, std::uint64_t b) {
  return a - std::min(a, b);
}

// What was read from it; 0 where the kernel does not say.
std::uint64_t read_bytes(int fd) {
  tcp_info facts{};
  socklen_t size = sizeof facts;
  const bool is_known = getsockopt(fd, IPPROTO_TCP, TCP_INFO, &facts, &size) == 0 &&
                        size >= offsetof(tcp_info, tcpi_bytes_received) + sizeof(std::uint64_t);
  int unread = 0;
  if (!is_known || ioctl(fd, FIONREAD, &unread) != 0) return 0;
  return minus(facts.tcpi_bytes_received, static_cast<std::uint64_t>(unread));
}

}  // namespace

int FloodWatch::add(int fd) {
  Connection connection;
  connection.socket = Socket(fcntl(fd, F_DUPFD_CLOEXEC, 0));
  connection.looked = std::chrono::steady_clock::now();
  const int watched = connection.socket.fd();
  std::string peer = peer_of(fd);
  if (watched < 0 || peer.empty()) return -1;
  MutexLock lock(mutex_);
  // A peer that comes again from the same port before its old connection was seen to be gone.
  if (const auto old = connections_.find(peer); old != connections_.end()) {
    peers_.erase(old->second.socket.fd());
    connections_.erase(old);
  }
  connections_.emplace(peer, std::move(connection));
  peers_.emplace(watched, std::move(peer));
  return watched;
}

void FloodWatch::remove(int fd) {
  const auto found = peers_.find(fd);
  if (found == peers_.end()) return;
  MutexLock lock(mutex_);
  connections_.erase(found->second);
  peers_.erase(found);
}

std::vector<std::string> FloodWatch::look(std::chrono::steady_clock::time_point now) {
  std::vector<std::string> ended;
  MutexLock lock(mutex_);
  for (auto& [peer, connection] : connections_) {
    if (connection.is_ended || !is_flood(connection, now)) continue;
    // grpc++ sees its end, and lets go of what it holds for it.
    shutdown(connection.socket.fd(), SHUT_RDWR);
    connection.is_ended = true;
    ended.push_back(peer);
  }
  return ended;
}

bool FloodWatch::is_flood(Connection& connection, std::chrono::steady_clock::time_point now) const {
  const std::uint64_t read = read_bytes(connection.socket.fd());
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(now - connection.looked);
  const std::uint64_t forgiven =
      static_cast<std::uint64_t>(std::max<std::int64_t>(time.count(), 0)) *
      kForgivenBytesPerSecond / 1000;
  connection.useless += minus(read, connection.read);
  connection.useless = minus(connection.useless, connection.useful + forgiven);
  connection.useful = 0;
  connection.read = std::max(read, connection.read);
  connection.looked = now;
  const std::uint64_t in_flight =
      std::min(in_flight_bytes_max_, connection.reading * message_bytes_max_);
  const bool is_over = connection.useless > kUselessBytesMax + in_flight;
  connection.looks_over = is_over ? connection.looks_over + 1 : 0;
  return connection.looks_over >= kLooks;
}

void FloodWatch::on_call(const std::string& peer) {
  MutexLock lock(mutex_);
  if (const auto found = connections_.find(peer); found != connections_.end()) {
    ++found->second.reading;
  }
}

void FloodWatch::on_message(const std::string& peer, std::uint64_t bytes) {
  MutexLock lock(mutex_);
  const auto found = connections_.find(peer);
  if (found == connections_.end()) return;
  found->second.reading = minus(found->second.reading, 1);
  // Frames, and TLS, take a little more than they carry.
  found->second.useful += kCallBytes + bytes + bytes / 8;
}

void FloodWatch::on_failed_call(const std::string& peer) {
  MutexLock lock(mutex_);
  const auto found = connections_.find(peer);
  if (found == connections_.end()) return;
  found->second.reading = minus(found->second.reading, 1);
  found->second.useless += kFailedCallBytes;
}

}  // namespace kolben::net::grpc
