// What all connections of one HTTP server share, and the register of them. Only for the .cc files
// of this folder: brings in Asio.
#pragma once

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

// One connection, as its server sees it. Any thread.
class Connection {
 public:
  virtual ~Connection() = default;
  // Closes as soon as no request is under way.
  virtual void drain() = 0;
  virtual void close() = 0;
};

class ServerCore {
 public:
  ServerCore(ServerSettings server_settings, Handler request_handler, OnRejected rejected)
      : settings(std::move(server_settings)),
        handler(std::move(request_handler)),
        on_rejected_(std::move(rejected)),
        io(settings.threads) {}

  void reject(std::string_view reason, std::string_view peer) {
    if (on_rejected_) on_rejected_(reason, peer);
  }

  bool has_room();
  // False where the server has its maximum already, or stops.
  bool add(std::shared_ptr<Connection> connection);
  void remove(const std::shared_ptr<Connection>& connection);

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
  std::vector<std::shared_ptr<Connection>> snapshot();

 public:
  const ServerSettings settings;
  Handler handler;

 private:
  OnRejected on_rejected_;
  Mutex mutex_;
  CondVar empty_;
  // Owns the connections: answers in flight hold weak pointers only.
  std::unordered_set<std::shared_ptr<Connection>> connections_ KOLBEN_GUARDED_BY(mutex_);
  bool is_draining_ KOLBEN_GUARDED_BY(mutex_) = false;
  bool is_stopped_ KOLBEN_GUARDED_BY(mutex_) = false;

 public:
  boost::asio::io_context io;
};

}  // namespace kolben::net::http
