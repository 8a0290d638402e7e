// The connections of an HTTP client: a Channel is one of them; the Pool owns those that are idle,
// and lets requests wait for their turn. All on the client's one thread. Only for the .cc files of
// this folder: brings in Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "net/http/client.h"
#include "net/http/dial.h"
#include "net/http/tls_context.h"

namespace kolben::net::http {

// Of what was read and not understood yet: the head of an answer, of a chunk, its trailers.
inline constexpr std::size_t kUnreadBytesMax = 128 << 10;

struct Channel {
  explicit Channel(boost::asio::io_context& io) : socket(io) {}

  // True where it has been idle for too long, the peer has closed it, or has sent what nobody asked
  // for.
  bool is_stale();

  boost::asio::ip::tcp::socket socket;
  std::optional<TlsStream> tls;
  boost::beast::flat_buffer buffer{kUnreadBytesMax};
  std::string key;  // of the pool: scheme, host, port
  std::chrono::steady_clock::time_point idle_since;
};
using ChannelPtr = std::unique_ptr<Channel>;

// A request on its way, as the pool sees it.
class Waiter {
 public:
  virtual ~Waiter() = default;
  virtual bool is_finished() const = 0;
  // Its turn has come: a connection may be free.
  virtual void acquire() = 0;
  // Ends it, whatever it waits for. May leave the pool while it runs.
  virtual void cancel(Status why) = 0;
};

class Pool {
 public:
  explicit Pool(ClientSettings client_settings) : settings(std::move(client_settings)) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Made when it is asked for: to read the system's authorities takes megabytes and 40 ms.
  const Result<TlsContext>& tls();

  // An idle connection that seems alive, or null.
  ChannelPtr take_idle(const std::string& key);
  // A new connection, not connected yet; null at the maximum.
  ChannelPtr open(const std::string& key);
  // Each gives the next that waits its turn.
  void give_back(ChannelPtr channel);
  void drop(ChannelPtr channel);

  // Keeps a request alive until leave().
  void join(std::shared_ptr<Waiter> request) { running_.insert(std::move(request)); }
  void leave(const std::shared_ptr<Waiter>& request) { running_.erase(request); }
  // False where as many wait as may.
  bool enqueue(std::shared_ptr<Waiter> request);
  void cancel_all(const Status& why);

  boost::asio::io_context io{1};
  const ClientSettings settings;

 private:
  void wake_next();

  std::optional<Result<TlsContext>> tls_;
  std::size_t open_ = 0;          // idle or in use
  std::vector<ChannelPtr> idle_;  // oldest first
  std::unordered_set<std::shared_ptr<Waiter>> running_;
  std::deque<std::shared_ptr<Waiter>> waiting_;
};

}  // namespace kolben::net::http
