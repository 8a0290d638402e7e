// Ends connections whose bytes lead to nothing: grpc++ takes SETTINGS, PRIORITY, CONTINUATION and
// empty frames without end, and streams that are reset before their message came, and has no hook
// for any of them. What it read from a connection (TCP_INFO) is held against the messages
// that came out of it.
//
// Holds a second descriptor of each connection. add(), remove() and look() belong to one thread,
// the acceptor's; the rest is for any.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "net/listen.h"

namespace kolben::net::grpc {

class FloodWatch {
 public:
  // Beside messages that are on their way: a few of grpc++'s windows of 4 MiB, which it may have
  // read before this server's threads came to see the calls.
  static constexpr std::uint64_t kUselessBytesMax = 16 << 20;
  // Looks in a row that find more than that.
  static constexpr int kLooks = 2;
  // That much is forgiven: a connection may last for years.
  static constexpr std::uint64_t kForgivenBytesPerSecond = 64 << 10;
  // The cost of a call that ends before its message came, whatever it took on the wire.
  static constexpr std::uint64_t kFailedCallBytes = 16 << 10;
  // The frames and the header around a message, generously.
  static constexpr std::uint64_t kCallBytes = 32 << 10;
  static constexpr std::chrono::milliseconds kInterval{250};

  // `message_bytes_max`: of one message; `in_flight_bytes_max`: of all that grpc++ holds.
  FloodWatch(std::uint64_t message_bytes_max, std::uint64_t in_flight_bytes_max)
      : message_bytes_max_(message_bytes_max), in_flight_bytes_max_(in_flight_bytes_max) {}

  // From here on watches the connection. The descriptor that is returned is the watch's, to be
  // removed when the peer has closed its side; -1 where there is none left.
  int add(int fd) KOLBEN_EXCLUDES(mutex_);
  void remove(int fd) KOLBEN_EXCLUDES(mutex_);
  bool is_watched(int fd) const { return peers_.contains(fd); }
  bool is_empty() const { return peers_.empty(); }
  // Ends those that are over their measure; their peers, to be counted.
  std::vector<std::string> look(std::chrono::steady_clock::time_point now) KOLBEN_EXCLUDES(mutex_);

  // Of a call: its message is being read; is there, with so many bytes; will not come.
  void on_call(const std::string& peer) KOLBEN_EXCLUDES(mutex_);
  void on_message(const std::string& peer, std::uint64_t bytes) KOLBEN_EXCLUDES(mutex_);
  void on_failed_call(const std::string& peer) KOLBEN_EXCLUDES(mutex_);

 private:
  struct Connection {
    Socket socket;
    std::uint64_t read = 0;  // bytes, by grpc++, when it was looked at
    std::chrono::steady_clock::time_point looked = {};
    std::uint64_t useless = 0;
    std::uint64_t useful = 0;   // since it was looked at
    std::uint64_t reading = 0;  // calls
    int looks_over = 0;
    bool is_ended = false;
  };

  bool is_flood(Connection& connection, std::chrono::steady_clock::time_point now) const;

  const std::uint64_t message_bytes_max_;
  const std::uint64_t in_flight_bytes_max_;
  std::unordered_map<int, std::string> peers_;  // by descriptor; the acceptor's own
  Mutex mutex_;
  std::unordered_map<std::string, Connection> connections_ KOLBEN_GUARDED_BY(mutex_);  // by peer
};

}  // namespace kolben::net::grpc
