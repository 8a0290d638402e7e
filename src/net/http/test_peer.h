// For tests: a TCP peer that says exactly what it is told, the settings of a server with TLS, and a
// count of refusals.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "net/http/server.h"
#include "net/listen.h"

namespace kolben::net::http {

class TestPeer {
 public:
  explicit TestPeer(std::uint16_t port)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    is_connected_ =
        connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  int fd() const { return socket_.fd(); }
  bool is_connected() const { return is_connected_; }

  // False where the other side has closed.
  bool say(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (size <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }

  // Reads until what was heard contains `text`; true then, false at the end or after 10 seconds.
  bool hears(std::string_view text) {
    while (heard_.find(text) == std::string::npos) {
      if (!read_some()) return false;
    }
    return true;
  }

  // All until the other side closes.
  std::string hear_all() {
    while (read_some()) {
    }
    return heard_;
  }

  void end_sending() { shutdown(socket_.fd(), SHUT_WR); }
  // Closing will reset the connection.
  void reset_at_end() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(socket_.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }

  bool is_reset() const { return is_reset_; }
  const std::string& heard() const { return heard_; }
  void forget() { heard_.clear(); }

 private:
  bool read_some() {
    pollfd readable{socket_.fd(), POLLIN, 0};
    if (poll(&readable, 1, 10'000) != 1) return false;
    char chunk[4096];
    const ssize_t size = recv(socket_.fd(), chunk, sizeof chunk, 0);
    is_reset_ = size < 0;
    if (size <= 0) return false;
    heard_.append(chunk, static_cast<std::size_t>(size));
    return true;
  }

  Socket socket_;
  bool is_connected_ = false;
  bool is_reset_ = false;
  std::string heard_;
};

// tests/data/tls.
inline std::string tls_file(const std::string& name) {
  return std::string(KOLBEN_TEST_DATA) + "/tls/" + name;
}

inline ServerSettings tls_server() {
  ServerSettings settings;
  settings.tls.enabled = true;
  settings.tls.cert_file = tls_file("server.pem");
  settings.tls.key_file = tls_file("server-key.pem");
  return settings;
}

class Rejections {
 public:
  OnRejected counter() {
    return [this](std::string_view reason, std::string_view) {
      MutexLock lock(mutex_);
      reasons_.emplace_back(reason);
      changed_.notify_all();
    };
  }

  // Within 10 seconds.
  bool wait_for(std::string_view reason) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    MutexLock lock(mutex_);
    while (std::find(reasons_.begin(), reasons_.end(), reason) == reasons_.end()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      changed_.wait_for(mutex_, std::chrono::milliseconds(100));
    }
    return true;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<std::string> reasons_;
};

// Keeps what handlers were given to answer, so that tests answer when they want to.
template <typename Responder>
class Held {
 public:
  void keep(Responder responder) {
    MutexLock lock(mutex_);
    responders_.push_back(std::move(responder));
    changed_.notify_all();
  }
  Responder take() {
    MutexLock lock(mutex_);
    while (responders_.empty()) changed_.wait(mutex_);
    Responder first = std::move(responders_.front());
    responders_.erase(responders_.begin());
    return first;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<Responder> responders_;
};

}  // namespace kolben::net::http
