// What all connections of one HTTP server share, and the register of them. Only for the .cc files
// of this folder: brings in Asio.
#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/mutex.h"
#include "net/http/server.h"

namespace kolben::net::http {

// A few of the largest bodies, as the quota of the gRPC server has it.
inline constexpr std::size_t kBodiesArriving = 4;
inline constexpr std::size_t kArrivingBytesMin = 64 << 20;
// So much of a body counts for nothing, so that ordinary requests pass while large ones are
// refused; with ServerSettings::connections_max of them that is as much again.
inline constexpr std::size_t kBodyBytesFree = 64 << 10;

// While a server has its maximum, a connection that has sent a part of a request keeps its place so
// long.
inline constexpr auto kPartWait = std::chrono::seconds(1);

// One connection, as its server sees it. Any thread.
class Connection {
 public:
  virtual ~Connection() = default;
  // Closes as soon as no request is under way.
  virtual void drain() = 0;
  virtual void close() = 0;
  // Closes where it still waits for its peer, for a connection that came after it.
  virtual void make_way() = 0;

  // What it waits for from its peer, the cheapest to lose first.
  enum class Waiting : std::uint8_t { kForRequest, kForHeader, kForBody, kNot };
  struct Wait {
    Waiting kind = Waiting::kNot;
    std::chrono::steady_clock::time_point since = {};
    auto operator<=>(const Wait&) const = default;
  };
  Wait wait() const {
    return {kind_.load(std::memory_order_relaxed), since_.load(std::memory_order_relaxed)};
  }

 protected:
  void set_wait(Wait wait) {
    since_.store(wait.since, std::memory_order_relaxed);
    kind_.store(wait.kind, std::memory_order_relaxed);
  }

 private:
  std::atomic<Waiting> kind_ = Waiting::kNot;
  std::atomic<std::chrono::steady_clock::time_point> since_ = {};
};

// How much memory all connections together hold for one purpose. Any thread.
class ByteQuota {
 public:
  explicit ByteQuota(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // False, and nothing taken, where there is no room; what comes alone always has room.
  bool take(std::size_t bytes) {
    const std::size_t before = held_.fetch_add(bytes, std::memory_order_relaxed);
    if (before == 0 || before + bytes <= bytes_max_) return true;
    give_back(bytes);
    return false;
  }
  void give_back(std::size_t bytes) { held_.fetch_sub(bytes, std::memory_order_relaxed); }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> held_ = 0;
};

class ServerCore {
 public:
  ServerCore(ServerSettings server_settings, Handler request_handler, OnRejected rejected)
      : settings(std::move(server_settings)),
        handler(std::move(request_handler)),
        arriving(settings.arriving_bytes_max != 0
                     ? settings.arriving_bytes_max
                     : std::max(kArrivingBytesMin, kBodiesArriving * settings.body_bytes_max)),
        leaving(settings.leaving_bytes_max),
        is_local(is_on_loopback(settings.endpoint)),
        on_rejected_(std::move(rejected)),
        io(settings.threads) {}

  void reject(std::string_view reason, std::string_view peer) {
    if (on_rejected_) on_rejected_(reason, peer);
  }

  // What becomes of a connection that comes.
  struct Admission {
    bool is_admitted = false;
    // At the maximum: the one that has waited longest for its peer, which was taken out. The caller
    // tells it to make way.
    std::shared_ptr<Connection> makes_way = {};
  };
  // Refuses where the server has its maximum already and none of them waits long enough. One that
  // is admitted counts from now on: add() follows.
  Admission admit();
  // One that was admitted. False where the server stops.
  bool add(std::shared_ptr<Connection> connection);
  void remove(const std::shared_ptr<Connection>& connection);
  // One that was taken out, and went on before it was told: beyond the maximum for its time. Where
  // the server stops it is told to drain.
  void take_back(const std::shared_ptr<Connection>& connection);

  // Runs `function` on `executor`, unless the server is gone: nothing would run it, and it would
  // keep alive what it holds for ever.
  template <typename Executor, typename Function>
  void post(const Executor& executor, Function function) {
    MutexLock lock(mutex_);
    if (!is_stopped_) boost::asio::post(executor, std::move(function));
  }

  void drain();
  // False when the time passed first.
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline);
  void close_all();
  void set_stopped();

 private:
  static bool is_on_loopback(const std::string& endpoint);
  std::vector<std::shared_ptr<Connection>> snapshot();
  std::shared_ptr<Connection> take_longest_waiting() KOLBEN_REQUIRES(mutex_);

 public:
  const ServerSettings settings;
  Handler handler;
  ByteQuota arriving;   // bodies of requests, until the handler has them
  ByteQuota leaving;    // bodies of answers, until they are sent
  const bool is_local;  // only this machine can connect

 private:
  OnRejected on_rejected_;
  Mutex mutex_;
  CondVar empty_;
  // Owns the connections: answers in flight hold weak pointers only.
  std::unordered_set<std::shared_ptr<Connection>> connections_ KOLBEN_GUARDED_BY(mutex_);
  std::size_t coming_ KOLBEN_GUARDED_BY(mutex_) = 0;  // admitted, and not added yet
  bool is_draining_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool is_stopped_ KOLBEN_GUARDED_BY(mutex_) = false;

 public:
  boost::asio::io_context io;
};

}  // namespace kolben::net::http
