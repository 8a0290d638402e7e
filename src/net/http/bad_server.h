// For tests: a TCP server that does to each connection what it is told, also what no server should
// do. Each connection has a thread, which ends when the client goes away or the server is
// destroyed.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/thread.h"
#include "net/listen.h"

namespace kolben::net::http {

class BadServer {
 public:
  // One connection.
  class Peer {
   public:
    Peer(Socket socket, const std::atomic<bool>& is_over)
        : socket_(std::move(socket)), is_over_(is_over) {}

    // False: the client is gone, or the test is over.
    bool say(std::string_view bytes) {
      while (!bytes.empty()) {
        if (!wait_for(POLLOUT)) return false;
        const ssize_t size =
            send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(size));
        said_ += static_cast<std::uint64_t>(size);
      }
      return true;
    }
    // Until the client has said something.
    bool hear() {
      char bytes[65536];
      return wait_for(POLLIN) && recv(socket_.fd(), bytes, sizeof bytes, 0) > 0;
    }
    // Until the client is gone.
    void be_silent() {
      while (hear()) {
      }
    }
    std::uint64_t said() const { return said_; }

   private:
    bool wait_for(short event) const {
      pollfd ready{socket_.fd(), event, 0};
      while (!is_over_) {
        if (poll(&ready, 1, kPollMillis) > 0) return (ready.revents & event) != 0;
      }
      return false;
    }
    static constexpr int kPollMillis = 20;

    Socket socket_;
    const std::atomic<bool>& is_over_;
    std::uint64_t said_ = 0;
  };
  using Talk = std::function<void(Peer& peer)>;

  explicit BadServer(Talk talk) : talk_(std::move(talk)) {
    Result<Listeners> listeners = listen_on("127.0.0.1:0");
    EXPECT_TRUE(listeners.has_value());
    port_ = listeners->port;
    listener_ = std::move(listeners->sockets[0].socket);
    thread_ = Thread("bad-server", [this] { accept_all(); });
  }
  BadServer(const BadServer&) = delete;
  BadServer& operator=(const BadServer&) = delete;
  ~BadServer() {
    is_over_ = true;
    thread_.join();
    for (Thread& peer : peers_) peer.join();
  }

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  // The most that was said on one connection.
  std::uint64_t said_most() const { return said_most_; }

 private:
  void accept_all() {
    while (!is_over_) {
      pollfd ready{listener_.fd(), POLLIN, 0};
      if (poll(&ready, 1, 20) != 1) continue;
      const int file = accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
      if (file < 0) continue;
      ++connections_;
      peers_.emplace_back("bad-peer", [this, file] {
        Peer peer(Socket(file), is_over_);
        talk_(peer);
        std::uint64_t most = said_most_;
        while (most < peer.said() && !said_most_.compare_exchange_weak(most, peer.said())) {
        }
      });
    }
  }

  const Talk talk_;
  std::uint16_t port_ = 0;
  Socket listener_;
  std::atomic<bool> is_over_{false};
  std::atomic<int> connections_{0};
  std::atomic<std::uint64_t> said_most_{0};
  std::vector<Thread> peers_;
  Thread thread_;
};

}  // namespace kolben::net::http
